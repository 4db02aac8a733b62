"""The watcher: tells where something happened below the roots. Its word is a hint; the rescan is the truth.

A thread of its own, the keeper, sets the watches and examines them, as both may have to wait for a disk. The
threads of the library only put paths into a set (see `hints`); who takes them has to look for himself.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import ConfigurationError
from archived.rig.canary import Canary
from archived.rig.hints import Hints
from archived.rig.rootwatch import RootWatch

__all__ = ["Hints", "Watcher", "WatcherHealth"]

START_PATIENCE = 10.0
"""How many seconds looks wait for the watches; after that they are set while the daemon already looks."""

KEEPER_PATIENCE = 120.0
"""After how many seconds without an examination the keeper counts as hanging (on a disk, most likely)."""

STOP_PATIENCE = 5.0


@dataclass(frozen=True)
class WatcherHealth:
    """How the watcher stands.

    `mode` is "rescan only" where no root has events. `reason` says what is not as it should be, with the remedy,
    "" where all is well; that a root had to be watched anew, and why, is in it once. `watched` and `unwatched`
    count folders, `overflows` how often the kernel dropped events since the start. `alive` is False where events
    should come and do not.
    """

    mode: Literal["events", "rescan only"]
    reason: str
    watched: int
    unwatched: int
    overflows: int
    alive: bool


class Watcher:
    """Watches several roots.

    `canary_dir` is a folder of our own, made if need be, that serves to test whether events arrive (None: not
    tested); raises `ConfigurationError` where it lies below a root. `wake` is called, from any thread, when there
    is something to `drain`. Hints of one root that exceed `capacity` become "everything".
    """

    def __init__(
        self,
        roots: Sequence[str],
        *,
        canary_dir: str | None,
        wake: Callable[[], None],
        capacity: int = 100_000,
    ) -> None:
        if canary_dir is not None:
            _refuse_below(roots, canary_dir)
        self._canary = Canary(canary_dir) if canary_dir is not None else None
        self._watches = [RootWatch(root, self._canary, wake, capacity) for root in roots]
        self._keeper = threading.Thread(target=self._keep, name="watch-keeper", daemon=True)
        self._set = threading.Event()
        self._late = threading.Event()
        self._stop = threading.Event()
        self._nudge = threading.Event()
        self._now = float("-inf")
        self._wake = wake
        self._begun: float | None = None
        self._unanswered_since: float | None = None
        self._error = ""

    def start(self) -> None:
        """Begin to set the watches, which takes about a second for 50,000 folders; see `ready`."""
        self._keeper.start()

    def ready(self) -> bool:
        """Whether a look may begin: all that happens from here on is told of, or hinted at as everything later.

        That is once the watches are set, of which `wake` tells, or ten seconds after `confirm` was first called:
        where that is too short, everything is hinted at once they are set.
        """
        return self._set.is_set() or self._late.is_set()

    def drain(self) -> Mapping[str, Hints]:
        """The hints since the last time, by root as it was given; roots without any are left out."""
        taken = {watch.root: watch.hints.take() for watch in self._watches}
        return {root: hints for root, hints in taken.items() if hints is not None}

    def confirm(self, now_monotonic: float) -> WatcherHealth:
        """Have the watches examined, and return what the last examination found. Never waits; once per tick."""
        self._now = now_monotonic
        self._lose_patience(now_monotonic)
        if self._unanswered_since is None:
            self._unanswered_since = now_monotonic
        self._nudge.set()
        healths = [watch.health for watch in self._watches]
        trouble = self._keeper_trouble(now_monotonic)
        reasons = [trouble] if trouble else []
        reasons += [
            f"{printable(watch.root)}: {reason}"
            for watch, health in zip(self._watches, healths, strict=True)
            for reason in (*watch.take_notes(), health.reason)
            if reason
        ]
        return WatcherHealth(
            mode="events" if any(health.events for health in healths) else "rescan only",
            reason="; ".join(reasons),
            watched=sum(health.watched for health in healths),
            unwatched=sum(health.unwatched for health in healths),
            overflows=sum(watch.overflows for watch in self._watches),
            alive=not trouble and all(health.alive for health in healths),
        )

    def stop(self) -> None:
        """Stop watching. Returns within seconds even where a disk hangs; the threads end with the process."""
        self._stop.set()
        self._nudge.set()
        if self._keeper.is_alive():
            self._keeper.join(STOP_PATIENCE)

    def _lose_patience(self, now: float) -> None:
        if self._set.is_set() or self._late.is_set():
            return
        if self._begun is None:
            self._begun = now
        elif now - self._begun >= START_PATIENCE:
            self._late.set()
            if self._set.is_set():
                self._lose_everything()

    def _keeper_trouble(self, now: float) -> str:
        if not self._keeper.is_alive():
            return "the watcher is not running"
        if self._error:
            return f"the watcher met an error of its own ({self._error})"
        asked = self._unanswered_since
        if asked is not None and now - asked > KEEPER_PATIENCE:
            return "the watcher does not answer; perhaps a disk hangs"
        return ""

    def _keep(self) -> None:
        """The keeper's life."""
        self._error = "; ".join(self._for_each(lambda watch: watch.build(float("-inf"))))
        self._set.set()
        if self._late.is_set():
            self._lose_everything()
        with contextlib.suppress(Exception):
            # Whoever waits for the watches looks again in his next turn anyway.
            self._wake()
        while not self._stop.is_set():
            self._nudge.wait()
            self._nudge.clear()
            if not self._stop.is_set():
                self._examine(self._now)
        self._for_each(RootWatch.stop)

    def _examine(self, now: float) -> None:
        rebuilt: list[bool] = []
        errors = self._for_each(lambda watch: rebuilt.append(watch.check(now)))
        if self._canary is not None and (any(rebuilt) or self._canary.due(now)):
            self._sing(self._canary, now)
        self._error = "; ".join(errors)
        self._unanswered_since = None

    def _sing(self, canary: Canary, now: float) -> None:
        # Expected first, as its event may arrive before it has come to an end.
        for watch in self._watches:
            watch.expect_canary(now)
        if not canary.sing(now):
            for watch in self._watches:
                watch.forget_canary()

    def _for_each(self, act: Callable[[RootWatch], object]) -> list[str]:
        """Act on every root; one that fails keeps none of the others from its turn."""
        errors = []
        for watch in self._watches:
            try:
                act(watch)
            except Exception as error:  # noqa: BLE001 - told through `confirm`; the rescan goes on without us
                errors.append(f"{type(error).__name__}: {error}")
        return errors

    def _lose_everything(self) -> None:
        for watch in self._watches:
            watch.hints.lose()


def _refuse_below(roots: Sequence[str], canary_dir: str) -> None:
    for root in roots:
        top = pathlib.PurePath(os.path.realpath(root))
        if pathlib.PurePath(os.path.realpath(canary_dir)).is_relative_to(top):
            raise ConfigurationError(
                f"{printable(canary_dir)}, where the watcher tests itself, lies below the watched root "
                f"{printable(root)}, under which nothing may be written",
                what_to_do="keep the store outside of the watched folders",
            )
