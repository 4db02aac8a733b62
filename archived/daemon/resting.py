"""A rig at rest: the store is as the last turn found it, and nothing in it waits for a time to come.

Then the steps that only act on what the store holds would do nothing, and are left out: a turn asks the store one
question in place of twenty. Whoever changes the store, on any connection, ends the rest at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from archived.core.lifecycle import State
from archived.core.model import LIVE_BATCHES
from archived.core.records import RecordState
from archived.daemon.surroundings import Surroundings

LONGEST = timedelta(seconds=30)
"""After that every step has its turn all the same."""

UNMOVED = frozenset({State.ARCHIVED, State.FAILED, State.HELD})
"""The states that a dataset leaves only by what somebody does, or is seen to have done on the disk."""


class Resting:
    """Knows whether the rig is at rest."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._version: tuple[int, int] | None = None
        self._since: datetime | None = None
        self._begun: tuple[int, int] | None = None

    def on(self, now: datetime) -> bool:
        """Whether it is; asked at the beginning of a turn."""
        self._begun = self._around.store.version()
        since = self._since
        if since is None or not since <= now < since + LONGEST:
            return False
        return self._begun is not None and self._begun == self._version

    def turned(self, now: datetime) -> bool:
        """Every step had its turn. Where nobody changed anything meanwhile, they saw all there is: then it rests."""
        self._version = self._since = None
        version = self._around.store.version()
        if version is None or version != self._begun or self._waits():
            return False
        self._version, self._since = version, now
        return True

    def note_time(self, now: datetime) -> None:
        """Note that the daemon lives, which is no change to anybody; what else changed in this turn is one."""
        store = self._around.store
        unchanged = self._version is not None and store.version() == self._version
        store.heartbeat(now)
        version = store.version() if unchanged else None
        if version is not None and self._version is not None and version[0] == self._version[0]:
            self._version = version

    def _waits(self) -> bool:
        """Whether anything in the store, or begun for it, has something to wait for."""
        around = self._around
        if around.errands.under_way() or around.store.batches(*LIVE_BATCHES):
            return True
        if any(number and state not in UNMOVED for state, number in around.store.counts().items()):
            return True
        outstanding = around.store.count_records() if around.records is not None else {}
        return any(
            number and state is not RecordState.KEPT for state, number in outstanding.items()
        )
