"""What the recent past of a rig tells of its habits. As cheap for a million datasets as for a hundred."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from archived.core.half_sessions import Recorded
from archived.core.lifecycle import Reason, State
from archived.core.silence import ANEW, Move
from archived.store.base import Verbs
from archived.store.fields import from_date, from_text, joined, moment
from archived.store.portions import marks
from archived.store.rows import state_of

ON_ITS_WAY = (State.READY, State.TRANSFERRING, State.VERIFYING, State.WAITING)
"""Datasets that only wait to be archived."""


class Waiting(NamedTuple):
    """A dataset that is on its way, and since when: it set out, or changed last."""

    name: str
    since: datetime


class HabitVerbs(Verbs):
    """Reading the newest of what there is."""

    def recent_moves(self, limit: int) -> list[Move]:
        """The last moves of any datasets, oldest first."""
        rows = self._door.rows(
            "SELECT dataset_id, at, state_before, state_after, move FROM event "
            "WHERE rig_id = ? ORDER BY id DESC LIMIT ?",
            self._rig_id,
            limit,
        )
        return [
            Move(
                row[0],
                moment(row[1]),
                None if row[2] is None else state_of(row[2]),
                state_of(row[3]),
                row[4] == Reason.PROVED,
            )
            for row in reversed(rows)
        ]

    def longest_waiting(self, limit: int) -> Waiting | None:
        """Of the datasets on their way that were unchanged for longest, the one that waits for longest."""
        found = [each for state in ON_ITS_WAY for each in self._waiting(state, limit)]
        return min(found, key=lambda each: each.since, default=None)

    def _waiting(self, state: State, limit: int) -> list[Waiting]:
        rows = self._door.rows(
            "SELECT id, location, path, changed_at FROM dataset "
            "WHERE rig_id = ? AND state = ? ORDER BY changed_at LIMIT ?",
            self._rig_id,
            state,
            limit,
        )
        return [
            Waiting(
                joined(from_text(row[1]), from_text(row[2])),
                max(moment(row[3]), moment(self._set_out(row[0]) or row[3])),
            )
            for row in rows
        ]

    def _set_out(self, dataset_id: int) -> int | None:
        before = [str(each) for each in ANEW if each is not None]
        row = self._door.row(
            "SELECT max(at) FROM event WHERE dataset_id = ? "
            f"AND (state_before IS NULL OR state_before IN ({marks(before)}))",
            dataset_id,
            *before,
        )
        return None if row is None else row[0]

    def recently_recorded(self, limit: int) -> list[Recorded]:
        """The datasets of animals that changed last, up to so many in each state."""
        found = []
        for state in State:
            rows = self._door.rows(
                "SELECT h2o, recorded_on, convention, first_seen, changed_at FROM dataset "
                "WHERE rig_id = ? AND state = ? ORDER BY changed_at DESC LIMIT ?",
                self._rig_id,
                state,
                limit,
            )
            for h2o, day, convention, first_seen, changed_at in rows:
                on = from_date(day)
                if h2o is not None and on is not None:
                    found.append(
                        Recorded(
                            from_text(h2o),
                            on,
                            convention,
                            moment(first_seen),
                            moment(changed_at),
                        )
                    )
        return found
