"""Slow work, done on threads of its own, so that a copy or a call that hangs never holds up the tick."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Key = tuple[str, str]
"""What kind of errand it is, and for whom: ("poll", batch id)."""


@dataclass
class _Lane:
    """The errands of some kinds, and the threads that do them."""

    most: int
    """How many threads there may be."""
    threads: int = 0
    open: int = 0
    """How many errands were begun and are not done."""
    waiting: queue.SimpleQueue[tuple[Key, Callable[[], Any]] | None] = field(
        default_factory=queue.SimpleQueue
    )


@dataclass(frozen=True, slots=True)
class Finished:
    """An errand that came back, with what it brought or with what went wrong."""

    key: Key
    result: Any
    error: BaseException | None

    @property
    def kind(self) -> str:
        """The kind of the errand."""
        return self.key[0]

    @property
    def subject(self) -> str:
        """For whom it was."""
        return self.key[1]


class Errands(Protocol):
    """Work that is begun in one tick and whose result is found in a later one."""

    def start(self, kind: str, subject: str, work: Callable[[], Any]) -> bool:
        """Begin; False where an errand of this kind for this subject is still under way."""

    def busy(self, kind: str, subject: str) -> bool:
        """Whether such an errand is under way, or has come back and was not collected yet."""

    def under_way(self, *, but: Container[str] = ()) -> int:
        """How many errands were begun and not collected yet, those of some kinds left out."""

    def finished(self) -> list[Finished]:
        """Collect what came back since the last call."""


class ThreadErrands:
    """Errands on daemon threads, up to a number for each lane.

    `lanes` says how many threads serve each lane at most, and `lane_of` which kind takes which lane, so that a disk
    which hangs does not keep transfers from being asked about. `wake` is called whenever one came back. The threads
    are never joined: the store holds every intent, so leaving them behind at exit loses nothing.
    """

    def __init__(
        self,
        *,
        lanes: Mapping[str, int],
        lane_of: Callable[[str], str],
        wake: Callable[[], None],
    ) -> None:
        self._lane_of = lane_of
        self._wake = wake
        self._lock = threading.Lock()
        self._open: set[Key] = set()
        self._done: list[Finished] = []
        self._lanes = {name: _Lane(most) for name, most in lanes.items()}

    def start(self, kind: str, subject: str, work: Callable[[], Any]) -> bool:
        """See `Errands.start`."""
        key = (kind, subject)
        with self._lock:
            if key in self._open:
                return False
            self._open.add(key)
            name = self._lane_of(kind)
            lane = self._lanes[name]
            lane.open += 1
            if lane.threads < min(lane.open, lane.most):
                # Only now: most rigs never have as much to do at a time as they could.
                self._begin_thread(name, lane)
        lane.waiting.put((key, work))
        return True

    def busy(self, kind: str, subject: str) -> bool:
        """See `Errands.busy`."""
        with self._lock:
            return (kind, subject) in self._open

    def under_way(self, *, but: Container[str] = ()) -> int:
        """See `Errands.under_way`."""
        with self._lock:
            return sum(kind not in but for kind, _ in self._open)

    def finished(self) -> list[Finished]:
        """See `Errands.finished`."""
        with self._lock:
            done, self._done = self._done, []
            self._open.difference_update(each.key for each in done)
        return done

    def close(self) -> None:
        """Let every thread end after the errand it is on; what was not begun is dropped."""
        for lane in self._lanes.values():
            for _ in range(lane.threads):
                lane.waiting.put(None)

    def _begin_thread(self, name: str, lane: _Lane) -> None:
        thread = threading.Thread(
            target=self._serve, args=(lane,), name=f"{name}-{lane.threads}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # The machine has no more threads to give: those that there are do it later.
            if not lane.threads:
                raise
            return
        lane.threads += 1

    def _serve(self, lane: _Lane) -> None:
        while (item := lane.waiting.get()) is not None:
            key, work = item
            try:
                outcome = Finished(key, work(), None)
            except BaseException as error:  # noqa: BLE001 - the tick decides whether it was expected
                outcome = Finished(key, None, error)
            with self._lock:
                lane.open -= 1
                self._done.append(outcome)
            self._wake()
