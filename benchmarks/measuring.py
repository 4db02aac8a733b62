"""Samples: of whole commands, of sections of a program, and of contestants in turn."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.sampling import profiled
from benchmarks.values import Sample, Samples

MEGABYTE = 1e6


def in_turn(
    contestants: Mapping[str, Callable[[], Sample]], runs: int, *, first: bool = True
) -> Samples:
    """Let each contestant have its turn, `runs` times: A B A B …; with `first` after one turn that does not count.

    A single run has no such turn before it: its figures are not for going by.
    """
    first = first and runs > 1
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    for turn in range(runs + first):
        for name, contestant in contestants.items():
            sample = contestant()
            if turn >= first:
                samples[name].append(sample)
    return samples


def command(
    arguments: Sequence[str | Path],
    *,
    output: int = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
    expected: int = 0,
) -> Sample:
    """Run a command to its end. Raises `RuntimeError` for another exit.

    Its peak is that of the largest process; 0 where that is less than this process has had, as a process that was
    forked has its parent's peak to begin with.
    """
    texts = [str(each) for each in arguments]
    begun = time.perf_counter()
    process = subprocess.Popen(texts, stdin=subprocess.DEVNULL, stdout=output, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise RuntimeError(f"{texts} ended with {process.returncode}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss * 1024 / MEGABYTE if usage.ru_maxrss > own else 0.0
    return Sample(wall, usage.ru_utime + usage.ru_stime, peak)


def program(name: str, *arguments: object) -> dict[str, Any]:
    """Run `benchmarks.programs.NAME` in a process of its own, and return what it printed. Raises `RuntimeError`."""
    result = subprocess.run(
        [sys.executable, "-m", f"benchmarks.programs.{name}", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"the program {name} ended with {result.returncode}")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def sample_of(document: Mapping[str, Any]) -> Sample:
    """The sample that a program's `section` told."""
    return Sample(document["wall"], document["cpu"], document["peak"])


@contextlib.contextmanager
def section() -> Iterator[dict[str, Any]]:
    """Measure a part of this process: seconds, CPU seconds of all its threads, and by how many MB it grew.

    The dictionary is filled at the end of the block: `wall`, `cpu`, `before` and `peak`, both in MB.
    """
    gc.collect()
    figures: dict[str, Any] = {"before": resident()}
    forget_peak()
    cpu, begun = _cpu(), time.perf_counter()
    with profiled():
        yield figures
    figures["wall"] = time.perf_counter() - begun
    figures["cpu"] = _cpu() - cpu
    figures["peak"] = peak_resident()


def resident(process: int | str = "self") -> float:
    """How much memory a process has now, in MB."""
    return _status(process, "VmRSS")


def peak_resident(process: int | str = "self") -> float:
    """How much memory a process had at most since its peak was forgotten, in MB."""
    return _status(process, "VmHWM")


def forget_peak() -> None:
    """Let the peak of this process begin anew; not allowed everywhere, and then it is that of the whole life."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def cpu_of(process: int) -> float:
    """How many seconds of CPU a running process has used, to the hundredth."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(process: int | str, key: str) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024 / MEGABYTE
    return 0.0


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
