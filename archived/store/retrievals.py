"""Retrievals: what is to be brought back from the archive, file by file, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from archived.core.model import LIVE_BATCHES, Batch, Checksum, Direction
from archived.core.retrieving import BringOutcome, BringState, Copy, Retrieval, WantedFile
from archived.store.carrying import CarryVerbs
from archived.store.connection import Row
from archived.store.fields import (
    bounded_time,
    from_checksum,
    from_text,
    from_time,
    joined,
    moment,
    to_text,
    to_time,
)
from archived.store.moves import chunks, marks

_RETRIEVAL = "t.name, t.location, t.destination, t.asked_by, t.asked_for, t.created_at, t.ended_at"

_WANTED = (
    "w.file_id, d.location, d.path, f.name, f.archived_size, r.algorithm, r.checksum, g.sha256, "
    "w.state, w.reason, w.attempts, w.due, w.copy_size, w.copy_mtime_ns"
)

_OF_FILE = (
    "JOIN dataset d ON d.id = f.dataset_id "
    "LEFT JOIN receipt r ON r.id = (SELECT max(id) FROM receipt WHERE file_id = f.id) "
    "LEFT JOIN digest g ON g.file_id = f.id AND g.size = f.archived_size "
    "AND (f.archived_mtime_ns IS NULL OR g.mtime_ns = f.archived_mtime_ns)"
)
"""What the catalogue knows of an archived file's content: its latest receipt, and its digest as it was archived."""


class RetrievalVerbs(CarryVerbs):
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
            row = self._door.row(f"SELECT {_RETRIEVAL} FROM retrieval t WHERE t.id = ?", number)
        assert row is not None
        return _retrieval(row)

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

    def retrievals(self) -> list[Retrieval]:
        """Those of this rig that have not ended, oldest first."""
        rows = self._door.rows(
            f"SELECT {_RETRIEVAL} FROM retrieval t WHERE t.rig_id = ? AND t.ended_at IS NULL ORDER BY t.id",
            self._rig_id,
        )
        return [_retrieval(row) for row in rows]

    def retrieval(self, retrieval_id: str) -> Retrieval | None:
        """One of this rig, ended or not; None where there is none of that id."""
        row = self._door.row(
            f"SELECT {_RETRIEVAL} FROM retrieval t WHERE t.name = ? AND t.rig_id = ?",
            retrieval_id,
            self._rig_id,
        )
        return None if row is None else _retrieval(row)

    def end_retrieval(self, retrieval_id: str, now: datetime) -> None:
        """Nothing more is brought for it. Its batches have ended."""
        self._door.change(
            "UPDATE retrieval SET ended_at = ? WHERE name = ? AND rig_id = ? AND ended_at IS NULL",
            to_time(now),
            retrieval_id,
            self._rig_id,
        )

    def retrieval_files(self, retrieval_id: str, *states: BringState) -> list[WantedFile]:
        """The files of a retrieval, of which rig ever, in these states (all without any), by path."""
        condition = f" AND w.state IN ({marks(list(states))})" if states else ""
        return self._wanted("t.name = ?" + condition, retrieval_id, *states)

    def retrieval_totals(self, retrieval_id: str) -> dict[BringState, tuple[int, int]]:
        """How many files of a retrieval are in each state, every state given, and their bytes."""
        rows = self._door.rows(
            "SELECT w.state, count(*), sum(f.archived_size) FROM retrieval t "
            "JOIN retrieval_file w ON w.retrieval_id = t.id JOIN file f ON f.id = w.file_id "
            "WHERE t.rig_id = ? AND t.name = ? GROUP BY w.state",
            self._rig_id,
            retrieval_id,
        )
        found = dict.fromkeys(BringState, (0, 0))
        found.update({BringState(row[0]): (int(row[1]), int(row[2] or 0)) for row in rows})
        return found

    def files_on_the_way(self, batch_id: str) -> list[WantedFile]:
        """The files that travel in a batch that brings back, by path."""
        return self._wanted(
            "b.name = ? AND w.state = ?",
            batch_id,
            BringState.TRAVELLING,
            more="JOIN batch b ON b.id = w.batch_id",
        )

    def _wanted(self, condition: str, *values: Any, more: str = "") -> list[WantedFile]:
        rows = self._door.rows(
            f"SELECT {_WANTED} FROM retrieval t JOIN retrieval_file w ON w.retrieval_id = t.id {more} "
            f"JOIN file f ON f.id = w.file_id {_OF_FILE} WHERE t.rig_id = ? AND {condition}",
            self._rig_id,
            *values,
        )
        return sorted(map(_wanted_file, rows), key=lambda each: each.path)

    def known_checksums(self, file_ids: Iterable[int]) -> dict[int, tuple[Checksum, ...]]:
        """What is known of the content of archived files, of which rig ever, by their ids."""
        found = {}
        for ids in chunks(file_ids):
            rows = self._door.rows(
                f"SELECT f.id, r.algorithm, r.checksum, g.sha256 FROM file f {_OF_FILE} "
                f"WHERE f.id IN ({marks(ids)})",
                *ids,
            )
            found.update({row[0]: _checksums(*row[1:4]) for row in rows})
        return found

    def copies(
        self, location: str, destination: str, file_ids: Iterable[int]
    ) -> dict[int, tuple[BringState, Copy | None]]:
        """How the last retrieval of each of these files to that destination stands, and what it left there."""
        found: dict[int, tuple[BringState, Copy | None]] = {}
        for ids in chunks(file_ids):
            rows = self._door.rows(
                "SELECT w.file_id, w.state, w.copy_size, w.copy_mtime_ns FROM retrieval t "
                "JOIN retrieval_file w ON w.retrieval_id = t.id WHERE t.rig_id = ? AND t.location = ? "
                f"AND t.destination = ? AND w.file_id IN ({marks(ids)}) ORDER BY t.id",
                self._rig_id,
                to_text(location),
                to_text(destination),
                *ids,
            )
            for file_id, state, size, mtime_ns in rows:
                if found.get(file_id, ("", None))[0] is not BringState.TRAVELLING:
                    found[file_id] = (BringState(state), _copy(size, mtime_ns))
        return found

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

    def folders_watched(self) -> list[str]:
        """The roots that a daemon of this rig has ever seen whole, by the paths of its configuration."""
        rows = self._door.rows(
            "SELECT name FROM setting WHERE rig_id = ? AND name LIKE ? ORDER BY name",
            self._rig_id,
            "root:%",
        )
        return [from_text(row[0]).removeprefix("root:") for row in rows]

    def live_retrievals(self) -> list[Batch]:
        """The batches of this rig that bring something back and have not ended, oldest first."""
        return self.batches(*LIVE_BATCHES, direction=Direction.RETRIEVE)


def _retrieval(row: Row) -> Retrieval:
    return Retrieval(
        id=row[0],
        location=from_text(row[1]),
        destination=from_text(row[2]),
        asked_by=from_text(row[3]),
        asked_for=from_text(row[4]),
        created_at=moment(row[5]),
        ended_at=from_time(row[6]),
    )


def _wanted_file(row: Row) -> WantedFile:
    folder = from_text(row[2])
    return WantedFile(
        file_id=row[0],
        dataset=f"{from_text(row[1])}/{folder}",
        path=joined(folder, from_text(row[3])),
        size=int(row[4]),
        checksums=_checksums(*row[5:8]),
        state=BringState(row[8]),
        reason=from_text(row[9]),
        attempts=row[10],
        due=from_time(row[11]),
        leftover=_copy(row[12], row[13]),
    )


def _checksums(
    algorithm: str | None, value: str | None, sha256: str | None
) -> tuple[Checksum, ...]:
    """That of the receipt and that of the digest, each algorithm once."""
    both = (from_checksum(algorithm, value), from_checksum("SHA256", sha256))
    return tuple({each.algorithm: each for each in both[::-1] if each is not None}.values())


def _copy(size: int | None, mtime_ns: int | None) -> Copy | None:
    return None if size is None or mtime_ns is None else Copy(int(size), int(mtime_ns))


def _columns(copy: Copy | None) -> tuple[int | None, int | None]:
    return (None, None) if copy is None else (copy.size, bounded_time(copy.mtime_ns))
