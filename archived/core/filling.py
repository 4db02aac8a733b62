"""When a disk will be full, from a few looks at it. What is removed in between makes room, and no difference to the rate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

WINDOW = timedelta(days=3)
"""How far back looks count."""
SHORTEST = timedelta(days=1)
"""From less than a day and a night no rate is made."""
SOON = timedelta(days=3)
"""A disk that is full within this time is an alarm."""
RELIEF = timedelta(days=4)
"""The alarm is over when it lasts for longer than this."""
NEARLY = 0.01
"""With a smaller share free than this a disk is as good as full, at whatever rate."""
CLOSE = timedelta(minutes=30)
"""Of looks that are closer together one is enough: a daemon that starts again and again looks each time."""
MOST = 100
"""Looks that are kept."""


class Look(NamedTuple):
    """How much was free at a time, in bytes."""

    at: datetime
    free: int


def kept(looks: Sequence[Look], new: Look) -> list[Look]:
    """The looks with a new one, without those that do not count any more; a clock that was set back begins anew."""
    recent = [each for each in looks if new.at - WINDOW <= each.at < new.at]
    if len(recent) > 1 and recent[-1].at - recent[-2].at < CLOSE:
        recent.pop()
    return [*recent, new][-MOST:]


def time_left(looks: Sequence[Look]) -> timedelta | None:
    """How long the disk lasts at the rate at which was written; None where none is known, or nothing was."""
    if _too_short(looks):
        return None
    written = sum(max(0, before.free - after.free) for before, after in pairwise(looks))
    if not written:
        return None
    seconds = (looks[-1].at - looks[0].at).total_seconds()
    left = looks[-1].free * seconds / written
    return timedelta(seconds=min(left, timedelta(days=36_500).total_seconds()))


def is_filling(looks: Sequence[Look], size: int, *, already: bool) -> bool:
    """Whether it is an alarm; `already` says whether it is one so far."""
    if not looks:
        return already
    if looks[-1].free < NEARLY * size:
        return True
    if _too_short(looks):
        return already
    left = time_left(looks)
    return left is not None and left < (RELIEF if already else SOON)


def _too_short(looks: Sequence[Look]) -> bool:
    return len(looks) < 2 or looks[-1].at - looks[0].at < SHORTEST
