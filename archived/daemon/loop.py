"""The loop: one turn is `tick(now)`, and `run` only repeats it. It may be killed at any instruction."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from archived.core.lifecycle import State
from archived.daemon.batch import Batching
from archived.daemon.poll import Polling
from archived.daemon.settle import Settling
from archived.daemon.sight import Sighting
from archived.daemon.submit import Submitting
from archived.daemon.surroundings import Surroundings
from archived.daemon.tell import Telling
from archived.daemon.verify import Verifying
from archived.daemon.wake import Waking
from archived.errands import Finished
from archived.errors import StoreError
from archived.rig.watcher import Watcher

STORE_PAUSE = timedelta(seconds=5)
"""How long to leave the store alone after it refused; a full disk does not empty itself any sooner."""


HEARTBEAT = timedelta(seconds=5)
"""How often the store is told that the loop still turns; each time costs a write to its disk."""


class Step(Protocol):
    """One step of the tick."""

    kinds: frozenset[str]
    """The kinds of errand whose results it takes."""

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came back, then begin what is due."""


class Daemon:
    """The steps in order, and what they have in common."""

    def __init__(self, around: Surroundings, watcher: Watcher | None) -> None:
        self._around = around
        self.sighting = Sighting(around, watcher)
        self.settling = Settling(around)
        # The order matters only for speed: a file may travel through several steps in one turn.
        self._steps: tuple[Step, ...] = (
            self.sighting,
            self.settling,
            Batching(around, self.settling),
            Submitting(around),
            Polling(around),
            Verifying(around),
            Waking(around),
            Telling(around),
        )
        self._undelivered: dict[str, list[Finished]] = defaultdict(list)
        self._beat: datetime | None = None

    def tick(self, now: datetime) -> None:
        """One turn: every step once.

        Raises `StoreError` when the store refuses; nothing is lost then, as results that were not noted are
        handed to the steps again in the next turn.
        """
        for outcome in self._around.errands.finished():
            self._undelivered[outcome.kind].append(outcome)
        for step in self._steps:
            mine = [each for kind in step.kinds for each in self._undelivered.pop(kind, ())]
            try:
                step(now, mine)
            except StoreError:
                for outcome in mine:
                    self._undelivered[outcome.kind].append(outcome)
                raise
        if self._beat is None or not self._beat <= now < self._beat + HEARTBEAT:
            self._around.store.heartbeat(now)
            self._beat = now

    def idle(self) -> bool:
        """Whether there is nothing to do but to wait for people or for recordings to go on."""
        if self._around.errands.under_way() or not self.sighting.seen_everything():
            return False
        counts = self._around.store.counts()
        busy = (State.READY, State.TRANSFERRING, State.VERIFYING, State.WAITING)
        return not any(counts[state] for state in busy) and self.settling.only_unfinished_left(
            counts[State.SETTLING]
        )

    def needs_a_person(self) -> bool:
        """Whether something recognised is not archived, although there is nothing left to do."""
        counts = self._around.store.counts()
        return any(number for state, number in counts.items() if state is not State.ARCHIVED)

    def run(
        self,
        *,
        stop: threading.Event,
        wake: threading.Event,
        clock: Callable[[], datetime],
        interval: timedelta,
        after_tick: Callable[[], None],
        until_idle: bool = False,
    ) -> None:
        """Repeat `tick` until `stop` is set (or nothing is left to do, with `until_idle`).

        Whoever sets `stop` sets `wake` too. `after_tick` is called after every completed turn: status, watchdog.
        """
        while not stop.is_set():
            wake.clear()
            try:
                self.tick(clock())
            except StoreError as error:
                if error.permanent:
                    raise
                self._around.log.error("store unavailable", error=str(error))
                stop.wait(STORE_PAUSE.total_seconds())
                continue
            after_tick()
            if until_idle and self.idle():
                return
            wake.wait(interval.total_seconds())
