"""What a look at the store tells beside its datasets: records, animals, the daemon, how recently it was verified."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from archived.core.model import Unrecognised
from archived.core.records import RecordState
from archived.store.answers import DaemonInfo, OwedRecord
from archived.store.base import Verbs
from archived.store.connection import Row
from archived.store.fields import from_text, from_time, moment
from archived.store.fleet import BACKLOG
from archived.store.portions import marks

if TYPE_CHECKING:
    from archived.core.verifying import Verification

RECORD_COLUMNS = (
    "r.dataset_id, d.location, d.path, d.state, r.revision, r.state, r.reason, r.attempts, r.due, r.known, "
    "(SELECT b.name FROM batch b WHERE b.id = r.batch_id)"
)

VERIFICATION_COLUMNS = "v.file_id, v.at, v.how, v.verdict, v.content_at, v.content"

OUTSTANDING = (RecordState.OWED, RecordState.WRITTEN, RecordState.TRAVELLING, RecordState.KEPT)
"""Of a record, the states in which the archive was not told yet."""

_UNKNOWN_H2OS = (
    "WITH RECURSIVE animal (h2o) AS (SELECT min(d.h2o) FROM dataset d WHERE d.rig_id = ? UNION ALL "
    "SELECT (SELECT min(d.h2o) FROM dataset d WHERE d.rig_id = ? AND d.h2o > animal.h2o) FROM animal "
    "WHERE animal.h2o IS NOT NULL) SELECT animal.h2o FROM animal WHERE animal.h2o IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.h2o = animal.h2o) ORDER BY animal.h2o"
)
"""From one animal to the next through the index, so that it costs as much as there are animals, not datasets."""


LOOKED_AT = "looked at in the archive"
"""The counter of how many files were ever looked at there; a first look at each counts it (`LookedVerbs`)."""


class Verified(NamedTuple):
    """How recently the archive was looked at: `files` were, the longest ago at `oldest`; None where none was."""

    files: int
    oldest: datetime | None


class GlanceVerbs(Verbs):
    """Only reading, and of each a little; what takes longer the more there is says so."""

    def daemon(self) -> DaemonInfo:
        """The daemon as it is now; `running` is whether the lock is held, not what a row says."""
        row = self._door.row("SELECT pid, since, last_tick FROM rig WHERE id = ?", self._rig_id)
        pid, since, last_tick = row or (None, None, None)
        held = self._lock.held()
        running = pid is not None if held is None else held
        return DaemonInfo(
            running,
            pid if running else None,
            from_time(since) if running else None,
            from_time(last_tick),
        )

    def last_archived(self) -> dict[str, datetime]:
        """By location, when a dataset was last archived. Takes longer the more datasets there are."""
        return self._times("max(archived_at)", "archived_at IS NOT NULL")

    def oldest_waiting(self) -> dict[str, datetime]:
        """By location, since when the oldest is known that is not archived, and needs nobody for it."""
        return self._times("min(first_seen)", f"state IN ({marks(BACKLOG)})", *BACKLOG)

    def _times(self, which: str, where: str, *values: Any) -> dict[str, datetime]:
        rows = self._door.rows(
            f"SELECT location, {which} FROM dataset WHERE rig_id = ? AND {where} GROUP BY location",
            self._rig_id,
            *values,
        )
        return {from_text(location): moment(at) for location, at in rows}

    def unrecognised(self, limit: int = 1_000) -> list[Unrecognised]:
        """What no convention claims, by path."""
        rows = self._door.rows(
            "SELECT u.path, u.why, u.nearest FROM unrecognised u JOIN root r ON r.id = u.root_id "
            "WHERE r.rig_id = ? ORDER BY u.path LIMIT ?",
            self._rig_id,
            limit,
        )
        return [Unrecognised(*(from_text(value) for value in row)) for row in rows]

    def subject_names(self) -> dict[str, str]:
        """The number of every animal that is known, by its h2o, in the order of these."""
        rows = self._door.rows(
            "SELECT s.h2o, s.subject FROM subject s ORDER BY s.h2o, s.precedence DESC, s.rig_id DESC"
        )
        return {from_text(row[0]): from_text(row[1]) for row in rows}

    def knows_subjects(self) -> bool:
        """Whether any animal is known at all."""
        return self._door.row("SELECT 1 FROM subject LIMIT 1") is not None

    def unknown_h2os(self, limit: int = 100) -> list[str]:
        """The animals that this rig has datasets of, and whose number nobody says; in order of their names."""
        rows = self._door.rows(f"{_UNKNOWN_H2OS} LIMIT ?", self._rig_id, self._rig_id, limit)
        return [from_text(row[0]) for row in rows]

    def record_note(self, dataset_id: int) -> OwedRecord | None:
        """How far the archive was told about a dataset of any rig; None for one that was never archived."""
        row = self._door.row(
            f"SELECT {RECORD_COLUMNS} FROM record r JOIN dataset d ON d.id = r.dataset_id WHERE r.dataset_id = ?",
            dataset_id,
        )
        return None if row is None else owed_of(row)

    def count_records(self) -> Mapping[RecordState, int]:
        """How many records are in each of the states in which the archive was not told yet."""
        found = dict.fromkeys(OUTSTANDING, 0)
        rows = self._door.rows(
            f"SELECT state, count(*) FROM record WHERE rig_id = ? AND state IN ({marks(list(OUTSTANDING))}) "
            "GROUP BY state",
            self._rig_id,
            *OUTSTANDING,
        )
        return found | {RecordState(state): number for state, number in rows}

    def verifications(self, dataset_id: int) -> Mapping[int, Verification]:
        """The last look at each file of a dataset, by the ids of the files; without those never looked at."""
        rows = self._door.rows(
            f"SELECT {VERIFICATION_COLUMNS} FROM verification v "
            "JOIN file f ON f.id = v.file_id WHERE f.dataset_id = ?",
            dataset_id,
        )
        return dict(map(verification_of, rows))

    def verified(self) -> Verified:
        """How much of this rig's files was ever looked at in the archive, and when the longest ago."""
        oldest = self._door.row("SELECT min(at) FROM verification WHERE rig_id = ?", self._rig_id)
        counted = self._door.row(
            "SELECT number FROM counter WHERE rig_id = ? AND name = ?", self._rig_id, LOOKED_AT
        )
        return Verified(counted[0] if counted else 0, from_time(oldest[0]) if oldest else None)


def verification_of(row: Row) -> tuple[int, Verification]:
    """From `VERIFICATION_COLUMNS`: which file, and the last look at it."""
    from archived.core.verifying import Content, How, Verdict, Verification

    return row[0], Verification(
        moment(row[1]),
        How(row[2]),
        Verdict(row[3]),
        from_time(row[4]) if row[5] else None,
        Content(row[5]) if row[5] else None,
    )


def owed_of(row: Row) -> OwedRecord:
    """From `RECORD_COLUMNS`."""
    due = from_time(row[8])
    assert due is not None
    return OwedRecord(
        dataset_id=row[0],
        location=from_text(row[1]),
        path=from_text(row[2]),
        archived=row[3] == "archived",
        revision=row[4],
        state=RecordState(row[5]),
        reason=from_text(row[6]),
        attempts=row[7],
        due=due,
        known=bool(row[9]),
        batch=row[10],
    )
