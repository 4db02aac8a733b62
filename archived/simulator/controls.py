"""What steers a simulator: faults, the clock, collections, tasks, speed. Used in the process and over HTTP."""

from __future__ import annotations

from typing import Any

from archived.clock import monotonic
from archived.errors import NameNotFoundError
from archived.simulator.collection import Collection
from archived.simulator.documents import task_document
from archived.simulator.faults import Order
from archived.simulator.grants import Grants
from archived.simulator.replies import Json
from archived.simulator.task import Task
from archived.simulator.timing import iso
from archived.simulator.world import Request, Settings, World

_COLLECTION_SWITCHES = (
    "connected",
    "paused",
    "high_assurance",
    "disable_verify",
    "force_verify",
    "algorithms",
    "display_name",
    "default_directory",
)


class Controls:
    """The levers, bound to a world. Every one may be pulled from any thread."""

    def __init__(self, world: World, grants: Grants) -> None:
        self.world = world
        self.grants = grants

    @property
    def settings(self) -> Settings:
        """Limits, rates and waits; may be changed while it runs."""
        return self.world.settings

    def order(self, name: str, **options: Any) -> Order:
        """Let something go wrong: `name` is one of `faults.KNOWN`, the options are the fields of `faults.Order`.

        Strikes until it is cleared, or `times` times. Raises `NameNotFoundError` for an unknown name.
        """
        order = self.world.faults.order(name, **options)
        self.world.nudge()
        return order

    def clear_faults(self, name: str | None = None, *, number: int | None = None) -> int:
        """End the faults of one name, the one with this number, or all of them. Returns how many."""
        cleared = self.world.faults.clear(name, number=number)
        self.world.nudge()
        return cleared

    def tasks(self) -> list[Json]:
        """Every task of everybody, oldest first: its document, and its `items` and `submission_id`."""
        with self.world.lock:
            return [self._told(task) for task in self.world.tasks.values()]

    def submissions(self) -> list[Json]:
        """Every submission id that was used: how it was answered each time, its task, and what was ordered."""
        with self.world.lock:
            return [
                {
                    "submission_id": used.submission_id,
                    "task_id": used.task.id,
                    "owner_id": used.owner,
                    "codes": list(used.codes),
                    "body": used.body,
                }
                for used in self.world.submissions.values()
            ]

    def requests(self) -> list[Request]:
        """The requests so far, oldest first; `status` 0 means that the connection was cut."""
        return list(self.world.requests)

    def wait(self, *, timeout: float = 30.0) -> list[Json]:
        """Wait (seconds) until every task has ended, and return them.

        Raises `TimeoutError` that tells which have not.
        """
        until = monotonic() + timeout
        with self.world.changed:
            while any(not task.finished or task.working for task in self.world.tasks.values()):
                if (left := until - monotonic()) <= 0:
                    open_ones = [task for task in self.world.tasks.values() if not task.finished]
                    told = ", ".join(f"{task.id} ({task.nice_status})" for task in open_ones)
                    raise TimeoutError(f"Tasks that have not ended: {told}")
                self.world.changed.wait(left)
        return self.tasks()

    def pause(self) -> None:
        """Hold every task where it is; they look as if they were merely slow."""
        self.settings.paused = True
        self.world.nudge()

    def resume(self) -> None:
        """Let the tasks go on."""
        self.settings.paused = False
        self.world.nudge()

    def set_rate(self, bytes_per_second: float | None) -> None:
        """How fast each task copies from now on; None is as fast as the disk."""
        self.settings.task_rate = bytes_per_second
        self.world.nudge()

    def advance(self, seconds: float) -> None:
        """Move the simulated clock forward."""
        self.world.clock.advance(seconds)
        self.world.nudge()

    def freeze(self) -> None:
        """Stop the simulated clock."""
        self.world.clock.freeze()

    def thaw(self) -> None:
        """Let the simulated clock run on."""
        self.world.clock.thaw()

    def switch(self, collection_id: str, **switches: Any) -> Collection:
        """Change what a collection is like: `connected`, `paused`, `high_assurance`, `algorithms` and others.

        Raises `NameNotFoundError` for a collection or a switch that does not exist.
        """
        collection = self.world.collections.get(str(collection_id).lower())
        unknown = set(switches) - set(_COLLECTION_SWITCHES)
        if collection is None or unknown:
            what = f"no collection {collection_id}" if collection is None else f"no {unknown}"
            raise NameNotFoundError(f"The simulated Globus has {what}.")
        for name, value in switches.items():
            setattr(collection, name, tuple(value) if name == "algorithms" else value)
        self.world.nudge()
        return collection

    def disconnect(self, collection_id: str) -> None:
        """Take the collection's computer off the network."""
        self.switch(collection_id, connected=False)

    def connect(self, collection_id: str) -> None:
        """Bring the collection's computer back."""
        self.switch(collection_id, connected=True)

    def finish(self, task_id: str) -> None:
        """Let one task copy at full speed, whatever the rate."""
        with self.world.changing():
            self._task(task_id).rush = True
        self.world.nudge()

    def expire(self, task_id: str) -> None:
        """Let one task reach its deadline now."""
        with self.world.changing():
            task = self._task(task_id)
            if not task.finished:
                task.expire(self.world.clock.now())

    def cancel_as_administrator(
        self, task_id: str, *, who: str = "SOURCE", message: str = ""
    ) -> None:
        """Let an administrator of the SOURCE, the DESTINATION or BOTH cancel one task."""
        with self.world.changing():
            task = self._task(task_id)
            if not task.finished:
                task.cancel_as_administrator(self.world.clock.now(), who, message)

    def pause_task(self, task_id: str, *, who: str = "SOURCE", message: str = "") -> None:
        """Let an administrator pause one task."""
        with self.world.changing():
            task = self._task(task_id)
            if not task.finished and task.paused_by is None:
                task.pause(self.world.clock.now(), who, message)

    def unpause_task(self, task_id: str) -> None:
        """Let a paused task go on."""
        with self.world.changing():
            task = self._task(task_id)
            if task.paused_by is not None:
                task.unpause(self.world.clock.now())

    def forget(self, task_id: str) -> None:
        """Let the service know nothing of a task any more, as of one from long ago."""
        with self.world.changing():
            task = self._task(task_id)
            if not task.finished:
                task.cancel(self.world.clock.now())
            del self.world.tasks[task.id]

    def end_logins(self, *, also_refresh_tokens: bool = True) -> None:
        """Let every token be worth nothing; with `also_refresh_tokens` a person has to log in again."""
        self.grants.revoke_everything(also_refresh_tokens=also_refresh_tokens)

    def withdraw_consents(self) -> None:
        """Let everybody have consented to nothing."""
        self.grants.withdraw()

    def state(self) -> Json:
        """Everything at a glance, as JSON."""
        with self.world.lock:
            counts: dict[str, int] = {}
            for request in self.world.requests:
                key = f"{request.method} {request.path.split('?')[0]} {request.status}"
                counts[key] = counts.get(key, 0) + 1
            return {
                "now": iso(self.world.clock.now()),
                "paused": self.settings.paused,
                "task_rate": self.settings.task_rate,
                "latency": self.settings.latency,
                "collections": [self._collection(item) for item in self.world.collections.values()],
                "faults": [order.as_dict() for order in self.world.faults.in_force()],
                "tasks": self.tasks(),
                "submissions": self.submissions(),
                "requests": counts,
            }

    def _collection(self, collection: Collection) -> Json:
        switches = {name: getattr(collection, name) for name in _COLLECTION_SWITCHES}
        return {"id": collection.id, "root": str(collection.root), **switches}

    def _told(self, task: Task) -> Json:
        items = [
            {
                "source_path": item.source_path,
                "destination_path": item.destination_path,
                "recursive": item.recursive,
                "external_checksum": item.external_checksum,
                "checksum_algorithm": item.checksum_algorithm,
            }
            for item in task.items
        ]
        document = task_document(self.world, task)
        return {**document, "submission_id": task.submission_id, "items": items}

    def _task(self, task_id: str) -> Task:
        try:
            return self.world.tasks[task_id]
        except KeyError:
            raise NameNotFoundError(f"The simulated Globus has no task {task_id}.") from None
