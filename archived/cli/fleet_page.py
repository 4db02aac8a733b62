"""The pages about several rigs: the table of `rigs`, and the fleet of `status --all-rigs`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.cli.counting import counted
from archived.cli.looks import state_cell
from archived.cli.output import Cell, Field, Line, Page, Style, Table, heading, line, table
from archived.cli.status_page import Drawing
from archived.cli.times import ago
from archived.cli.views import View
from archived.core.lifecycle import State
from archived.core.units import format_size

SHOWN = 5
"""Of how many datasets of one rig that need a person a look tells."""


def rig_view(view: View) -> View:
    """An object of `rigs`, made of one of `status`."""
    return {
        "name": view["rig"],
        "host": view["host"],
        "version": view["version"],
        "running": view["daemon"]["running"],
        "since": view["daemon"]["since"],
        "last_tick": view["daemon"]["last_tick"],
        "counts": view["counts"],
        "backlog": view["backlog"],
        "attention": view["counts"][State.FAILED],
        "alarms": len(view["alarms"]),
    }


def rigs_table(rigs: Sequence[View], now: datetime) -> Table:
    """One line for each object of `rigs`."""
    return table(
        (
            Field[View]("RIG", lambda view: Cell(view["name"], Style.STRONG)),
            Field[View]("LAST SEEN", lambda view: _last_seen(view, now)),
            Field[View]("VERSION", lambda view: view["version"] or ""),
            Field[View]("RUNNING", _running),
            Field[View]("ARCHIVED", lambda view: str(view["counts"][State.ARCHIVED]), right=True),
            Field[View]("BACKLOG", lambda view: str(view["backlog"]["datasets"]), right=True),
            Field[View]("SIZE", lambda view: format_size(view["backlog"]["bytes"]), right=True),
            Field[View]("NEEDS A PERSON", _needs_a_person),
            Field[View]("HOST", lambda view: Cell(view["host"] or "", Style.DIM)),
        ),
        rigs,
    )


def _last_seen(view: View, now: datetime) -> str:
    tick = view["last_tick"]
    return ago(datetime.fromisoformat(tick) if tick else None, now)


def _running(view: View) -> Cell:
    if view["running"]:
        return Cell("yes", Style.GOOD)
    # An analyst's machine has a rig of its own, and never a daemon.
    return Cell("no", Style.BAD) if view["last_tick"] else Cell("never did", Style.DIM)


def _needs_a_person(view: View) -> Cell:
    told = [
        counted(number, word)
        for number, word in ((view["attention"], "dataset"), (view["alarms"], "alarm"))
        if number
    ]
    return Cell(", ".join(told), Style.BAD if told else Style.PLAIN)


def fleet_page(view: View, now: datetime) -> Page:
    """What `status --all-rigs` shows a person."""
    page: list[Line | Table] = [rigs_table([rig_view(each) for each in view["rigs"]], now)]
    for each in view["rigs"]:
        if not each["alarms"] and not each["attention"]:
            continue
        page += heading(f"{each['rig']} needs a person")
        page += [
            line(Cell("alarm  ", Style.BAD), alarm["message"], indent=2) for alarm in each["alarms"]
        ]
        page += [
            line(state_cell(told["state"]), "  ", told["dataset"], f": {told['reason']}", indent=2)
            for told in each["attention"][:SHOWN]
        ]
        page += _rest(each)
    return page


def _rest(view: View) -> list[Line]:
    left = view["counts"][State.FAILED] - min(len(view["attention"]), SHOWN)
    if left <= 0:
        return []
    text = f"and {left} more: `archivedctl list --state failed --rig {view['rig']}`"
    return [line(Cell(text, Style.DIM), indent=2)]


def fleet_summary(view: View) -> str:
    """The fleet in one line, as `--watch` prints it where there is no terminal."""
    rigs = [rig_view(each) for each in view["rigs"]]
    running = sum(each["running"] for each in rigs)
    datasets = sum(each["backlog"]["datasets"] for each in rigs)
    size = format_size(sum(each["backlog"]["bytes"] for each in rigs))
    troubled = [each["name"] for each in rigs if each["attention"] or each["alarms"]]
    text = f"{running} of {counted(len(rigs), 'rig')} running; backlog {counted(datasets, 'dataset')}, {size}"
    return text + (f"; needs a person: {', '.join(troubled)}" if troubled else "")


FLEET = Drawing(
    fleet_page,
    fleet_summary,
    lambda view: any(each["alarms"] or each["attention"] for each in view["rigs"]),
)
"""How the status of all rigs is shown."""
