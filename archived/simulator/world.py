"""The state of the simulated Globus: its clock, collections, tasks and submission ids, behind one lock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from archived.simulator.collection import Collection
from archived.simulator.faults import FaultBook
from archived.simulator.replies import Json, RefusalError, not_found
from archived.simulator.task import Task
from archived.simulator.timing import SimulatedClock


@dataclass(slots=True)
class Settings:
    """What may be set before and while it runs. Rates are bytes per second, times seconds."""

    task_rate: float | None = None
    """How fast each task copies; None is as fast as the disk."""
    latency: float = 0.0
    """How much longer every answer takes."""
    active_tasks: int = 3
    """How many of a user's tasks run at once; the others are queued."""
    pending_tasks: int = 100
    page: int = 1000
    """How many entries a page of successful transfers or skipped errors holds."""
    listing_limit: int = 100_000
    retry_first: float = 0.2
    retry_longest: float = 2.0
    token_lifetime: int = 172_800
    paused: bool = False
    """No task gets on while this is set; they look as if they were merely slow."""


@dataclass(slots=True)
class Submission:
    """One submission id that was used: what came with it, and how it was answered each time."""

    submission_id: str
    owner: str
    task: Task
    body: Json
    codes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was answered; `status` is 0 where the connection was cut."""

    method: str
    path: str
    status: int


class World:
    """Everything that the two services know. Take `lock` (re-entrant) to read or change tasks and submissions;
    `changed` wakes up whoever waits for something to happen."""

    def __init__(
        self, collections: Iterable[Collection], clock: SimulatedClock, settings: Settings
    ) -> None:
        self.collections = {collection.id: collection for collection in collections}
        self.clock = clock
        self.settings = settings
        self.faults = FaultBook()
        self.tasks: dict[str, Task] = {}
        self.submissions: dict[str, Submission] = {}
        self.requests: deque[Request] = deque(maxlen=100_000)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.stopping = False
        self.nudges = 0
        """Rises when somebody pulled a lever; whoever rests before trying again then tries at once."""

    def collection(self, identifier: str) -> Collection:
        """A collection by its id; raises `RefusalError` (404 EndpointNotFound) where there is none."""
        try:
            return self.collections[identifier.lower()]
        except KeyError:
            raise RefusalError(
                404, "EndpointNotFound", f"No such endpoint '{identifier}'"
            ) from None

    def task(self, task_id: str, owner: str) -> Task:
        """A task of this user; raises `RefusalError` (404), as for a task of somebody else."""
        with self.lock:
            task = self.tasks.get(task_id.lower())
        if task is None or task.owner != owner:
            raise not_found(f"No task found with id {task_id}")
        return task

    def of_owner(self, owner: str) -> Iterator[Task]:
        """The tasks of one user, oldest first. Hold the lock."""
        return (task for task in self.tasks.values() if task.owner == owner)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock, and wake up everybody who waits afterwards."""
        with self.changed:
            yield
            self.changed.notify_all()

    def nudge(self) -> None:
        """Let whoever rests look at the world again now."""
        with self.changing():
            self.nudges += 1

    def stop(self) -> None:
        """Tell every worker to let go."""
        with self.changing():
            self.stopping = True
