"""Retrievals: what is to be brought back from the archive, file by file, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from archived.core.model import Batch, Direction
from archived.core.retrieving import BringOutcome, BringState, Copy, Retrieval
from archived.store.fields import (
    bounded_time,
    from_text,
    to_text,
    to_time,
)
from archived.store.portions import chunks, marks
from archived.store.wanted import RETRIEVAL_COLUMNS, WantedVerbs, retrieval_of


class RetrievalVerbs(WantedVerbs):
    """What is asked back."""

    def begin_retrieval(
        self,
        retrieval_id: str,
        location: str,
        destination: str,
        files: Mapping[int, Copy | None],
        *,
        asked_by: str,
        asked_for: str,
        now: datetime,
    ) -> Retrieval:
        """Note what is to be brought; the files by id, each with what a failed transfer of ours left in its place.

        One that was asked for in the same words, from the same location to the same destination, and has not
        ended, is gone on with: what travels travels on, and all else of `files` is wanted anew.
        """
        with self._door.write():
            number = self._going_on(location, destination, asked_for)
            if number is None:
                number = self._door.insert(
                    "INSERT INTO retrieval (rig_id, name, location, destination, asked_by, asked_for, "
                    "created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    self._rig_id,
                    retrieval_id,
                    to_text(location),
                    to_text(destination),
                    to_text(asked_by),
                    to_text(asked_for),
                    to_time(now),
                )
            self._want(number, files)
            row = self._door.row(
                f"SELECT {RETRIEVAL_COLUMNS} FROM retrieval t WHERE t.id = ?", number
            )
        assert row is not None
        return retrieval_of(row)

    def _going_on(self, location: str, destination: str, asked_for: str) -> int | None:
        rows = self._door.rows(
            "SELECT id, asked_for FROM retrieval WHERE rig_id = ? AND ended_at IS NULL "
            "AND location = ? AND destination = ? ORDER BY id",
            self._rig_id,
            to_text(location),
            to_text(destination),
        )
        return next((row[0] for row in rows if from_text(row[1]) == asked_for), None)

    def _want(self, number: int, files: Mapping[int, Copy | None]) -> None:
        known = {
            row[0]
            for row in self._door.rows(
                "SELECT file_id FROM retrieval_file WHERE retrieval_id = ?", number
            )
        }
        self._door.many(
            "UPDATE retrieval_file SET state = ?, reason = '', attempts = 0, due = NULL, copy_size = ?, "
            "copy_mtime_ns = ? WHERE retrieval_id = ? AND file_id = ? AND state <> ?",
            [
                (BringState.WANTED, *_columns(copy), number, file_id, BringState.TRAVELLING)
                for file_id, copy in files.items()
                if file_id in known
            ],
        )
        self._door.many(
            "INSERT INTO retrieval_file (retrieval_id, file_id, state, reason, attempts, copy_size, "
            "copy_mtime_ns) VALUES (?, ?, ?, '', 0, ?, ?)",
            [
                (number, file_id, BringState.WANTED, *_columns(copy))
                for file_id, copy in files.items()
                if file_id not in known
            ],
        )

    def end_retrieval(self, retrieval_id: str, now: datetime) -> None:
        """Nothing more is brought for it. Its batches have ended."""
        self._door.change(
            "UPDATE retrieval SET ended_at = ? WHERE name = ? AND rig_id = ? AND ended_at IS NULL",
            to_time(now),
            retrieval_id,
            self._rig_id,
        )

    def plan_retrieval(
        self,
        batch_id: str,
        retrieval_id: str,
        file_ids: Sequence[int],
        now: datetime,
        deadline: datetime,
    ) -> Batch | None:
        """Make a batch of those of the files that are wanted and do not travel to the same place already.

        None where that leaves none.
        """
        with self._door.write():
            row = self._door.row(
                "SELECT id, location, destination FROM retrieval WHERE name = ? AND rig_id = ? "
                "AND ended_at IS NULL",
                retrieval_id,
                self._rig_id,
            )
            if row is None:
                return None
            number, location, destination = row[0], from_text(row[1]), from_text(row[2])
            chosen = self._may_travel(number, location, destination, file_ids)
            if not chosen:
                return None
            self.begin_batch(
                batch_id,
                location,
                Direction.RETRIEVE,
                files=len(chosen),
                size=sum(chosen.values()),
                now=now,
                deadline=deadline,
            )
            self._door.change(
                "UPDATE batch SET retrieval_id = ? WHERE name = ? AND rig_id = ?",
                number,
                batch_id,
                self._rig_id,
            )
            batch_row = self._door.row("SELECT id FROM batch WHERE name = ?", batch_id)
            assert batch_row is not None
            self._door.many(
                "UPDATE retrieval_file SET state = ?, batch_id = ? WHERE retrieval_id = ? AND file_id = ?",
                [(BringState.TRAVELLING, batch_row[0], number, file_id) for file_id in chosen],
            )
        return self.batch(batch_id)

    def _may_travel(
        self, number: int, location: str, destination: str, file_ids: Sequence[int]
    ) -> dict[int, int]:
        chosen: dict[int, int] = {}
        for ids in chunks(file_ids):
            rows = self._door.rows(
                "SELECT w.file_id, f.archived_size FROM retrieval_file w JOIN file f ON f.id = w.file_id "
                f"WHERE w.retrieval_id = ? AND w.state = ? AND w.file_id IN ({marks(ids)})",
                number,
                BringState.WANTED,
                *ids,
            )
            chosen.update({row[0]: int(row[1]) for row in rows})
        for file_id, (state, _) in self.copies(location, destination, chosen).items():
            if state is BringState.TRAVELLING:
                del chosen[file_id]
        return chosen

    def note_brought(
        self,
        retrieval_id: str,
        outcomes: Sequence[BringOutcome],
        *,
        batch_id: str | None = None,
    ) -> None:
        """Note what became of files. With `batch_id` they leave that batch, as it must not move them."""
        with self._door.write():
            row = self._door.row(
                "SELECT id FROM retrieval WHERE name = ? AND rig_id = ?", retrieval_id, self._rig_id
            )
            if row is None or not outcomes:
                return
            self._door.many(
                "UPDATE retrieval_file SET state = ?, reason = ?, due = ?, attempts = attempts + ?, "
                "copy_size = ?, copy_mtime_ns = ? WHERE retrieval_id = ? AND file_id = ?",
                [
                    (
                        each.state,
                        to_text(each.reason),
                        to_time(each.due),
                        int(each.counts),
                        *_columns(each.copy),
                        row[0],
                        each.file_id,
                    )
                    for each in outcomes
                ],
            )
            if batch_id is not None:
                size = sum(each.size for each in outcomes)
                self.take_from_batch(batch_id, files=len(outcomes), size=size)


def _columns(copy: Copy | None) -> tuple[int | None, int | None]:
    return (None, None) if copy is None else (copy.size, bounded_time(copy.mtime_ns))
