"""Batches on their way: planned, reserved, active. Intent is stored here before anything is asked of a mover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from archived.core.lifecycle import Reason, State
from archived.core.model import (
    LIVE_BATCHES,
    Batch,
    BatchFile,
    BatchState,
    Direction,
    FileState,
)
from archived.store.fields import to_text, to_time
from archived.store.moves import Moves
from archived.store.portions import chunks, marks
from archived.store.rows import BATCH_FILE_COLUMNS, batch_files_of
from archived.store.travelling import TravellingVerbs

_MAY_TRAVEL = "f.state = ? AND f.settled = 1 AND d.state IN (?, ?)"
_IN_NO_BATCH = "NOT EXISTS (SELECT 1 FROM batch_file p WHERE p.live_file_id = f.id)"


class BatchVerbs(Moves, TravellingVerbs):
    """Batches until they are sent."""

    def plan_batch(
        self,
        batch_id: str,
        location: str,
        file_ids: Sequence[int],
        now: datetime,
        deadline: datetime,
    ) -> Batch | None:
        """Make a batch to the archive of those of the files that may travel at this moment; None when none may.

        These are files that are pending and settled, of datasets that are READY (which become TRANSFERRING) or
        TRANSFERRING. The schema sees to it that no file is in two live batches.
        """
        with self._door.write():
            chosen, ready = self._eligible(location, file_ids)
            if not chosen:
                return None
            number = self._insert_batch(
                batch_id,
                location,
                Direction.ARCHIVE,
                (len(chosen), sum(chosen.values())),
                now,
                deadline,
            )
            self._fill(number, list(chosen))
            for dataset_id in sorted(ready):
                dataset = self._read(dataset_id)
                assert dataset is not None
                self._move(dataset, State.TRANSFERRING, Reason.BATCHED, f"batch {batch_id}", now)
        return self.batch(batch_id)

    def _insert_batch(
        self,
        batch_id: str,
        location: str,
        direction: Direction,
        totals: tuple[int, int],
        now: datetime,
        deadline: datetime,
    ) -> int:
        """The number of a new batch of so many files and bytes."""
        return self._door.insert(
            "INSERT INTO batch (rig_id, name, location, direction, state, created_at, state_since, "
            "files, bytes, deadline, attempts, files_done, bytes_done, nice_status, reason) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, '', '')",
            self._rig_id,
            batch_id,
            to_text(location),
            direction,
            BatchState.PLANNED,
            to_time(now),
            to_time(now),
            *totals,
            to_time(deadline),
        )

    def _eligible(self, location: str, file_ids: Sequence[int]) -> tuple[dict[int, int], set[int]]:
        """The sizes of the files that may travel, by id, and the datasets among theirs that are ready."""
        chosen: dict[int, int] = {}
        ready: set[int] = set()
        for ids in chunks(file_ids):
            rows = self._door.rows(
                "SELECT f.id, f.size, d.id, d.state FROM file f JOIN dataset d ON d.id = f.dataset_id "
                f"WHERE f.id IN ({marks(ids)}) AND d.rig_id = ? AND d.location = ? AND {_MAY_TRAVEL} "
                f"AND {_IN_NO_BATCH}",
                *ids,
                self._rig_id,
                to_text(location),
                FileState.PENDING,
                State.READY,
                State.TRANSFERRING,
            )
            for file_id, size, dataset_id, state in rows:
                chosen[file_id] = size
                if state == State.READY:
                    ready.add(dataset_id)
        return chosen, ready

    def _fill(self, number: int, file_ids: Sequence[int]) -> None:
        for ids in chunks(file_ids):
            self._door.change(
                "INSERT INTO batch_file (batch_id, file_id, size, mtime_ns, ctime_ns, inode, "
                "external_algorithm, external_checksum, submitted, overwrite, released, live_file_id) "
                f"SELECT {number}, id, size, mtime_ns, ctime_ns, inode, external_algorithm, "
                f"external_checksum, submitted, overwrite, 0, id FROM file WHERE id IN ({marks(ids)})",
                *ids,
            )
            self._door.change(
                f"UPDATE file SET state = ?, batch_id = ? WHERE id IN ({marks(ids)})",
                FileState.TRAVELLING,
                number,
                *ids,
            )

    def batch_files(self, batch_id: str, *, released: bool = False) -> list[BatchFile]:
        """The files of a batch as they were planned; those that were taken out of it again only with `released`."""
        rows = self._door.rows(
            f"SELECT {BATCH_FILE_COLUMNS} FROM batch b JOIN batch_file p ON p.batch_id = b.id "
            "JOIN file f ON f.id = p.file_id JOIN dataset d ON d.id = f.dataset_id "
            "WHERE b.name = ? AND b.rig_id = ? AND p.released <= ? ORDER BY p.file_id",
            batch_id,
            self._rig_id,
            int(released),
        )
        return batch_files_of(rows)

    def is_empty(self, batch_id: str) -> bool:
        """Whether every file was taken out of a batch again."""
        row = self._door.row(
            "SELECT 1 FROM batch b JOIN batch_file p ON p.batch_id = b.id "
            "WHERE b.name = ? AND b.rig_id = ? AND p.released = 0 LIMIT 1",
            batch_id,
            self._rig_id,
        )
        return row is None

    def reserve_batch(
        self, batch_id: str, submission_id: str, now: datetime, *, deadline: datetime | None = None
    ) -> bool:
        """PLANNED ▶ RESERVED: from here on the transfer may exist, so its submission id is on the disk first.

        With `deadline` the batch gets another one than it was planned with.
        """
        columns: dict[str, Any] = {"submission_id": submission_id}
        if deadline is not None:
            columns["deadline"] = to_time(deadline)
        with self._door.write():
            if not self._set_batch(
                batch_id, (BatchState.PLANNED,), BatchState.RESERVED, now, **columns
            ):
                return False
            self._door.change(
                "UPDATE file SET submitted = submitted + 1 WHERE id IN (SELECT p.file_id "
                "FROM batch_file p JOIN batch b ON b.id = p.batch_id "
                "WHERE b.name = ? AND p.live_file_id IS NOT NULL)",
                batch_id,
            )
        return True

    def start_batch(self, batch_id: str, task_id: str, now: datetime) -> bool:
        """RESERVED ▶ ACTIVE: the mover has it, under this task id."""
        return self._set_batch(
            batch_id, (BatchState.RESERVED,), BatchState.ACTIVE, now, mover_task=to_text(task_id)
        )

    def move_batch(
        self,
        batch_id: str,
        before: BatchState,
        after: BatchState,
        now: datetime,
        reason: str = "",
    ) -> bool:
        """Any other move between live states; ending a batch is `end_batch`, as its files must go somewhere."""
        if before not in LIVE_BATCHES or after not in LIVE_BATCHES:
            raise ValueError(f"move_batch does not move from {before} to {after}")
        return self._set_batch(batch_id, (before,), after, now, reason=to_text(reason))

    def update_batch(
        self,
        batch_id: str,
        *,
        files_done: int,
        bytes_done: int,
        rate: float | None,
        nice_status: str,
        now: datetime,
    ) -> None:
        """Note how far the mover says it is; calls that failed before count no more."""
        self._door.change(
            "UPDATE batch SET files_done = ?, bytes_done = ?, rate = ?, nice_status = ?, attempts = 0 "
            "WHERE name = ? AND rig_id = ?",
            files_done,
            bytes_done,
            rate,
            to_text(nice_status),
            batch_id,
            self._rig_id,
        )

    def postpone_batch(
        self, batch_id: str, due: datetime | None, attempts: int, reason: str
    ) -> None:
        """Leave a batch alone until `due`, after `attempts` calls that failed, the last for this reason."""
        self._door.change(
            "UPDATE batch SET due = ?, attempts = ?, reason = ? WHERE name = ? AND rig_id = ?",
            to_time(due),
            attempts,
            to_text(reason),
            batch_id,
            self._rig_id,
        )

    def _set_batch(
        self,
        batch_id: str,
        before: Sequence[BatchState],
        after: BatchState,
        now: datetime,
        **columns: Any,
    ) -> bool:
        values = {
            "state": after,
            "state_since": to_time(now),
            "due": None,
            "attempts": 0,
            **columns,
        }
        settings = ", ".join(f"{column} = ?" for column in values)
        return bool(
            self._door.change(
                f"UPDATE batch SET {settings} WHERE name = ? AND rig_id = ? "
                f"AND state IN ({marks(list(before))})",
                *values.values(),
                batch_id,
                self._rig_id,
                *before,
            )
        )
