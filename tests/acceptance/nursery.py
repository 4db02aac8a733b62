"""Starts the installed programs quickly, hundreds of times, so that they can be killed as often."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance
from tests.forks import Child, forks_for


class Nursery:
    """Where programs of one rig come from, until the block ends; none of them outlives it."""

    def __init__(self, rig: TestRig) -> None:
        self._rig = rig
        self._children: list[Child] = []
        self._number = 0
        self._stack = ExitStack()
        self._forks = self._stack.enter_context(forks_for(rig.environment))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._stack:
            for child in self._children:
                child.kill()

    def start(self, program: str, *words: str) -> Child:
        """Start `archived …` or `archivedctl …` with the configuration of the rig."""
        self._number += 1
        answer = self._rig.base / f"answer-{self._number % 50}"
        child = self._forks.start(
            program,
            ["-c", str(self._rig.configuration), *words],
            environment=self._rig.environment,
            folder=self._rig.base,
            log=self._rig.base / ("daemon.log" if program == "archived" else "ctl.log"),
            answer=answer,
        )
        self._children = [each for each in self._children if each.code is None]
        self._children.append(child)
        return child

    def control(self, *words: str, within: float = 60) -> str:
        """What `archivedctl …` answers; it must succeed."""
        child = self.start("archivedctl", *words)
        assert child.wait(within) == 0, (words, child.said(), self._log())
        return child.said()

    def json(self, *words: str) -> Any:
        """What `archivedctl … --json` answers."""
        return json.loads(self.control(*words, "--json"))

    def status(self) -> Any:
        """`archivedctl status --json`, once a daemon has begun the store."""
        answers: list[Any] = []

        def begun() -> bool:
            child = self.start("archivedctl", "status", "--json")
            code = child.wait(60)
            answers.append(json.loads(child.said()))
            assert code == 0 or "no store" in str(answers[-1]), (answers[-1], self._log())
            return code == 0

        self.until("a store", begun)
        return answers[-1]

    def until_archived(self, datasets: int, *, within: float = 90) -> None:
        """Wait until these are all there are, archived, and nothing is the matter; `status` has to say so too."""

        def done() -> bool:
            status = self.status()
            counts = status["counts"]
            return counts["archived"] == datasets == sum(counts.values()) and not status["alarms"]

        what, glance = f"{datasets} archived datasets", Glance(self._rig)
        if glance.file.exists():
            # Whoever waits with a glance keeps the machine from nothing.
            self.until(
                what,
                lambda: glance.counts() == {"archived": datasets} and not glance.alarms(),
                within=within,
            )
        self.until(what, done, within=within)

    def until(
        self,
        what: str,
        condition: Callable[[], bool],
        *,
        within: float = 90,
        every: float = 0.4,
    ) -> None:
        """Wait until something holds, or fail with what the programs said. It is looked at `every` so many seconds."""
        pause, end = threading.Event(), time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"not within {within} s: {what}\n{self._log()}"
            pause.wait(every)

    def _log(self) -> str:
        path = self._rig.base / "ctl.log"
        return (path.read_text()[-3000:] if path.exists() else "") + self._rig.log()
