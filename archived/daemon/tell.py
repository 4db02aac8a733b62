"""tell: every move goes into the log, whoever made it; the store's events are where they are read from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.core.lifecycle import State
from archived.daemon.surroundings import Surroundings
from archived.errands import Finished


class Telling:
    """Logs the events that came since the last turn, those of `archivedctl` too."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._told = around.store.last_event()

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Tell what is new."""
        log = self._around.log
        for number, event in self._around.store.events_after(self._told):
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
            self._told = number
