"""What is looked at right before a batch is sent: its files on the rig, and what the archive holds in their places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from archived.core.model import BatchFile, parent
from archived.core.paths import printable
from archived.daemon.roots import stats_now, unchanged
from archived.errors import ArchiveMissingError, TransferRefusedError
from archived.ports import EntryType, Transfers
from archived.rig.root import Root, RootIdentity


@dataclass(frozen=True)
class Prepared:
    """What was found right before a batch is sent."""

    submission_id: str
    changed: Sequence[BatchFile]
    conflicts: Sequence[tuple[BatchFile, int]]
    """Files that the archive holds already, although we never sent them, with the size there."""
    refused: Sequence[tuple[BatchFile, str]]
    """Files of which the archive does not say whether it holds them, with its words."""


def prepare(
    root: Root,
    noted: RootIdentity | None,
    mover: Transfers,
    files: Sequence[BatchFile],
    *,
    guards: bool,
    examples: Sequence[str] = (),
) -> Prepared:
    """Compare the files with the disk and the archive, and fetch a submission id. Changes nothing anywhere.

    `examples` are files that the archive holds; raises `ArchiveMissingError` where it has none of them.
    """
    insist_on_archive(mover, examples)
    stats = stats_now(root, noted, [file.path for file in files])
    same: list[BatchFile] = []
    changed: list[BatchFile] = []
    for file in files:
        (same if unchanged(stats.get(file.path), file.stat) else changed).append(file)
    prepared = Prepared(mover.reserve(), changed, [], [])
    return prepared if guards else _with_conflicts(prepared, mover, same)


def insist_on_archive(mover: Transfers, examples: Sequence[str]) -> None:
    """Make sure that the archive is the one in which these files were proved to be, or some of them.

    An empty folder in its place is more likely the mount point of a disk that is away than an archive that lost
    everything (safety rule 6). Raises `ArchiveMissingError`.
    """
    if not examples or any(_is_there(mover, path) for path in examples):
        return
    raise ArchiveMissingError(
        f"it holds nothing of what was archived there, such as {printable(examples[0])}: perhaps its disk is not "
        "mounted, or another one is mounted in its place",
        what_to_do="mount the disk of the archive; if what it held was removed on purpose, let `archivedctl discover` "
        "note that",
    )


def _is_there(mover: Transfers, path: str) -> bool:
    try:
        return mover.stat(path) is not None
    except TransferRefusedError:
        # What the archive does not tell of is no sign that it is another one.
        return True


def _with_conflicts(prepared: Prepared, mover: Transfers, files: Sequence[BatchFile]) -> Prepared:
    """Look into the archive, folder by folder; one that cannot be listed is the trouble of its own files only."""
    by_folder: defaultdict[str, list[BatchFile]] = defaultdict(list)
    for file in files:
        if file.submitted == 0 and not file.overwrite:
            by_folder[parent(file.path)].append(file)
    conflicts, refused = [], []
    for folder, group in by_folder.items():
        try:
            entries = mover.list(folder)
        except TransferRefusedError as error:
            refused += [(file, str(error)) for file in group]
            continue
        there = {entry.name: entry.size for entry in entries if entry.type is EntryType.FILE}
        if there:
            conflicts += [
                (file, there[each]) for file in group if (each := file.stat.name) in there
            ]
    return replace(prepared, conflicts=conflicts, refused=refused)
