"""Cutting the power at many moments of a recorded story."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.power.disk import Disk, Tree
from tests.power.recording import STRACE, Operation, record

STATES = int(os.environ.get("POWER_STATES", "25"))
"""How many disks each story is tried with, besides those at the moments of which something is known for sure; 0 tries
every moment, several times."""

THOROUGH = 6

needs_strace = pytest.mark.skipif(
    STRACE is None and not os.environ.get("CI"), reason="strace records what is tried here"
)


def recorded(story: str, base: Path) -> list[Operation]:
    return record([sys.executable, "-m", "tests.power.stories", story, base], base)


def moments(operations: Sequence[Operation], chance: random.Random) -> Iterator[int]:
    """After how many operations the power is cut: around each sync most of all, as much depends on it."""
    count = len(operations)
    if STATES == 0:
        yield from (number for number in range(count + 1) for _ in range(THOROUGH))
        return
    # At the beginning, at the end, and whenever something was acknowledged.
    yield from (0, count)
    yield from (
        number + 1
        for number, each in enumerate(operations)
        if each.kind == "write" and each.path.endswith("/notes")
    )
    syncs = [number for number, each in enumerate(operations) if each.kind.startswith("sync")]
    for _ in range(STATES):
        near = chance.choice(syncs) + chance.randint(0, 2)
        yield min(count, chance.choice((near, near, chance.randint(0, count))))


def disks(
    operations: Sequence[Operation], disk: Disk, seed: int
) -> Iterator[tuple[str, Tree, Sequence[Operation]]]:
    """Disks as power cuts leave them, each with its name and with what had happened."""
    chance = random.Random(seed)
    done = 0
    for number in sorted(moments(operations, chance)):
        for each in operations[done:number]:
            disk.take(each)
        done = number
        one = chance.randrange(2**32)
        yield (
            f"seed {seed}, after operation {number}, disk {one}",
            disk.after_power_cut(random.Random(one)),
            operations[:number],
        )


def noted(operations: Sequence[Operation], name: str = "notes") -> int:
    return sum(each.kind == "write" and each.path.endswith(f"/{name}") for each in operations)


def seeds() -> int:
    """Another one each time; a failure names it."""
    return int(os.environ.get("POWER_SEED", random.SystemRandom().randrange(2**32)))
