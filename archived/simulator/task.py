"""A transfer task: what was ordered, how far it is, and the events that tell its story."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from archived.simulator.work import UNFINISHED, Item, Options, TaskError, Unit, UnitState

DEADLINE = timedelta(hours=24)
"""How long a task without a deadline of its own may go without any success."""
DEADLINE_AFTER_PROGRESS = timedelta(hours=72)
DEADLINE_WHILE_PAUSED = timedelta(days=90)
HISTORY = timedelta(days=30)
"""How long the details of a task are kept once it has ended."""


class Status(StrEnum):
    """What a task document says of a task. There is no "canceled": a cancelled task has failed."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One line of a task's story."""

    code: str
    time: datetime
    is_error: bool
    details: str


@dataclass(slots=True)
class Task:
    """A task and its state. Only whoever holds the world's lock may change it."""

    id: str
    submission_id: str
    owner: str
    source: str
    destination: str
    items: tuple[Item, ...]
    options: Options
    request_time: datetime
    deadline: datetime
    own_deadline: bool
    label: str | None = None
    status: Status = Status.ACTIVE
    queued: bool = True
    completion_time: datetime | None = None
    nice_status: str = "Queued"
    fatal_error: str | None = None
    canceled_by_admin: str | None = None
    canceled_by_admin_message: str | None = None
    paused_by: str | None = None
    """SOURCE or DESTINATION: whose administrator paused it."""
    pause_message: str | None = None
    pause_ordered: bool = False
    """The pause is a fault that was ordered, and ends with it."""
    units: list[Unit] = field(default_factory=list)
    tally: Counter[tuple[bool, UnitState]] = field(default_factory=Counter)
    """How many units there are of each state; the key's first part says whether they are folders."""
    expanded: set[Item] = field(default_factory=set)
    events: deque[TaskEvent] = field(default_factory=lambda: deque(maxlen=20_000))
    faults: int = 0
    bytes_transferred: int = 0
    bytes_checksummed: int = 0
    started: datetime | None = None
    rush: bool = False
    """Copies at full speed, whatever the rate is set to."""
    working: bool = False
    """A worker has it in its hands."""

    @property
    def finished(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.completion_time is not None

    @property
    def left(self) -> int:
        """How many of its files and folders are still to be seen to."""
        return sum(number for (_, state), number in self.tally.items() if state in UNFINISHED)

    @property
    def all_expanded(self) -> bool:
        """Whether every item has been looked into."""
        return len(self.expanded) == len(set(self.items))

    def count(self, *states: UnitState, directories: bool = False) -> int:
        """How many of its files (or folders) stand in one of these states; in any, when none is named."""
        return sum(self.tally[directories, state] for state in states or tuple(UnitState))

    def found(self, item: Item, units: Iterable[Unit]) -> None:
        """Note what an item stands for."""
        self.expanded.add(item)
        for unit in units:
            self.units.append(unit)
            self.tally[unit.is_directory, unit.state] += 1

    def mark(self, unit: Unit, state: UnitState) -> None:
        """Note where one of its units stands now."""
        self.tally[unit.is_directory, unit.state] -= 1
        unit.state = state
        self.tally[unit.is_directory, unit.state] += 1

    def add_event(
        self, code: str, now: datetime, details: object = "", *, error: bool = False
    ) -> None:
        """Add a line to its story; what is not text becomes JSON, as the service does it."""
        text = details if isinstance(details, str) else json.dumps(details, indent=2)
        self.events.append(TaskEvent(code, now, error, text))

    def add_fault(self, error: TaskError, now: datetime) -> None:
        """Note an error that does not end it: it will be tried again until the deadline."""
        self.faults += 1
        self.nice_status = error.code
        self.add_event(error.code, now, error.details, error=True)

    def succeed(self, now: datetime) -> None:
        """End it well."""
        skipped = self.count(UnitState.SKIPPED)
        if skipped:
            self.add_event("SKIPPED_ERRORS", now, {"skipped_errors": skipped})
        self.add_event("SUCCEEDED", now, {"files_succeeded": self.count(UnitState.SUCCEEDED)})
        self._end(Status.SUCCEEDED, now)

    def fail(self, code: str, now: datetime, details: object = "") -> None:
        """End it badly; `code` becomes its fatal error."""
        self.fatal_error = code
        self.add_event(code, now, details, error=True)
        self._end(Status.FAILED, now)

    def expire(self, now: datetime) -> None:
        """End it at its deadline."""
        self.fail("EXPIRED", now, "The task has reached its deadline")

    def cancel(self, now: datetime) -> None:
        """End it because its owner wants it."""
        self.fail("CANCELED", now, "The task was canceled by its owner")

    def cancel_as_administrator(self, now: datetime, who: str, message: str = "") -> None:
        """End it because an administrator of the SOURCE, the DESTINATION or BOTH wants it."""
        self.canceled_by_admin = who
        self.canceled_by_admin_message = message or "Canceled by an administrator"
        self.fail("CANCELED", now, self.canceled_by_admin_message)

    def pause(self, now: datetime, who: str, message: str = "") -> None:
        """Hold it because an administrator wants it; without a deadline of its own it may wait for long."""
        self.paused_by = who
        self.pause_message = message or "Paused by an administrator"
        self.nice_status = "PAUSED"
        if not self.own_deadline:
            self.deadline = now + DEADLINE_WHILE_PAUSED
        self.add_event("PAUSED", now, self.pause_message)

    def unpause(self, now: datetime) -> None:
        """Let it go on."""
        self.paused_by = self.pause_message = None
        self.nice_status = "OK"
        if not self.own_deadline:
            self.deadline = now + DEADLINE
        self.add_event("UNPAUSED", now)

    def suspend(self, now: datetime) -> None:
        """Hold it as when a login ran out: it goes on only after somebody did something."""
        self.status = Status.INACTIVE
        self.nice_status = "AUTH"
        self.add_event("AUTH", now, "The login to the collection has expired", error=True)

    def wake(self) -> None:
        """Let it go on after it was suspended."""
        self.status = Status.ACTIVE
        self.nice_status = "OK"

    def progressed(self, now: datetime) -> None:
        """Note a success: without a deadline of its own it may go on for three days more."""
        if not self.own_deadline:
            self.deadline = max(self.deadline, now + DEADLINE_AFTER_PROGRESS)

    def _end(self, status: Status, now: datetime) -> None:
        self.status = status
        self.completion_time = now
        self.queued = False
        self.paused_by = None
