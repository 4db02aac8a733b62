"""Sessions that lack a part which sessions of this rig usually have: video without ephys, or the other way round.

A session is an animal on a day. Its parts are what its conventions make: ephys, video, or a convention of the lab's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

PARTS: Mapping[str, str] = MappingProxyType(
    {"catgt": "ephys", "spikeglx": "ephys", "tracking-video": "video"}
)
"""Of the built-in conventions; any other makes a part of its own name."""

LEARNT_FROM = 20
"""How many of the last sessions say what is usual."""
ENOUGH = 8
"""From fewer nothing is learnt."""
USUALLY = 0.9
"""The share of sessions that have a part which is usual."""
FLOOR = timedelta(hours=12)
"""A session is left in peace for as long as this, whatever is usual."""
TIMES = 2
"""How much later than usual a part has to be."""
OLD = timedelta(days=7)
"""After so long nobody is told of a session any more."""


class Recorded(NamedTuple):
    """One dataset of an animal."""

    h2o: str
    day: date
    convention: str
    first_seen: datetime
    changed_at: datetime


class Half(NamedTuple):
    """A session that lacks something."""

    h2o: str
    day: date
    has: tuple[str, ...]
    lacks: tuple[str, ...]


def half_sessions(recorded: Iterable[Recorded], now: datetime) -> list[Half]:
    """The sessions of the last days that lack what is usual, and of which nothing was heard for long enough."""
    sessions: defaultdict[tuple[date, str], list[Recorded]] = defaultdict(list)
    for each in recorded:
        sessions[each.day, each.h2o].append(each)
    in_order = sorted(sessions)
    recent = [
        key
        for key in in_order
        # What `discover` finds is new here, and may be years old.
        if now - last_heard(sessions[key]) < OLD and now.date() - key[0] < 2 * OLD
    ]
    found = []
    for key in recent:
        # What is judged teaches nothing about itself, nor does what may not be over yet.
        others = [sessions[each] for each in in_order if each != key and each not in recent[-1:]]
        usual, patience = habits(others[-LEARNT_FROM:])
        has = parts(sessions[key])
        lacks = usual - has
        if lacks and has & usual and now - last_heard(sessions[key]) >= patience:
            day, h2o = key
            found.append(Half(h2o, day, tuple(sorted(has)), tuple(sorted(lacks))))
    return found


def habits(sessions: Sequence[Sequence[Recorded]]) -> tuple[set[str], timedelta]:
    """The parts that sessions usually have, and how long to wait for one of them."""
    if len(sessions) < ENOUGH:
        return set(), FLOOR
    counts: defaultdict[str, int] = defaultdict(int)
    for session in sessions:
        for part in parts(session):
            counts[part] += 1
    usual = {part for part, number in counts.items() if number >= USUALLY * len(sessions)}
    lags = [_lag(session) for session in sessions]
    return usual, max(FLOOR, TIMES * max(lags))


def parts(session: Iterable[Recorded]) -> set[str]:
    """What it has."""
    return {PARTS.get(each.convention, each.convention) for each in session}


def last_heard(session: Iterable[Recorded]) -> datetime:
    """When something of it was last seen for the first time, or changed."""
    return max(max(each.first_seen, each.changed_at) for each in session)


def _lag(session: Iterable[Recorded]) -> timedelta:
    """How long after its first part the last one was seen."""
    firsts: dict[str, datetime] = {}
    for each in session:
        part = PARTS.get(each.convention, each.convention)
        firsts[part] = min(each.first_seen, firsts.get(part, each.first_seen))
    return max(firsts.values()) - min(firsts.values())
