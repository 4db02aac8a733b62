"""The page of `archivedctl status`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from archived.cli.counting import counted
from archived.cli.looks import TRANSFER_FIELDS, count_cell, state_cell
from archived.cli.output import Cell, Field, Line, Page, Style, Table, heading, line, table
from archived.cli.times import ago, local_iso
from archived.cli.views import View
from archived.core.lifecycle import State
from archived.core.units import format_size

UNKNOWN_SHOWN = 10
"""How many animals without a subject a person is shown."""

UNKNOWN_SUBJECTS = 100
"""How many `--json` names; `subjects list --unknown` has all of them."""

BUSY = (State.TRANSFERRING, State.VERIFYING)


def _location_fields(locations: Sequence[View]) -> tuple[Field[View], ...]:
    """A column for each state that something is in, and always for what is safe: a narrow terminal has room then."""
    shown = [
        state
        for state in State
        if state is State.ARCHIVED or any(each["counts"][state] for each in locations)
    ]
    return (
        Field[View]("LOCATION", lambda view: view["name"]),
        *(_count_field(state) for state in shown),
        Field[View]("SAFE FILES", lambda view: str(view["files_archived"]), right=True),
        Field[View]("SAFE BYTES", lambda view: format_size(view["bytes_archived"]), right=True),
        Field[View]("ARCHIVE", lambda view: Cell(view["archive"] or "", Style.DIM)),
    )


def _count_field(state: State) -> Field[View]:
    return Field[View](
        state.upper(), lambda view: count_cell(view["counts"][state], state), right=True
    )


class Drawing(NamedTuple):
    """How a view of `status` is shown: as a page, in one line, and whether somebody has to look."""

    page: Callable[[View, datetime], Page]
    summary: Callable[[View], str]
    needs_a_person: Callable[[View], bool]


def page_of(view: View, now: datetime) -> Page:
    """What `status` shows a person."""
    page: list[Line | Table] = [*_head(view, now), line()]
    page.append(table(_location_fields(view["locations"]), view["locations"]))
    if view["transfers"]:
        page += [*heading("Transfers"), table(TRANSFER_FIELDS, view["transfers"])]
    if view["alarms"]:
        page += heading("Alarms")
        for alarm in view["alarms"]:
            page += _trouble(Cell("alarm", Style.BAD), alarm["message"], alarm, now)
    if view["attention"]:
        page += heading("Needs a person")
        for each in view["attention"]:
            page.append(line(state_cell(each["state"]), "  ", Cell(each["dataset"], Style.STRONG)))
            page += _trouble(None, each["reason"], each, now)
        page += _rest(view["counts"][State.FAILED] - len(view["attention"]))
    if view["unrecognised"]:
        page += heading("Not recognised, so not archived")
        for each in view["unrecognised"]:
            nearest = f" (nearest: {each['nearest']})" if each["nearest"] else ""
            page += [line(each["path"]), line(Cell(each["why"] + nearest, Style.DIM), indent=2)]
    if view["unknown_subjects"]:
        page += _unknown_subjects(view["unknown_subjects"])
    return page


def summary(view: View) -> str:
    """The counts in one line, as `--watch` prints them where there is no terminal."""
    counts = ", ".join(f"{number} {state}" for state, number in view["counts"].items() if number)
    moving = sum(each["bytes"] for each in view["transfers"])
    done = sum(each["bytes_done"] for each in view["transfers"])
    travelling = f"; {format_size(done)} of {format_size(moving)} sent" if moving else ""
    alarms = f"; {counted(len(view['alarms']), 'alarm')}" if view["alarms"] else ""
    running = "" if view["daemon"]["running"] else "; the daemon is not running"
    return (counts or "nothing is known yet") + travelling + alarms + running


def _head(view: View, now: datetime) -> list[Line]:
    daemon = view["daemon"]
    if daemon["running"]:
        dot = Cell("●", Style.GOOD)
        said = f"running since {local_iso(daemon['since'])} (pid {daemon['pid']})"
    else:
        dot, said = Cell("○", Style.BAD), "the daemon is not running"
    tick = datetime.fromisoformat(daemon["last_tick"]) if daemon["last_tick"] else None
    lines = [
        line(dot, " ", Cell(view["rig"], Style.STRONG), f"  {said}, last turn {ago(tick, now)}"),
        line(Cell(f"store {view['store']}", Style.DIM), indent=2),
    ]
    if not daemon["running"]:
        hint = "nothing is archived until it runs: `systemctl start archived`, or `archived`"
        lines.append(line(Cell(hint, Style.WARN), indent=2))
    verification = view["verification"]
    if verification["files"]:
        never = verification["never"]
        more = f", and {counted(never, 'file')} never" if never else ""
        oldest = datetime.fromisoformat(verification["oldest"])
        said = f"the archive was verified, the longest ago {ago(oldest, now)}{more}"
        lines.append(line(Cell(said, Style.DIM), indent=2))
    if view["paused"]:
        until = view["paused"]["until"]
        end = f"until {local_iso(until)}" if until else "until `archivedctl resume`"
        lines.append(line(Cell(f"paused {end}: {view['paused']['why']}", Style.WARN), indent=2))
    if view["recording"]:
        done = "only read slowly" if view["recording"]["reading"] else "not read"
        said = f"{view['recording']['dataset']} is being recorded: meanwhile files are {done} for checksums"
        lines.append(line(Cell(said, Style.DIM), indent=2))
    if view["watcher"] and view["watcher"]["reason"]:
        said = f"changes are noticed by {view['watcher']['mode']}: {view['watcher']['reason']}"
        lines.append(line(Cell(said, Style.WARN), indent=2))
    return lines


def _trouble(label: Cell | None, message: str, view: View, now: datetime) -> list[Line]:
    since = ago(datetime.fromisoformat(view["since"]), now)
    first = line(label, "  ", message) if label else line(message, indent=2)
    lines = [first, line(Cell(f"since {since.removesuffix(' ago')}", Style.DIM), indent=2)]
    if view["what_to_do"]:
        lines.append(line("▶ ", view["what_to_do"], indent=2))
    return lines


def _unknown_subjects(h2os: Sequence[str]) -> list[Line]:
    """A line, and what to do; recordings of such animals are archived all the same, unless they say otherwise."""
    more = len(h2os) - UNKNOWN_SHOWN
    number = f"at least {more}" if len(h2os) == UNKNOWN_SUBJECTS else str(more)
    names = ", ".join(h2os[:UNKNOWN_SHOWN]) + (f" and {number} more" if more > 0 else "")
    return [
        line(),
        line(Cell("No subject is known for ", Style.WARN), names),
        line("▶ ", "`archivedctl subjects add SUBJECT_ID H2O`, or docs/SUBJECTS.md", indent=2),
    ]


def _rest(number: int) -> list[Line]:
    if number <= 0:
        return []
    return [line(Cell(f"and {number} more: `archivedctl list --state failed`", Style.DIM))]


ONE_RIG = Drawing(page_of, summary, lambda view: bool(view["attention"] or view["alarms"]))
"""How the status of one rig is shown."""
