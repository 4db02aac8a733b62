"""Where the CPU of a program goes: what each of its threads was doing, asked some hundred times a second.

`BENCHMARKS_PROFILE=FILE make bench ROWS=3 FILES=100000` appends a table to FILE for each section that is measured.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

PERIOD = 0.004
LINES = 25


@contextlib.contextmanager
def profiled() -> Iterator[None]:
    """Sample this process where `BENCHMARKS_PROFILE` names a file; else nothing."""
    name = os.environ.get("BENCHMARKS_PROFILE")
    if not name:
        yield
        return
    sampler = Sampler()
    sampler.start()
    try:
        yield
    finally:
        sampler.stop()
        with Path(name).open("a") as file:
            file.write(f"\n{Path(sys.argv[0]).stem} {' '.join(sys.argv[2:])}\n{sampler.table()}")


class Sampler(threading.Thread):
    """Asks what every other thread is doing, and how much CPU it had since it was asked last."""

    def __init__(self) -> None:
        super().__init__(name="sampler", daemon=True)
        self._stopped = threading.Event()
        self._had: dict[int, int] = {}
        self.within: Counter[str] = Counter()
        """Nanoseconds in which a function was at work itself, or had called what was."""
        self.itself: Counter[str] = Counter()
        self.total = 0

    def run(self) -> None:
        """Ask, and rest."""
        while not self._stopped.wait(PERIOD):
            frames = sys._current_frames()
            for thread in threading.enumerate():
                if thread is not self and thread.ident in frames and thread.native_id is not None:
                    self._take(frames[thread.ident], self._spent(thread.native_id))

    def _spent(self, thread: int) -> int:
        """Nanoseconds of CPU since it was asked last (proc_pid_schedstat)."""
        try:
            had = int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[0])
        except OSError:
            return 0
        before, self._had[thread] = self._had.get(thread, had), had
        return had - before

    def _take(self, frame: FrameType, spent: int) -> None:
        if not spent:
            return
        self.total += spent
        self.itself[_name(frame)] += spent
        names: set[str] = set()
        above: FrameType | None = frame
        while above is not None:
            names.add(_name(above))
            above = above.f_back
        for name in names:
            self.within[name] += spent

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()
        self.join()

    def table(self) -> str:
        """The functions with the most CPU, with what they called and by themselves."""
        total = self.total or 1
        lines = [f"{self.total / 1e9:.2f} s of CPU; percent with what it called, percent itself"]
        lines += [
            f"{100 * spent / total:6.1f} {100 * self.itself[name] / total:6.1f}  {name}"
            for name, spent in self.within.most_common(LINES)
        ]
        return "\n".join(lines) + "\n"


def _name(frame: FrameType) -> str:
    where = "/".join(Path(frame.f_code.co_filename).parts[-2:])
    return f"{where}: {frame.f_code.co_qualname}"
