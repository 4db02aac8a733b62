"""How things look that several commands show: states, counts, transfers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from archived.cli.counting import counted
from archived.cli.output import Cell, Field, Style
from archived.cli.times import roughly
from archived.cli.views import View
from archived.core.lifecycle import State
from archived.core.model import BatchState
from archived.core.units import format_size

STATE_STYLES: Mapping[State, Style] = {
    State.SETTLING: Style.PLAIN,
    State.READY: Style.PLAIN,
    State.TRANSFERRING: Style.STRONG,
    State.VERIFYING: Style.STRONG,
    State.WAITING: Style.WARN,
    State.ARCHIVED: Style.GOOD,
    State.FAILED: Style.BAD,
    State.HELD: Style.WARN,
}


def state_cell(word: str) -> Cell:
    """A state in its colour."""
    return Cell(word, STATE_STYLES[State(word)])


def count_cell(number: int, state: State) -> Cell:
    """How many are in a state; none is shown as a dot, so that the others are seen."""
    return Cell(str(number), STATE_STYLES[state]) if number else Cell("·", Style.DIM)


def _done(view: View) -> str:
    if not view["bytes"]:
        return f"{view['files_done']} of {counted(view['files'], 'file')}"
    ended = view["state"] in (BatchState.SENT, BatchState.PROVED)
    percent = 100 if ended else min(100, 100 * view["bytes_done"] // view["bytes"])
    return f"{percent}% of {format_size(view['bytes'])}"


def _rate(view: View) -> str:
    return f"{format_size(round(view['rate']))}/s" if view["rate"] else ""


def _left(view: View) -> str:
    seconds = view["eta_seconds"]
    return "" if seconds is None else roughly(timedelta(seconds=min(seconds, 10**8)))


def _remark(view: View) -> Cell:
    """The mover's own words where it gave some, else why it waits."""
    return Cell(view["nice_status"] or view["reason"], Style.WARN)


TRANSFER_FIELDS = (
    Field[View]("BATCH", lambda view: view["batch"][:8]),
    Field[View]("TASK", lambda view: view["task_id"] or ""),
    Field[View]("LOCATION", lambda view: view["location"]),
    Field[View]("STATE", lambda view: view["state"]),
    Field[View]("FILES", lambda view: str(view["files"]), right=True),
    Field[View]("DONE", _done, right=True),
    Field[View]("RATE", _rate, right=True),
    Field[View]("LEFT", _left, right=True),
    Field[View]("REMARK", _remark),
)
