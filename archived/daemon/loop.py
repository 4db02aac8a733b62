"""The loop: one turn is `tick(now)`, and `run` only repeats it. It may be killed at any instruction."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from archived import memory
from archived.core.lifecycle import State
from archived.core.model import BatchState
from archived.daemon.alerting import Alerting
from archived.daemon.audit import Auditing
from archived.daemon.backup import Backing
from archived.daemon.batch import Batching
from archived.daemon.begin import AS_TIME_GOES_BY, begin, clock_was_set_back, clock_was_set_forward
from archived.daemon.deposit import Depositing
from archived.daemon.describe import Describing
from archived.daemon.elapsed import Elapsed
from archived.daemon.mirror import Mirroring
from archived.daemon.noticing import Noticing
from archived.daemon.outage import Outage
from archived.daemon.poll import Polling
from archived.daemon.reading import KIND, Reading
from archived.daemon.resting import Resting
from archived.daemon.restored import Restoring
from archived.daemon.settle import Settling
from archived.daemon.sight import Sighting
from archived.daemon.silence import Silence
from archived.daemon.subjects import Subjects
from archived.daemon.submit import Submitting
from archived.daemon.surroundings import Surroundings
from archived.daemon.tell import Telling
from archived.daemon.verify import Verifying
from archived.daemon.wake import Waking
from archived.errands import Finished
from archived.errors import StoreError
from archived.rig.watcher import Watcher
from archived.store import Selector

HEARTBEAT = timedelta(seconds=5)
"""How often the store is told that the loop still turns; each time costs a write to its disk."""

CLOCK_MAY_SLIP = timedelta(minutes=1)
"""By how much the clock may be set without anything being done about it; that much is only waited for, or not."""


MOVES_BY_ITSELF = (State.READY, State.TRANSFERRING, State.VERIFYING, State.WAITING)
"""The states that a dataset leaves without a person, sooner or later."""

AT_THE_MOVER = (BatchState.ACTIVE, BatchState.CANCELLING, BatchState.SENT)
"""Batches that go on during a pause."""


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
        self._reading = Reading(around)
        self.sighting = Sighting(around, watcher)
        self.settling = Settling(around)
        self.depositing = Depositing(around)
        self.describing = Describing(around, self.depositing.expect)
        # The order matters only for speed: a file may travel through several steps in one turn.
        own_pace: tuple[Step, ...] = (
            Backing(around),
            self.sighting,
            Subjects(around),
            Mirroring(around),
            Auditing(around),
            Silence(around),
            Alerting(around),
        )
        self._at_rest = own_pace
        """Those that have a pace of their own, which the store does not tell."""
        self._steps: tuple[Step, ...] = (
            Restoring(around),
            *own_pace[:3],
            self.settling,
            Batching(around, self.settling),
            Submitting(around),
            Polling(around),
            Verifying(around, self.describing.expect),
            Waking(around),
            self.describing,
            self.depositing,
            *own_pace[3:],
            Noticing(around),
            Telling(around),
        )
        self._resting = Resting(around)
        self._worked = False
        """Whether anything came back since the last time that memory was given back."""
        self.telling = False
        """Whether nothing is left of the data that could be done, and only the archive is to be told of them."""
        self._undelivered: dict[str, list[Finished]] = defaultdict(list)
        self._beat: datetime | None = None
        self._now: datetime | None = None
        self._elapsed = Elapsed()
        self._alive: Callable[[], None] = lambda: None

    def tick(self, now: datetime) -> None:
        """One turn: every step once.

        Raises `StoreError` when the store refuses; nothing is lost then, as results that were not noted are
        handed to the steps again in the next turn.
        """
        for outcome in self._around.errands.finished():
            self._undelivered[outcome.kind].append(outcome)
        if not self._reading(self._undelivered.pop(KIND, ())):
            return
        self._look_at_the_clock(now)
        # What came back changes the store in a moment.
        self._worked = self._worked or bool(self._undelivered)
        resting = not self._undelivered and self._resting.on(now)
        for step in self._at_rest if resting else self._steps:
            mine = [each for kind in step.kinds for each in self._undelivered.pop(kind, ())]
            try:
                step(now, mine)
            except StoreError:
                for outcome in mine:
                    self._undelivered[outcome.kind].append(outcome)
                raise
            # A server may be slow with every statement, and each step of the turn is progress.
            self._alive()
        if not resting and self._resting.turned(now):
            self._rest()
        if self._beat is None or not self._beat <= now < self._beat + HEARTBEAT:
            self._resting.note_time(now)
            self._beat = now

    def _look_at_the_clock(self, now: datetime) -> None:
        if self._now is None:
            begin(self._around, now)
        elif now < self._now - CLOCK_MAY_SLIP:
            clock_was_set_back(self._around, now)
        self._now = now

    def _rest(self) -> None:
        """There may be nothing to do for days: what work took of the machine is for others now."""
        if self._worked:
            self._around.store.rest()
            memory.give_back()
            self._worked = False

    @property
    def begun(self) -> bool:
        """Whether the store was read through, so that it may be written to."""
        return self._reading.over

    def _look_ahead(self, now: datetime, seconds: float) -> None:
        if not self.begun:
            return
        if self._elapsed.too_much(now, seconds) > CLOCK_MAY_SLIP:
            clock_was_set_forward(self._around, self._elapsed.before, now)
        self._elapsed.turned(now, seconds)

    def idle(self, now: datetime) -> bool:
        """Whether there is nothing to do but to wait for people or for recordings to go on."""
        if not self.begun or not self._data_idle(now):
            self.telling = False
            return False
        idle = self.describing.idle(now) and self.depositing.idle(now)
        self.telling = not idle
        return idle

    def _data_idle(self, now: datetime) -> bool:
        around = self._around
        telling = self.describing.kinds | self.depositing.kinds
        if around.errands.under_way(but=telling) or not self.sighting.seen_everything():
            return False
        blocked = self.sighting.blocked_roots()
        if not self.settling.only_staying_left(blocked):
            return False
        counts = around.store.counts()
        busy = [each for each in MOVES_BY_ITSELF if counts[each]]
        if not busy:
            return True
        if around.store.paused(now) and not around.batches(*AT_THE_MOVER):
            return True
        stuck = {each for each in around.locations if around.root_of(each).key in blocked}
        alarms = {alarm.key for alarm in around.store.alarms()}
        stuck.update(each for each in around.locations if f"login:{each}" in alarms)
        stuck.update(each for each in around.locations if around.store.is_closed(each))
        movable = set(around.locations).difference(stuck)
        return not any(
            dataset.location in movable for dataset in around.store.select(Selector(states=busy))
        )

    def needs_a_person(self) -> bool:
        """Whether something recognised is not archived although there is nothing left to do, or something is wrong."""
        counts = self._around.store.counts()
        unarchived = any(number for state, number in counts.items() if state is not State.ARCHIVED)
        kinds = {alarm.key.partition(":")[0] for alarm in self._around.store.alarms()}
        # What is told of as time goes by is not judged in one visit, and may be long over.
        return unarchived or bool(kinds.difference(AS_TIME_GOES_BY))

    def stop(self) -> None:
        """Let go of what is under way on threads; nothing of it is waited for."""
        self.sighting.stop()

    def run(
        self,
        *,
        stop: threading.Event,
        wake: threading.Event,
        clock: Callable[[], datetime],
        interval: timedelta,
        after_tick: Callable[[], None],
        alive: Callable[[], None] = lambda: None,
        troubled: Callable[[str], None] = lambda _text: None,
        until_idle: bool = False,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        """Repeat `tick` until `stop` is set (or nothing is left to do, with `until_idle`).

        With `monotonic`, seconds that nobody can set, a clock that is set forward is found out.
        Whoever sets `stop` sets `wake` too. `after_tick` is called after every completed turn (status), and `alive`
        after every turn and during a wait for a store that refuses, of which `troubled` is told: being restarted
        would not mend that.
        """
        outage = Outage(
            self._around.log,
            served=self._around.store.is_shared(),
            stop=stop,
            alive=alive,
            troubled=troubled,
        )
        self._alive = alive
        while not stop.is_set():
            wake.clear()
            now = clock()
            try:
                if monotonic is not None:
                    self._look_ahead(now, monotonic())
                self.tick(now)
                outage.over(now)
                after_tick()
                if until_idle and self.idle(now):
                    return
            except StoreError as error:
                outage.wait(error, now)
                continue
            alive()
            wake.wait(interval.total_seconds())
