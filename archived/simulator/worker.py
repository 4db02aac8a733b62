"""Works off one task: again and again through the files that are left, until it succeeds, fails or is stopped."""

from __future__ import annotations

from archived.clock import monotonic
from archived.simulator.copying import Copier
from archived.simulator.expansion import expand
from archived.simulator.faults import Order
from archived.simulator.problems import (
    QUOTA_CODES,
    SKIPPABLE_CODES,
    FatalError,
    ProblemError,
    wrong,
)
from archived.simulator.task import Status, Task
from archived.simulator.work import Item, TaskError, Unit, UnitState
from archived.simulator.world import World

_LOOK = 0.5
"""Seconds after which a waiting worker looks at the clock again, even if nobody woke it."""


class _StoppedError(Exception):
    """The task has ended, or the simulator stops: let everything lie as it is."""


class Worker:
    """One task in the hands of one thread."""

    def __init__(self, world: World, task: Task) -> None:
        self._world = world
        self._task = task
        self._source = world.collections[task.source]
        self._destination = world.collections[task.destination]
        self._copier = Copier(
            task=task,
            source=self._source,
            destination=self._destination,
            faults=world.faults,
            transferred=self._transferred,
            checksummed=self._checksummed,
            rate=self._rate,
        )
        self._behind = 0.0
        """When (monotonic) the bytes copied so far may have arrived, at the rate that is set."""

    def run(self) -> None:
        """Work until the task has ended or the simulator stops. Never raises for what a file does."""
        settings = self._world.settings
        pause = settings.retry_first
        try:
            while True:
                before, nudges = self._task.left, self._world.nudges
                if self._may_work():
                    self._pass()
                    if self._end():
                        return
                better = self._task.left < before
                pause = settings.retry_first if better else min(pause * 2, settings.retry_longest)
                self._rest(pause, nudges)
        except _StoppedError:
            return
        finally:
            with self._world.changing():
                self._task.working = False

    def _end(self) -> bool:
        """End the task well if nothing is left to do; returns whether it has ended."""
        task = self._task
        with self._world.changing():
            if not task.finished and task.all_expanded and not task.left:
                now = self._world.clock.now()
                seconds = (now - (task.started or now)).total_seconds()
                progress = {"bytes_transferred": task.bytes_transferred, "duration": seconds}
                task.add_event("PROGRESS", now, progress)
                task.succeed(now)
            return task.finished

    def _may_work(self) -> bool:
        """Whether nothing stands in the way of the whole task: a cancellation, a pause, an absent computer."""
        task, now = self._task, self._world.clock.now()
        with self._world.changing():
            if not task.finished and (order := self._strikes("canceled_by_admin")):
                task.cancel_as_administrator(now, order.who, order.message)
            elif not task.finished and self._strikes("expires"):
                task.expire(now)
        self._go_on()
        return not (self._suspended() or self._paused_by_order() or self._offline())

    def _suspended(self) -> bool:
        task = self._task
        with self._world.changing():
            suspended = self._strikes("inactive") is not None
            if suspended and task.status is Status.ACTIVE:
                task.suspend(self._world.clock.now())
            elif not suspended and task.status is Status.INACTIVE:
                task.wake()
            return suspended

    def _paused_by_order(self) -> bool:
        task, now = self._task, self._world.clock.now()
        with self._world.changing():
            order = self._strikes("paused")
            if order is not None and not task.pause_ordered:
                task.pause(now, order.who, order.message)
            elif order is None and task.pause_ordered:
                task.unpause(now)
            task.pause_ordered = order is not None
            return task.pause_ordered

    def _offline(self) -> bool:
        """Whether one of the two computers is away; that is a fault of the task, each time it is tried."""
        for collection in (self._source, self._destination):
            ordered = self._world.faults.strikes("offline", collection=collection.id)
            if ordered is not None or not collection.connected:
                code = "GC_NOT_CONNECTED"
            elif collection.paused:
                code = "GC_PAUSED"
            else:
                continue
            with self._world.changing():
                fault = wrong(code, collection, "").error
                self._task.add_fault(fault, self._world.clock.now())
            return True
        return False

    def _pass(self) -> None:
        """Try everything that is left, once."""
        for item in self._task.items:
            if item not in self._task.expanded:
                self._expand(item)
        for unit in list(self._task.units):
            if not unit.done:
                self._try(unit)

    def _expand(self, item: Item) -> None:
        self._go_on()
        try:
            units = expand(self._source, item, self._task.options.filter_rules)
        except ProblemError as problem:
            unit = Unit(item, item.source_path, item.destination_path)
            if not self._skipped(problem.error):
                self._failed(problem.error)
                return
            unit.state, unit.error, unit.error_time = (
                UnitState.SKIPPED,
                problem.error,
                self._world.clock.now(),
            )
            units = [unit]
        with self._world.changing():
            self._task.found(item, units)

    def _try(self, unit: Unit) -> None:
        self._go_on()
        try:
            state = self._copier.move(unit)
        except ProblemError as problem:
            with self._world.changing():
                unit.error, unit.error_time = problem.error, self._world.clock.now()
                skipped = self._skipped(problem.error)
                self._task.mark(unit, UnitState.SKIPPED if skipped else UnitState.RETRYING)
                if not skipped:
                    self._failed(problem.error)
            return
        except FatalError as fatal:
            with self._world.changing():
                self._task.faults += 1
                self._task.fail(fatal.error.code, self._world.clock.now(), fatal.error.details)
            raise _StoppedError from fatal
        with self._world.changing():
            now = self._world.clock.now()
            self._task.mark(unit, state)
            self._task.progressed(now)
            if self._task.all_expanded and not self._task.count(UnitState.RETRYING):
                self._task.nice_status = "OK"

    def _skipped(self, error: TaskError) -> bool:
        """Whether the order says that files with this error are left out."""
        wanted = self._task.options.skip_source_errors
        return wanted and error.at_source and error.code in SKIPPABLE_CODES

    def _failed(self, error: TaskError) -> None:
        """Note an error that is tried again, or ends the task where its order says so."""
        with self._world.changing():
            now = self._world.clock.now()
            self._task.add_fault(error, now)
            if self._task.options.fail_on_quota_errors and error.code in QUOTA_CODES:
                self._task.fail(error.code, now, error.details)
                raise _StoppedError

    def _go_on(self) -> None:
        """Raise `_StoppedError` unless the task is still to be worked on; at its deadline, end it.

        Waits here while it is paused by an administrator, or everything is held.
        """
        task, world = self._task, self._world
        with world.changed:
            while True:
                now = world.clock.now()
                if not task.finished and now >= task.deadline:
                    task.expire(now)
                    world.changed.notify_all()
                if task.finished or world.stopping:
                    raise _StoppedError
                held = task.paused_by is not None and not task.pause_ordered
                if not held and not world.settings.paused:
                    return
                world.changed.wait(_LOOK)

    def _rest(self, seconds: float, nudges: int) -> None:
        """Wait, unless the task ends or somebody pulls a lever before."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            with self._world.changed:
                if self._world.nudges != nudges:
                    return
                self._world.changed.wait(min(left, _LOOK))
            self._go_on()

    def _transferred(self, count: int) -> None:
        self._go_on()
        with self._world.lock:
            self._task.bytes_transferred += count
        rate, nudges = self._rate(), self._world.nudges
        if rate is not None:
            self._behind = max(self._behind, monotonic()) + count / rate
            self._rest(self._behind - monotonic(), nudges)
            if self._world.nudges != nudges:
                # Another rate may have been set; what was reckoned with the old one is not waited for.
                self._behind = 0.0

    def _checksummed(self, count: int) -> None:
        self._go_on()
        with self._world.lock:
            self._task.bytes_checksummed += count

    def _rate(self) -> float | None:
        return None if self._task.rush else self._world.settings.task_rate

    def _strikes(self, name: str) -> Order | None:
        """A fault of this name that was ordered for one of the two collections, or for any."""
        faults, label = self._world.faults, self._task.label or ""
        at_source = faults.strikes(name, collection=self._source.id, label=label)
        return at_source or faults.strikes(name, collection=self._destination.id, label=label)
