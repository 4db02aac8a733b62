"""Reading retrievals: what is to be brought back, how each file stands, and what is known of its content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archived.core.model import LIVE_BATCHES, Batch, Checksum, Direction
from archived.core.retrieving import BringState, Copy, Retrieval, WantedFile
from archived.store.carrying import CarryVerbs
from archived.store.connection import Row
from archived.store.fields import from_checksum, from_text, from_time, joined, moment, to_text
from archived.store.portions import chunks, marks

RETRIEVAL_COLUMNS = (
    "t.name, t.location, t.destination, t.asked_by, t.asked_for, t.created_at, t.ended_at"
)

_WANTED = (
    "w.file_id, d.location, d.path, f.name, f.archived_size, r.algorithm, r.checksum, g.sha256, "
    "w.state, w.reason, w.attempts, w.due, w.copy_size, w.copy_mtime_ns"
)

OF_FILE = (
    "JOIN dataset d ON d.id = f.dataset_id "
    "LEFT JOIN receipt r ON r.id = (SELECT max(id) FROM receipt WHERE file_id = f.id) "
    "LEFT JOIN digest g ON g.file_id = f.id AND g.size = f.archived_size "
    "AND (f.archived_mtime_ns IS NULL OR g.mtime_ns = f.archived_mtime_ns)"
)
"""What the catalogue knows of an archived file's content: its latest receipt, and its digest as it was archived."""


class WantedVerbs(CarryVerbs):
    """Looking at retrievals."""

    def retrievals(self) -> list[Retrieval]:
        """Those of this rig that have not ended, oldest first."""
        rows = self._door.rows(
            f"SELECT {RETRIEVAL_COLUMNS} FROM retrieval t WHERE t.rig_id = ? AND t.ended_at IS NULL ORDER BY t.id",
            self._rig_id,
        )
        return [retrieval_of(row) for row in rows]

    def retrieval(self, retrieval_id: str) -> Retrieval | None:
        """One of this rig, ended or not; None where there is none of that id."""
        row = self._door.row(
            f"SELECT {RETRIEVAL_COLUMNS} FROM retrieval t WHERE t.name = ? AND t.rig_id = ?",
            retrieval_id,
            self._rig_id,
        )
        return None if row is None else retrieval_of(row)

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
            f"JOIN file f ON f.id = w.file_id {OF_FILE} WHERE t.rig_id = ? AND {condition}",
            self._rig_id,
            *values,
        )
        return sorted(map(_wanted_file, rows), key=lambda each: each.path)

    def known_checksums(self, file_ids: Iterable[int]) -> dict[int, tuple[Checksum, ...]]:
        """What is known of the content of archived files, of which rig ever, by their ids."""
        found = {}
        for ids in chunks(file_ids):
            rows = self._door.rows(
                f"SELECT f.id, r.algorithm, r.checksum, g.sha256 FROM file f {OF_FILE} "
                f"WHERE f.id IN ({marks(ids)})",
                *ids,
            )
            found.update({row[0]: checksums_of(*row[1:4]) for row in rows})
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


def retrieval_of(row: Row) -> Retrieval:
    """From `RETRIEVAL_COLUMNS`."""
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
        checksums=checksums_of(*row[5:8]),
        state=BringState(row[8]),
        reason=from_text(row[9]),
        attempts=row[10],
        due=from_time(row[11]),
        leftover=_copy(row[12], row[13]),
    )


def checksums_of(
    algorithm: str | None, value: str | None, sha256: str | None
) -> tuple[Checksum, ...]:
    """That of the receipt and that of the digest, each algorithm once."""
    both = (from_checksum(algorithm, value), from_checksum("SHA256", sha256))
    return tuple({each.algorithm: each for each in both[::-1] if each is not None}.values())


def _copy(size: int | None, mtime_ns: int | None) -> Copy | None:
    return None if size is None or mtime_ns is None else Copy(int(size), int(mtime_ns))
