"""Registering what only the archive has, and noting what became of files that it had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from archived.core.discovery import CLAIMED, FileVerdict, Listed
from archived.core.lifecycle import Reason, State
from archived.core.model import Dataset, FileState, Recording
from archived.store.fields import below, bounded_time, to_text, to_time
from archived.store.portions import chunks, marks
from archived.store.sighting import SightingVerbs, description

COUNTED = frozenset({FileState.ARCHIVED, FileState.CHANGED})
"""Among claimed files those that count as archived in the totals."""


class ListedFile(NamedTuple):
    """One file of a listing. `why_not` says why it is not registered where it is not known yet; "" if it is."""

    listed: Listed
    file_type: str
    why_not: str = ""


class RegisterVerbs(SightingVerbs):
    """Writing down what a listing of the archive told. Every verb is a part of a transaction."""

    def _register(
        self, location: str, recording: Recording, root_key: str, now: datetime
    ) -> Dataset:
        """A dataset that is new, and archived from its beginning."""
        why = "found in the archive"
        moment = to_time(now)
        columns: dict[str, Any] = {
            "rig_id": self._rig_id,
            "location": to_text(location),
            "path": to_text(recording.path),
            **description(recording, self._root_id_for(root_key)),
            "state": State.ARCHIVED,
            "reason": why,
            "revision": 1,
            "attempts": 0,
            "first_seen": moment,
            "changed_at": moment,
            "state_since": moment,
            "archived_at": moment,
            "accepted": 0,
            "files": 0,
            "bytes": 0,
        }
        dataset_id = self._door.insert(
            f"INSERT INTO dataset ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            *columns.values(),
        )
        self._note_event(dataset_id, None, State.ARCHIVED, Reason.DISCOVERED, why, now)
        self._tally(location, State.ARCHIVED, 1)
        dataset = self._read(dataset_id)
        assert dataset is not None
        return dataset

    def _register_files(
        self,
        dataset: Dataset,
        new: Sequence[ListedFile],
        gone: Mapping[str, int],
        now: datetime,
    ) -> None:
        """Files that only the archive has. They are not on this rig until a look sees them there.

        `gone` are the rows, by path, of those that were known and left the rig before they were archived.
        """
        if not new:
            return
        names = [to_text(below(dataset.path, each.listed.path)) for each in new]
        self._door.many(
            "UPDATE file SET state = ?, reason = '', fault = '', settled = 0, missing = 1, absent = 0, "
            "overwrite = 0, size = ?, archived_size = ?, archived_mtime_ns = NULL, found_mtime_ns = ?, "
            "found_size = NULL, batch_id = NULL WHERE id = ?",
            [
                (
                    FileState.ARCHIVED,
                    each.listed.size,
                    each.listed.size,
                    _bounded(each.listed.mtime_ns),
                    gone[each.listed.path],
                )
                for each in new
                if each.listed.path in gone
            ],
        )
        state = FileState.ARCHIVED
        self._door.many(
            "INSERT INTO file (dataset_id, name, size, mtime_ns, ctime_ns, inode, file_type, state, reason, "
            "fault, settled, missing, absent, overwrite, submitted, archived_size, found_mtime_ns) "
            "VALUES (?, ?, ?, ?, 0, 0, ?, ?, '', '', 0, 1, 0, 0, 0, ?, ?)",
            [
                (dataset.id, name, size, found or 0, to_text(file_type), state, size, found)
                for name, ((path, size, mtime_ns), file_type, _) in zip(names, new, strict=True)
                if path not in gone
                for found in (_bounded(mtime_ns),)
            ],
        )
        self._receipts_of_listing(dataset, "f.name", names, now)
        # Counted on and not anew: a dataset may have many thousands of folders, each of which comes by itself.
        total = sum(each.listed.size for each in new)
        self._door.change(
            "UPDATE dataset SET files = files + ?, bytes = bytes + ? WHERE id = ?",
            len(new),
            total,
            dataset.id,
        )
        self._add_to_total(to_text(dataset.location), len(new), total)

    def _receipts_of_listing(
        self, dataset: Dataset, column: str, values: Iterable[Any], now: datetime
    ) -> None:
        """A receipt for each of these files: a look at the archive shows it there with its size."""
        for some in chunks(values):
            self._door.change(
                "INSERT INTO receipt (file_id, batch_id, revision, size, mtime_ns, algorithm, checksum, source, at) "
                f"SELECT f.id, NULL, {dataset.revision:d}, f.archived_size, f.mtime_ns, NULL, NULL, 'listing', "
                f"{to_time(now)} FROM file f WHERE f.dataset_id = ? AND {column} IN ({marks(some)})",
                dataset.id,
                *some,
            )

    def _change_files(
        self, dataset: Dataset, changes: Sequence[FileVerdict], now: datetime
    ) -> None:
        adopted = [each for each in changes if each.claim.file.state not in CLAIMED]
        claimed = [each for each in changes if each.claim.file.state in CLAIMED]
        self._door.many(
            "UPDATE file SET state = ?, reason = '', fault = '', settled = 0, archived_size = size, "
            "archived_mtime_ns = mtime_ns, found_mtime_ns = ? WHERE id = ?",
            [
                (
                    FileState.ARCHIVED,
                    None if each.listed is None else _bounded(each.listed.mtime_ns),
                    each.claim.file.id,
                )
                for each in adopted
            ],
        )
        self._receipts_of_listing(dataset, "f.id", [each.claim.file.id for each in adopted], now)
        self._door.many(
            "UPDATE file SET state = ?, reason = ?, fault = '', settled = 0, found_size = ? WHERE id = ?",
            [
                (
                    each.after,
                    to_text(each.reason),
                    each.listed.size
                    if each.listed is not None and each.after is FileState.DIFFERENT
                    else None,
                    each.claim.file.id,
                )
                for each in claimed
            ],
        )
        self._count_changes(dataset, adopted, claimed)

    def _count_changes(
        self,
        dataset: Dataset,
        adopted: Sequence[FileVerdict],
        claimed: Sequence[FileVerdict],
    ) -> None:
        files, size = len(adopted), sum(each.claim.file.size for each in adopted)
        for each in claimed:
            sign = (each.after in COUNTED) - (each.claim.file.state in COUNTED)
            files += sign
            size += sign * (each.claim.file.archived_size or 0)
        if files or size:
            self._add_to_total(to_text(dataset.location), files, size)


def _bounded(time_ns: int | None) -> int | None:
    return None if time_ns is None else bounded_time(time_ns)
