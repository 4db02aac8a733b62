"""Real daemons, each a process of its own: started, waited for, measured while they run, and ended."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import cpu_of, resident

NOTIFY = """\
import os, socket

def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
        speaking.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
"""
"""What the package systemd-python does, which need not be installed."""

PATIENCE = 600.0


@dataclass
class Running:
    """A process under way."""

    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def cpu(self) -> float:
        """How many seconds of CPU it has used."""
        return cpu_of(self.pid)

    def resident(self) -> float:
        """How much memory it has, in MB."""
        return resident(self.pid)

    def proportional(self) -> float:
        """The same with each page that is shared counted in parts (PSS), in MB; 0 where the kernel does not tell."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024 / 1e6
        return 0.0

    def threads(self) -> int:
        """How many threads it has."""
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def rest(self, seconds: float) -> None:
        """Wait until it has used no CPU to speak of for so long."""
        pause, ends = threading.Event(), time.monotonic() + PATIENCE
        used, since = self.cpu(), time.monotonic()
        while time.monotonic() - since < seconds:
            if self.process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"{self.process.args!r} does not come to rest")
            pause.wait(0.1)
            if self.cpu() > used + 0.03:
                used, since = self.cpu(), time.monotonic()

    def kill(self) -> None:
        """As a power cut ends it."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(
    *command: object, environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[Running]:
    """A process that is ended with the block."""
    with (log or Path(os.devnull)).open("wb") as errors:
        process = subprocess.Popen(
            [str(each) for each in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=None if environment is None else {**os.environ, **environment},
        )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.communicate()


@contextlib.contextmanager
def daemon(
    configuration: Path, *, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """The daemon of a configuration; what it logs is beside that."""
    words = (sys.executable, "-m", "archived", "-c", configuration, "--log-format", "json")
    with running(*words, environment=environment, log=configuration.with_suffix(".log")) as started:
        yield started


class Ears:
    """A socket of our own that a daemon tells how it is, as it would tell systemd."""

    def __init__(self, folder: Path) -> None:
        package = folder / "systemd"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "daemon.py").write_text(NOTIFY)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._heard: queue.SimpleQueue[tuple[float, list[str]]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.environment = {
            "NOTIFY_SOCKET": str(folder / "notify"),
            "PYTHONPATH": os.pathsep.join(
                [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
        }

    def hear(self, word: str, *, within: float = PATIENCE) -> float:
        """Wait until it was said; when that was (`time.perf_counter`). Raises `queue.Empty`."""
        while True:
            at, said = self._heard.get(timeout=within)
            if word in said:
                return at

    def silence(self) -> None:
        """Forget what was said until now."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._heard.get_nowait()

    def close(self) -> None:
        """Hear no more."""
        self._socket.shutdown(socket.SHUT_RD)
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        """Always, as whoever speaks waits where nobody listens."""
        while said := self._socket.recv(65_536):
            self._heard.put((time.perf_counter(), said.decode().splitlines()))


@contextlib.contextmanager
def ears() -> Iterator[Ears]:
    """A socket for as long as the block lasts."""
    with (
        tempfile.TemporaryDirectory(prefix="ears-") as folder,
        contextlib.closing(Ears(Path(folder))) as listening,
    ):
        yield listening


def program(name: str, *arguments: object) -> Sequence[object]:
    """The words that start `benchmarks.programs.NAME`."""
    return (sys.executable, "-m", f"benchmarks.programs.{name}", *arguments)
