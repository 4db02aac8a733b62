"""Runs a target on inputs, with a limit on the processor's time of each, and makes what was found small."""

from __future__ import annotations

import random
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from archived.secrecy.hidden import KNOWN
from tests.fuzz.mutator import mutate
from tests.fuzz.target import Target

KEPT = Path(__file__).parent / "kept"
"""Inputs that once showed something, by target; each is called after what it showed."""

LONGEST_RUN = 10.0
"""Seconds of the processor's time that one input may take. Work itself is counted where that is possible."""


class HangError(Exception):
    """One input takes too long."""


@dataclass(frozen=True)
class Finding:
    """An input, and what came of it."""

    target: str
    data: bytes
    error: BaseException

    def __str__(self) -> str:
        shown = self.data if len(self.data) < 600 else self.data[:600] + b"..."
        what = f"{type(self.error).__name__}: {self.error}"
        return f"{self.target}, {len(self.data)} bytes: {what}\n{shown!r}"


def new_seed() -> int:
    """A seed that nobody tried before."""
    return secrets.randbits(32)


def kept(target: Target) -> list[bytes]:
    """What is kept for a target."""
    folder = KEPT / target.name
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def corpus_of(target: Target) -> list[bytes]:
    """Where the mutator begins."""
    return [*target.seeds(), *kept(target)]


def attempt(target: Target, data: bytes) -> Finding | None:
    """Run it on one input; None where nothing is wrong."""
    try:
        with _limited(), _nothing_remembered():
            target.run(data)
    except target.allowed:
        return None
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return Finding(target.name, data, error)
    return None


def campaign(
    target: Target, seed: int, goes_on: Callable[[int], bool], corpus: Sequence[bytes] = ()
) -> tuple[int, Finding | None]:
    """Try spoiled inputs until something is found; returns how many were tried."""
    generator = random.Random(f"{target.name} {seed}")
    corpus = corpus or corpus_of(target)
    tried = 0
    while goes_on(tried):
        tried += 1
        found = attempt(target, mutate(generator, target, corpus))
        if found is not None:
            return tried, found
    return tried, None


def for_seconds(seconds: float) -> Callable[[int], bool]:
    """A campaign of so many seconds of the processor's time, and a few inputs at the least."""
    end = time.process_time() + seconds
    return lambda tried: tried < 5 or time.process_time() < end


def smaller(target: Target, finding: Finding) -> Finding:
    """The same finding with as few bytes as can be had by leaving out pieces."""
    kind, found = type(finding.error), finding
    if kind is HangError:
        return finding
    piece = max(1, len(found.data) // 2)
    end = time.process_time() + 5
    while time.process_time() < end:
        for data in _shorter(found.data, piece):
            again = attempt(target, data)
            if again is not None and type(again.error) is kind:
                found = again
                break
        else:
            if piece == 1:
                break
            piece //= 2
    return found


def _shorter(data: bytes, piece: int) -> Iterator[bytes]:
    for at in range(0, len(data), piece):
        yield data[:at] + data[at + piece :]


@contextmanager
def _nothing_remembered() -> Iterator[None]:
    """What an input had for a password is nothing that the log of other tests should leave out."""
    before = set(KNOWN)
    try:
        yield
    finally:
        KNOWN.clear()
        KNOWN.update(before)


@contextmanager
def _limited() -> Iterator[None]:
    """The processor's time, not the clock's: a busy machine is no fault of the input."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise HangError(f"more than {LONGEST_RUN} s of the processor's time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_RUN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
