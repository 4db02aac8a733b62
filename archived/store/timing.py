"""Times that were noted by a clock that was wrong: they must not make anything wait for years."""

from __future__ import annotations

from datetime import datetime, timedelta

from archived.core.lifecycle import State
from archived.core.records import RecordState
from archived.store.base import Verbs
from archived.store.fields import MICROSECOND, to_time


class TimingVerbs(Verbs):
    """Following a clock that was set."""

    def begin_quiet_anew(self, since: datetime, now: datetime) -> None:
        """Let what settles, and changed after `since`, count as changed just now."""
        with self._door.write():
            self._door.change(
                "UPDATE dataset SET changed_at = ? WHERE rig_id = ? AND state = ? AND changed_at > ?",
                to_time(now),
                self._rig_id,
                State.SETTLING,
                to_time(since),
            )

    def forget_future(self, now: datetime, longest_wait: timedelta) -> None:
        """Let nothing be from after `now`, and nothing wait for longer than `longest_wait` from `now`.

        A change that was seen "tomorrow" counts as seen now, so that quiet time begins anew; what would wait for
        longer is due at once.
        """
        moment = to_time(now) or 0
        latest = moment + longest_wait // MICROSECOND
        with self._door.write():
            for table, column in (
                ("dataset", "changed_at"),
                ("dataset", "state_since"),
                ("batch", "state_since"),
                ("verification", "at"),
            ):
                self._door.change(
                    f"UPDATE {table} SET {column} = ? WHERE rig_id = ? AND {column} > ?",
                    moment,
                    self._rig_id,
                    moment,
                )
            for table in ("dataset", "batch"):
                self._door.change(
                    f"UPDATE {table} SET due = NULL WHERE rig_id = ? AND due > ?",
                    self._rig_id,
                    latest,
                )
            # A record is due from the moment that its dataset was archived, so it cannot be without a time.
            self._door.change(
                "UPDATE record SET due = ? WHERE rig_id = ? AND state IN (?, ?) AND due > ?",
                moment,
                self._rig_id,
                RecordState.OWED,
                RecordState.WRITTEN,
                latest,
            )
