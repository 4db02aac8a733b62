"""How a state looks: a symbol and a word beside its colour, as not everybody sees colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archived.core.lifecycle import State


class Look(NamedTuple):
    """The class of the style sheet that has its colour, its symbol, and what it means for the recording."""

    colour: str
    symbol: str
    meaning: str


LOOKS: Mapping[State, Look] = {
    State.FAILED: Look("bad", "✕", "needs a person"),
    State.WAITING: Look("wait", "↻", "went wrong, and is tried again by itself"),
    State.HELD: Look("wait", "‖", "left alone until a person releases it"),
    State.SETTLING: Look("idle", "…", "being recorded, or not quiet for long enough yet"),
    State.READY: Look("idle", "○", "finished, waits for its transfer"),
    State.TRANSFERRING: Look("busy", "↑", "on its way to the archive"),
    State.VERIFYING: Look("busy", "◎", "has arrived, and is being proved"),
    State.ARCHIVED: Look("good", "✓", "safe: every file is proved to be in the archive"),
}
"""The state that a person wants to know of first comes first."""

FILE_COLOURS: Mapping[str, str] = {
    "archived": "good",
    "travelling": "busy",
    "changed": "bad",
    "failed": "bad",
    "missing": "bad",
    "different": "bad",
}
"""The colours of the states of files; others are plain."""

URGENCY = {state: number for number, state in enumerate(LOOKS)}


def most_urgent(states: Mapping[State, int]) -> State:
    """Of several states, the one that a person wants to know of first. There has to be one."""
    return min((state for state, number in states.items() if number), key=URGENCY.__getitem__)
