"""Whether a rig has archived nothing for longer than is usual for it, although recordings wait.

Only time in which something waited counts, in what is usual as in what is judged: nights and weekends without recordings are no silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from archived.core.lifecycle import State

FLOOR = timedelta(hours=6)
"""Nothing shorter is a silence, however busy the rig."""
UNKNOWN = timedelta(days=2)
"""What counts as one while nothing is known of the rig."""
ENOUGH = 7
"""From so many days on which something was archived something can be learnt."""
TIMES = 3
"""How much longer than usual it has to be."""
USUALLY = 0.95
"""The share of days that are usual: an outage or two in the past teach nothing."""

ANEW = (None, State.ARCHIVED, State.FAILED, State.HELD)
"""The states after which a dataset sets out for the archive."""


class Move(NamedTuple):
    """One move of one dataset, of which little matters here. `proved` is false where the archive was only looked at."""

    dataset: int
    at: datetime
    before: State | None
    after: State
    proved: bool


def silences(moves: Iterable[Move]) -> list[timedelta]:
    """The longest quiet of each day on which something was archived, oldest first.

    It was quiet before a dataset was archived since the one before, and since it set out.
    """
    began: dict[int, datetime] = {}
    longest: dict[date, timedelta] = {}
    last: datetime | None = None
    for each in moves:
        if each.before in ANEW:
            began[each.dataset] = each.at
        if each.after is not State.ARCHIVED or not each.proved:
            continue
        set_out = began.get(each.dataset)
        since = [at for at in (set_out, last) if at is not None]
        if set_out is not None:
            # Of a batch the first dataset tells how long it took, and all the others nothing.
            day, quiet = each.at.date(), each.at - max(since)
            longest[day] = max(longest.get(day, timedelta(0)), quiet)
        last = each.at
    return list(longest.values())


def too_long(habit: Sequence[timedelta]) -> timedelta:
    """From when on a silence is an alarm."""
    if len(habit) < ENOUGH:
        return UNKNOWN
    usual = sorted(habit)[int(USUALLY * (len(habit) - 1))]
    return max(FLOOR, TIMES * usual)


def silent_since(
    habit: Sequence[timedelta],
    last: datetime | None,
    waiting: datetime | None,
    now: datetime,
) -> datetime | None:
    """Since when it has been silent for too long, or None.

    `last` is when something was last archived, `waiting` since when the longest-waiting dataset waits; None where
    there is none.
    """
    if waiting is None:
        return None
    since = waiting if last is None else max(waiting, last)
    return since if now - since >= too_long(habit) else None
