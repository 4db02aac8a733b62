"""What is looked at right before a batch is sent: its files on the rig, and what the archive holds in their places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from archived.core.model import BatchFile, parent
from archived.daemon.roots import stats_now, unchanged
from archived.errors import TransferRefusedError
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
) -> Prepared:
    """Compare the files with the disk and the archive, and fetch a submission id. Changes nothing anywhere."""
    stats = stats_now(root, noted, [file.path for file in files])
    same = [file for file in files if unchanged(stats.get(file.path), file.stat)]
    changed = [file for file in files if not unchanged(stats.get(file.path), file.stat)]
    prepared = Prepared(mover.reserve(), changed, [], [])
    return prepared if guards else _with_conflicts(prepared, mover, same)


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
        conflicts += [(file, there[file.stat.name]) for file in group if file.stat.name in there]
    return replace(prepared, conflicts=conflicts, refused=refused)
