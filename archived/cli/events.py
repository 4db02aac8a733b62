"""`archivedctl events`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.kinds import Moment
from archived.cli.looks import state_cell
from archived.cli.output import (
    Cell,
    Field,
    Style,
    line,
    print_json,
    print_json_line,
    table,
    talk,
)
from archived.cli.selection import Selection, selection_of_events
from archived.cli.shell import examples, json_option
from archived.cli.stopping import stops_on_signals
from archived.cli.times import local
from archived.cli.views import View, event_view
from archived.cli.whose import rig_options, whose
from archived.core.model import Event

if TYPE_CHECKING:
    from archived.store import Reader, Selector

FOLLOW_EVERY = timedelta(seconds=1)
FOLLOW_LIMIT = 10_000
"""More than happens between two turns."""

Happening = tuple[str, Event]
"""An event, and the rig that it happened on."""

RIG = Field[Happening]("RIG", lambda each: each[0])

FIELDS = (
    Field[Happening]("AT", lambda each: local(each[1].at)),
    Field[Happening]("DATASET", lambda each: each[1].dataset),
    Field[Happening]("BEFORE", lambda each: state_cell(each[1].before) if each[1].before else ""),
    Field[Happening]("AFTER", lambda each: state_cell(each[1].after)),
    Field[Happening]("WHY", lambda each: Cell(each[1].why, Style.DIM)),
)


@click.command(
    epilog=examples(
        "archivedctl events",
        "archivedctl events raw-ephys/SC011/catgt_SC011_022319_g0",
        "archivedctl events --subject 407513 --since 7d",
        "archivedctl events --since 2h --follow --json",
    )
)
@selection_of_events
@rig_options
@click.option(
    "--since", type=Moment(), metavar="WHEN", help="What happened since 2h, 3d, or a time."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="The newest N only.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@json_option
@pass_caller
def command(
    caller: Caller,
    selection: Selection,
    rig_name: str | None,
    all_rigs: bool,
    since: datetime | None,
    limit: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what happened to the datasets, in order: to all of them, or to those that are selected."""
    with caller.reading() as store:
        meant = whose(store, rig_name, all_rigs)
        for name in selection.exact:
            if not store.owners(name) or not meant.every:
                meant.find(name)

        selector = selection.selector if selection.given else None

        def happened(since: datetime | None, limit: int) -> list[Happening]:
            return happenings(meant.stores, selector, since, limit)

        found = happened(since, limit)
        if follow:
            _follow(caller, happened, found, as_json=as_json)
        elif as_json:
            print_json([happening_view(each) for each in found])
        elif found:
            caller.show([table((RIG, *FIELDS) if meant.every else FIELDS, found)])
        else:
            talk("Nothing has happened yet." if since is None else "Nothing has happened since.")


def happenings(
    stores: Iterable[Reader], selector: Selector | None, since: datetime | None, limit: int
) -> list[Happening]:
    """The newest events of some rigs, oldest first: of all datasets, or of those that are selected."""
    found = [
        (each.rig, event)
        for each in stores
        for event in (
            each.events(since=since, limit=limit)
            if selector is None
            else each.events_of(selector, since=since, limit=limit)
        )
    ]
    return sorted(found, key=lambda each: each[1].at)[-limit:]


def happening_view(happening: Happening) -> View:
    """One object of `events --json`."""
    return {**event_view(happening[1]), "rig": happening[0]}


def _follow(
    caller: Caller,
    happened: Callable[[datetime | None, int], list[Happening]],
    happenings: Sequence[Happening],
    *,
    as_json: bool,
) -> None:
    """Print what is there, then what comes, one line each, until the caller stops."""
    seen: set[Happening] = set()
    newest = happenings[-1][1].at if happenings else caller.now()
    with stops_on_signals(caller.stop):
        while True:
            for each in happenings:
                if each not in seen:
                    _print_line(caller, each, as_json=as_json)
            # Times have a resolution: several events may share the newest one, so it is asked for again.
            newest = max([newest, *(event.at for _, event in happenings)])
            seen = {each for each in {*seen, *happenings} if each[1].at >= newest}
            if caller.stop.wait(FOLLOW_EVERY.total_seconds()):
                return
            happenings = happened(newest, FOLLOW_LIMIT)


def _print_line(caller: Caller, happening: Happening, *, as_json: bool) -> None:
    if as_json:
        print_json_line(happening_view(happening))
        return
    event = happening[1]
    before = f"{event.before} ▶ " if event.before else ""
    moved = (f"{local(event.at)}  {event.dataset}  {before}", state_cell(event.after))
    caller.show([line(*moved, Cell(f"  {event.why}", Style.DIM))])
