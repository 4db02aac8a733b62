"""wake: WAITING ▶ READY. What was to be tried again later is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.core.lifecycle import Reason, State
from archived.daemon.surroundings import Surroundings
from archived.errands import Finished

AT_ONCE = 500


class Waking:
    """Moves the datasets whose time has come."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Wake what is due."""
        for dataset in self._around.store.waiting_due(now, AT_ONCE):
            why = f"tried again after: {dataset.reason}"
            self._around.store.move(dataset.id, State.WAITING, State.READY, Reason.DUE, why, now)
