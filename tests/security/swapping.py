"""Somebody who exchanges two names for one another as fast as the system does it, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = """
import ctypes, os, sys
library = ctypes.CDLL(None, use_errno=True)
one, other = (os.fsencode(each) for each in sys.argv[1:3])
swaps = 0
print("ready", flush=True)
while not os.path.exists(sys.argv[3]):
    for _ in range(50):
        if library.renameat2(-100, one, -100, other, 2):  # RENAME_EXCHANGE
            sys.exit(os.strerror(ctypes.get_errno()))
        swaps += 1
        os.sched_yield()
print(swaps, flush=True)
"""


class Swapper:
    """How often the names were exchanged, once it is over."""

    swaps = 0


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[Swapper]:
    """Exchange two names, all the time that the block lasts. Which is which afterwards is left to chance."""
    over = one.parent / f".over-{one.name}"
    words = [sys.executable, "-c", _PROGRAM, str(one), str(other), str(over)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    swapper = Swapper()
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield swapper
    finally:
        over.touch()
        said, complaint = process.communicate(timeout=30)
        over.unlink()
    assert process.returncode == 0, complaint
    swapper.swaps = int(said)


def until(
    condition: Callable[[], bool], attack: Callable[[], object], *, least: int, most: int
) -> int:
    """Attack at least so often, and until the condition holds, so that both outcomes of the race were met.

    The machine decides how soon; `most` only ends a test whose race can never be met. Returns how often it was.
    """
    pause = threading.Event()
    for number in range(1, most + 1):
        attack()
        if number >= least and condition():
            return number
        if number % 20 == 0:
            pause.wait(0.001)  # lets the other side get on where there is one processor only
    raise AssertionError(f"the race was never won by either side in {most} tries")
