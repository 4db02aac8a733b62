"""tell: every move and every alarm goes into the log, whoever made it; the store is where they are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from archived.core.lifecycle import State
from archived.core.model import Alarm, Event
from archived.daemon.surroundings import Surroundings
from archived.errands import Finished


class Telling:
    """Logs the events that came since the last turn, those of `archivedctl` too, and which alarms came and went."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._told = around.store.last_event()
        self._alarms: Mapping[str, Alarm] = {}

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Tell what is new."""
        for number, event in self._around.store.events_after(self._told):
            self._tell_of_move(event)
            self._told = number
        self._tell_of_alarms({each.key: each for each in self._around.store.alarms()})

    def _tell_of_move(self, event: Event) -> None:
        log = self._around.log
        fields = {
            "dataset": event.dataset,
            "before": event.before,
            "after": event.after,
            "why": event.why,
        }
        if event.after is State.FAILED:
            log.warning("dataset needs a person", **fields)
        else:
            log.info("dataset moved", **fields)

    def _tell_of_alarms(self, alarms: Mapping[str, Alarm]) -> None:
        """Once each: its words may go on changing, as with how long something lasts."""
        log = self._around.log
        for key, alarm in alarms.items():
            if key not in self._alarms:
                log.warning(
                    "alarm raised", alarm=key, message=alarm.message, what_to_do=alarm.what_to_do
                )
        for key in sorted(self._alarms.keys() - alarms.keys()):
            log.info("alarm over", alarm=key)
        self._alarms = alarms
