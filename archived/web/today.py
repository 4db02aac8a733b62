"""One plain answer to: is everything of today safe? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from archived.core.lifecycle import State
from archived.web.source import View

LATE = timedelta(minutes=15)
"""Slow work never holds up a turn of the daemon, so one that took so long does not end."""


class Kind(StrEnum):
    """How the answer is meant; the value is its class in the style sheet."""

    SAFE = "good"
    NOT_YET = "busy"
    DOUBTFUL = "wait"
    NO = "bad"
    NOTHING = "idle"


class Answer(NamedTuple):
    """The answer in a word or two, and why."""

    kind: Kind
    word: str
    why: str


def answer(status: View, of_today: Sequence[View], now: datetime) -> Answer:
    """The answer. It is yes only where nothing is known that speaks against it: no alarm, and a daemon that looks."""
    states = Counter(State(view["state"]) for view in of_today)
    number, safe = states.total(), states[State.ARCHIVED]
    if states[State.FAILED]:
        return Answer(
            Kind.NO,
            "No",
            f"{_so_many(states[State.FAILED], number)} of today {_needs(states[State.FAILED])} a person.",
        )
    if number > safe:
        return Answer(Kind.NOT_YET, "Not yet", _on_their_way(states, number, safe))
    doubt = _doubt(status, now)
    if doubt:
        known = (
            f"All {number} known of today are safe, but"
            if number
            else "Nothing of today is known, and"
        )
        return Answer(Kind.DOUBTFUL, "Not certain", f"{known} {doubt}")
    if not number:
        return Answer(Kind.NOTHING, "Nothing yet", "Nothing was recorded today.")
    every = "The one recording" if number == 1 else f"All {number} recordings"
    return Answer(
        Kind.SAFE, "Yes", f"{every} of today {'is' if number == 1 else 'are'} safe in the archive."
    )


def _so_many(some: int, number: int) -> str:
    if number == 1:
        return "The one recording"
    return f"{some} of {number} recordings"


def _needs(number: int) -> str:
    return "needs" if number == 1 else "need"


def _on_their_way(states: Counter[State], number: int, safe: int) -> str:
    held = states[State.HELD]
    moving = number - safe - held
    parts = (
        [f"{_so_many(safe, number)} of today {'is' if safe == 1 else 'are'} safe"] if safe else []
    )
    if not safe:
        parts = [
            f"None of {number} recordings of today is safe"
            if number > 1
            else "The one recording of today is not safe yet"
        ]
    if moving:
        parts.append(f"{moving} {'is' if moving == 1 else 'are'} on the way")
    if held:
        parts.append(f"{held} {'is' if held == 1 else 'are'} held by a person")
    return "; ".join(parts) + "."


def is_at_work(status: View, now: datetime) -> bool:
    """Whether the daemon is running, and comes round."""
    daemon = status["daemon"]
    seen = [daemon[key] for key in ("since", "last_tick") if daemon[key]]
    return daemon["running"] and (not seen or now - datetime.fromisoformat(max(seen)) < LATE)


def _doubt(status: View, now: datetime) -> str:
    """What stands in the way of a yes, as the end of a sentence; "" where nothing does."""
    if not status["daemon"]["running"]:
        return "the daemon is not running, so what came since is not known."
    if not is_at_work(status, now):
        return "the daemon hangs, so what came since is not known."
    if status["alarms"]:
        return "an alarm is on: see below."
    return ""
