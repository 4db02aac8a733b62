"""Somebody who exchanges two names for one another as fast as the system does it, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = """
import ctypes, os, sys
library = ctypes.CDLL(None, use_errno=True)
one, other = (os.fsencode(each) for each in sys.argv[1:3])
count = os.open(sys.argv[4], os.O_WRONLY)
swaps = 0
print("ready", flush=True)
while not os.path.exists(sys.argv[3]):
    for _ in range(50):
        if library.renameat2(-100, one, -100, other, 2):  # RENAME_EXCHANGE
            sys.exit(os.strerror(ctypes.get_errno()))
        swaps += 1
        os.sched_yield()
    os.pwrite(count, b"%09d" % swaps, 0)
"""


class Swapper:
    """Counts how often the names were exchanged."""

    def __init__(self, count: Path) -> None:
        self._count = count

    @property
    def swaps(self) -> int:
        """How often so far."""
        return int(self._count.read_text() or 0)


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[Swapper]:
    """Exchange two names, all the time that the block lasts. Which is which afterwards is left to chance."""
    with tempfile.TemporaryDirectory() as folder:
        over, count = Path(folder, "over"), Path(folder, "count")
        count.touch()
        words = [sys.executable, "-c", _PROGRAM, *map(str, (one, other, over, count))]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield Swapper(count)
        finally:
            over.touch()
            _, complaint = process.communicate(timeout=30)
        assert process.returncode == 0, complaint


def attacked(swapper: Swapper, attack: Callable[[], object], met: Sized, *, least: int) -> None:
    """Attack at least so often, against at least so many exchanges, and until both outcomes of the race were met.

    The machine decides how soon that is; a race that is never met fails the test.
    """
    pause, end = threading.Event(), time.monotonic() + 50
    tries = 0
    while tries < least or len(met) < 2 or swapper.swaps < least:
        assert time.monotonic() < end, (tries, met, swapper.swaps)
        attack()
        tries += 1
        if tries % 20 == 0:
            pause.wait(0.001)  # lets the other side get on where there is one processor only
