"""The SHA-256 of archived files, read on the rig: only of files that are there and as they were archived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archived.core.formats import UnreadableError
from archived.core.model import DatasetFile, FileStat
from archived.daemon.roots import confirmed
from archived.rig.reader import checksum
from archived.rig.root import Root, RootIdentity
from archived.rig.scanner import FileTrouble, stat_files
from archived.store import Digest
from archived.store.fields import bounded

FILES_AT_ONCE = 100
BYTES_AT_ONCE = 256_000_000
"""After how many files or bytes what was computed is stored, so that no restart costs much more than that."""

LEFT = "the file had left the rig before it was computed"
CHANGED = "the file had changed on the rig before it was computed"


@dataclass(frozen=True)
class Digested:
    """What was found out about some files, by their ids; `unreadable` may be readable later."""

    found: Mapping[int, Digest]
    unreadable: Mapping[int, Digest]


def portion(files: Sequence[DatasetFile]) -> Sequence[DatasetFile]:
    """The first of these files, as many as are read in one errand; one at the least."""
    total = 0
    for number, each in enumerate(files[:FILES_AT_ONCE]):
        total += each.archived_size or 0
        if number and total > BYTES_AT_ONCE:
            return files[:number]
    return files[:FILES_AT_ONCE]


def digested(root: Root, noted: RootIdentity | None, files: Sequence[DatasetFile]) -> Digested:
    """Read files one after the other. Raises `RootUnavailableError`: then nothing was found out."""
    found: dict[int, Digest] = {}
    unreadable: dict[int, Digest] = {}
    with confirmed(root, noted):
        for file in files:
            assert file.archived_size is not None
            assert file.archived_mtime_ns is not None
            sha256, why, again = _read(root, file)
            digest = Digest(file.archived_size, file.archived_mtime_ns, sha256, why)
            (unreadable if again else found)[file.id] = digest
    return Digested(found, unreadable)


def _read(root: Root, file: DatasetFile) -> tuple[str | None, str, bool]:
    """The SHA-256, or why there is none, and whether there may be one later."""
    before = stat_files(root, [file.path])[file.path]
    if before is None:
        return None, LEFT, False
    if isinstance(before, FileTrouble):
        return None, f"the file cannot be looked at: {before.why}", True
    if not _as_archived(before, file):
        return None, CHANGED, False
    try:
        sha256 = checksum(root, file.path, "SHA256")
    except UnreadableError as error:
        return None, f"the file cannot be read: {error}", True
    if stat_files(root, [file.path])[file.path] != before:
        return None, CHANGED, False
    return sha256, "", False


def _as_archived(stat: FileStat, file: DatasetFile) -> bool:
    return (stat.size, bounded(stat).mtime_ns) == (file.archived_size, file.archived_mtime_ns)
