"""Processes of our programs that are forked from one which has loaded them, for all tests of a session."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Forker:
    """The process that has loaded the programs. There is no secret in its environment: a fork gets its own with its order."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forking.py"))],
            env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            text=True,
        )

    def ask(self, order: Mapping[str, Any]) -> Any:
        """One question, one answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """Let it end."""
        self._process.communicate(timeout=30)


@cache
def forker() -> Forker:
    """The one of this session."""
    found = Forker()
    atexit.register(found.end)
    return found


class Forked:
    """One process of a program, with what a test needs of `subprocess.Popen`."""

    def __init__(
        self,
        module: str,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        said: Path,
        warnings: bool = False,
    ) -> None:
        self.returncode: int | None = None
        self.pid = forker().ask(
            {
                "module": module,
                "words": list(words),
                "environment": dict(environment),
                "folder": str(folder),
                "out": str(said),
                "err": str(said.with_suffix(".err")),
                "warnings": warnings,
            }
        )

    def poll(self) -> int | None:
        """How it ended, or None."""
        if self.returncode is None:
            self.returncode = forker().ask({"ended": self.pid})
        return self.returncode

    def kill(self) -> None:
        """kill -9, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def end(self, within: float) -> int:
        """How it ended by itself within so many seconds; else it is killed, and that is a failure."""
        pause, end = threading.Event(), time.monotonic() + within
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                self.kill()
                raise AssertionError(f"{self.pid} has not ended within {within} s")
            pause.wait(0.02)
        return code
