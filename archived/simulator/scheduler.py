"""Decides which tasks run: so many at once for each user, the others wait in a queue, oldest first."""

from __future__ import annotations

import threading

from archived.simulator.task import DEADLINE, Task
from archived.simulator.worker import Worker
from archived.simulator.world import World

_LOOK = 1.0
"""Seconds after which it looks at the clock again, even if nobody woke it."""


class Scheduler:
    """One thread that starts tasks, and one thread for each task that runs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._threads: set[threading.Thread] = set()
        self._thread = threading.Thread(target=self._run, name="simulator-scheduler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End every thread; tasks under way stay as they are."""
        self._world.stop()
        self._thread.join()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with self._world.changed:
            while not self._world.stopping:
                self._threads = {thread for thread in self._threads if thread.is_alive()}
                self._expire_queued()
                for task in self._due():
                    self._begin(task)
                self._world.changed.wait(_LOOK)

    def _expire_queued(self) -> None:
        """A queued task without a deadline of its own is pushed a day ahead; another one may run out."""
        now = self._world.clock.now()
        for task in self._world.tasks.values():
            if not task.queued or task.finished:
                continue
            if not task.own_deadline:
                task.deadline = now + DEADLINE
            elif now >= task.deadline:
                task.expire(now)

    def _due(self) -> list[Task]:
        """The queued tasks for which there is a place; `limit` places for each user."""
        limit = self._world.settings.active_tasks
        places: dict[str, int] = {}
        for task in self._world.tasks.values():
            running = (task.working or not task.queued) and not task.finished
            places[task.owner] = places.get(task.owner, limit) - (1 if running else 0)
        due = []
        for task in self._world.tasks.values():
            if task.queued and not task.finished and places[task.owner] > 0:
                places[task.owner] -= 1
                due.append(task)
        return due

    def _begin(self, task: Task) -> None:
        task.queued = False
        task.working = True
        task.nice_status = "OK"
        task.started = self._world.clock.now()
        worker = Worker(self._world, task)
        thread = threading.Thread(target=worker.run, name=f"simulator-{task.id}", daemon=True)
        self._threads.add(thread)
        thread.start()
