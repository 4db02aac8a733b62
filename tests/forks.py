"""Starts programs quickly, again and again: what Python takes to load them is spent once."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any


class Child:
    """One process of a program."""

    def __init__(self, forks: Forks, pid: int, answer: Path, log: Path) -> None:
        self._forks = forks
        self.pid = pid
        self._answer = answer
        self._log = log
        self.code: int | None = None

    def poll(self) -> int | None:
        """How it ended, or None."""
        if self.code is None:
            self.code = self._forks.ask({"ended": self.pid})
        return self.code

    def kill(self) -> int:
        """kill -9, unless it ended by itself; returns how it ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait(30)

    def terminate(self) -> None:
        """Ask it to end, unless it did by itself."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, within: float) -> int:
        """Wait for its end (seconds); what has not ended by then is killed, and that is a failure."""
        pause, end = threading.Event(), time.monotonic() + within
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"{self.pid} has not ended within {within} s")
            pause.wait(0.01)
        return code

    def said(self) -> str:
        """What it printed."""
        return self._answer.read_text()

    def complained(self) -> str:
        """What it printed to standard error, after what was there before."""
        return self._log.read_text()


class Forks:
    """The process that loads the programs once, and from which they are forked; each gets an environment of its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            # The folder of the script, which has the names of ours, is not looked into (-P).
            [sys.executable, "-P", str(Path(__file__).with_name("forking.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd="/",
            text=True,
        )

    def start(
        self,
        program: str,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        answer: Path,
        warnings: bool = False,
    ) -> Child:
        """Start `archived …`, `archivedctl …`, or another module that has a `main`.

        Its output goes to `answer`, its errors are added to `log`, each warning of Python among them on request.
        """
        pid = self.ask(
            {
                "program": program,
                "words": list(words),
                "folder": str(folder),
                "environment": dict(environment),
                "log": str(log),
                "answer": str(answer),
                "warnings": warnings,
            }
        )
        return Child(self, pid, answer, log)

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
def shared(where: str) -> Forks:
    """The one of this session for programs that are found there. There is no secret in its environment."""
    forks = Forks({"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": where})
    atexit.register(forks.end)
    return forks


@contextlib.contextmanager
def forks_for(environment: Mapping[str, str]) -> Iterator[Forks]:
    """One for every test whose programs are installed there, as loading them takes longer than most tests.

    Who puts something before the programs, so that they are other ones, has them loaded with it.
    """
    where = environment["PYTHONPATH"]
    if os.pathsep not in where:
        yield shared(where)
        return
    forks = Forks(environment)
    try:
        yield forks
    finally:
        forks.end()
