"""The SHA-256 of archived files, read on the rig: only of files that are there and as they were archived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from archived.core.dataclass import dataclass
from archived.core.formats import UnreadableError
from archived.core.model import DatasetFile, FileStat
from archived.daemon.roots import confirmed, noted_identity
from archived.records.building import without_digest
from archived.rig.reader import checksum
from archived.rig.root import Root, RootIdentity
from archived.rig.scanner import FileTrouble, stat_files
from archived.store import Digest, Store
from archived.store.fields import bounded

FILES_AT_ONCE = 100
BYTES_AT_ONCE = 256_000_000
"""After how many files or bytes what was computed is stored, so that no restart costs much more than that."""

FILES_A_TURN = 20_000
BYTES_A_TURN = 4_000_000_000
"""After how many files or bytes another dataset has its turn, which may leave the rig sooner."""

LEFT = "the file had left the rig before it was computed"
CHANGED = "the file had changed on the rig before it was computed"


@dataclass(frozen=True)
class Digested:
    """What came of a turn."""

    complete: bool
    """Whether nothing more is to be read for this dataset."""
    unreadable: Mapping[int, Digest]
    """Files that may be readable later, by their ids."""


def digest_missing(
    store: Store, root: Root, dataset_id: int, going_on: Callable[[], None]
) -> Digested:
    """Read the files of a dataset whose SHA-256 nobody has told yet, one after the other, and keep what was found.

    Raises `RootUnavailableError`, and whatever `going_on` raises between two reads.
    """
    missing = without_digest(store.files(dataset_id), store.digests(dataset_id))
    noted = noted_identity(store, root)
    unreadable: dict[int, Digest] = {}
    files = size = 0
    for portion in portions(missing):
        if files >= FILES_A_TURN or size >= BYTES_A_TURN:
            return Digested(complete=False, unreadable=unreadable)
        found, later = _digested(root, noted, portion, going_on)
        store.note_digests(found)
        unreadable |= later
        files += len(portion)
        size += sum(each.archived_size or 0 for each in portion)
    return Digested(complete=not unreadable, unreadable=unreadable)


def portions(files: Sequence[DatasetFile]) -> Iterator[Sequence[DatasetFile]]:
    """The files, as many at a time as are stored together; one at the least."""
    portion: list[DatasetFile] = []
    size = 0
    for each in files:
        size += each.archived_size or 0
        if portion and (len(portion) == FILES_AT_ONCE or size > BYTES_AT_ONCE):
            yield portion
            portion, size = [], each.archived_size or 0
        portion.append(each)
    if portion:
        yield portion


def _digested(
    root: Root,
    noted: RootIdentity | None,
    files: Sequence[DatasetFile],
    going_on: Callable[[], None],
) -> tuple[dict[int, Digest], dict[int, Digest]]:
    """What was found out about these files, and what may be found out later."""
    found: dict[int, Digest] = {}
    unreadable: dict[int, Digest] = {}
    with confirmed(root, noted):
        for file in files:
            assert file.archived_size is not None
            assert file.archived_mtime_ns is not None
            sha256, why, again = _read(root, file, going_on)
            digest = Digest(file.archived_size, file.archived_mtime_ns, sha256, why)
            (unreadable if again else found)[file.id] = digest
    return found, unreadable


def _read(
    root: Root, file: DatasetFile, going_on: Callable[[], None]
) -> tuple[str | None, str, bool]:
    """The SHA-256, or why there is none, and whether there may be one later."""
    before = stat_files(root, [file.path])[file.path]
    if before is None:
        return None, LEFT, False
    if isinstance(before, FileTrouble):
        return None, f"the file cannot be looked at: {before.why}", True
    if not _as_archived(before, file):
        return None, CHANGED, False
    try:
        sha256 = checksum(root, file.path, "SHA256", going_on=going_on)
    except UnreadableError as error:
        return None, f"the file cannot be read: {error}", True
    if stat_files(root, [file.path])[file.path] != before:
        return None, CHANGED, False
    return sha256, "", False


def _as_archived(stat: FileStat, file: DatasetFile) -> bool:
    return (stat.size, bounded(stat).mtime_ns) == (file.archived_size, file.archived_mtime_ns)
