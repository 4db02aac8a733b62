"""Starts the installed programs quickly, hundreds of times, so that they can be killed as often."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Self

from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance


class Child:
    """One process of a program."""

    def __init__(self, nursery: Nursery, pid: int, answer: Path) -> None:
        self._nursery = nursery
        self.pid = pid
        self._answer = answer
        self.code: int | None = None

    def poll(self) -> int | None:
        """How it ended, or None."""
        if self.code is None:
            self.code = self._nursery.ask({"ended": self.pid})
        return self.code

    def kill(self) -> int:
        """kill -9, unless it ended by itself; returns how it ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait(30)

    def wait(self, within: float) -> int:
        """Wait for its end (seconds)."""
        pause, end = threading.Event(), time.monotonic() + within
        while (code := self.poll()) is None:
            assert time.monotonic() < end, f"{self.pid} has not ended within {within} s"
            pause.wait(0.01)
        return code

    def said(self) -> str:
        """What it printed."""
        return self._answer.read_text()


class Forks:
    """The process that loads the programs once, and from which they are forked."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forking.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd="/",
            text=True,
        )

    def ask(self, order: dict[str, Any]) -> Any:
        """One question, one answer."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """Let it end; nothing that it forked may be left."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@cache
def forks_for_all(where: str) -> Forks:
    """The one for every test whose programs are installed there, as loading them takes longer than most tests."""
    forks = Forks({**os.environ, "PYTHONPATH": where})
    atexit.register(forks.end)
    return forks


class Nursery:
    """Where programs of one rig come from, until the block ends; none of them outlives it."""

    def __init__(self, rig: TestRig) -> None:
        self._rig = rig
        self._children: list[Child] = []
        self._number = 0
        where = rig.environment["PYTHONPATH"]
        # Who puts something before the programs, so that they are other ones, has them loaded with it.
        self._shared = os.pathsep not in where
        self._forks = forks_for_all(where) if self._shared else Forks(rig.environment)
        self.ask = self._forks.ask

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for child in self._children:
            child.kill()
        if not self._shared:
            self._forks.end()

    def start(self, program: str, *words: str) -> Child:
        """Start `archived …` or `archivedctl …` with the configuration of the rig."""
        self._number += 1
        answer = self._rig.base / f"answer-{self._number % 50}"
        pid = self.ask(
            {
                "program": program,
                "words": ["-c", str(self._rig.configuration), *words],
                "folder": str(self._rig.base),
                "environment": self._rig.environment,
                "log": str(self._rig.base / ("daemon.log" if program == "archived" else "ctl.log")),
                "answer": str(answer),
            }
        )
        self._children = [each for each in self._children if each.code is None]
        child = Child(self, pid, answer)
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

    def until(self, what: str, condition: Callable[[], bool], *, within: float = 90) -> None:
        """Wait until something holds, or fail with what the programs said."""
        pause, end = threading.Event(), time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"not within {within} s: {what}\n{self._log()}"
            pause.wait(0.4)

    def _log(self) -> str:
        path = self._rig.base / "ctl.log"
        return (path.read_text()[-3000:] if path.exists() else "") + self._rig.log()
