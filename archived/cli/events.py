"""`archivedctl events`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.kinds import Moment
from archived.cli.looks import state_cell
from archived.cli.naming import find_dataset
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
from archived.cli.views import event_view
from archived.core.model import Event

FOLLOW_EVERY = timedelta(seconds=1)
FOLLOW_LIMIT = 10_000
"""More than happens between two turns."""

FIELDS = (
    Field[Event]("AT", lambda event: local(event.at)),
    Field[Event]("DATASET", lambda event: event.dataset),
    Field[Event]("BEFORE", lambda event: state_cell(event.before) if event.before else ""),
    Field[Event]("AFTER", lambda event: state_cell(event.after)),
    Field[Event]("WHY", lambda event: Cell(event.why, Style.DIM)),
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
    since: datetime | None,
    limit: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what happened to the datasets, in order: to all of them, or to those that are selected."""
    with caller.store() as store:
        for name in selection.exact:
            find_dataset(store, name)

        def happened(since: datetime | None, limit: int) -> list[Event]:
            if selection.given:
                return store.events_of(selection.selector, since=since, limit=limit)
            return store.events(since=since, limit=limit)

        events = happened(since, limit)
        if follow:
            _follow(caller, happened, events, as_json=as_json)
        elif as_json:
            print_json([event_view(each) for each in events])
        elif events:
            caller.show([table(FIELDS, events)])
        else:
            talk("Nothing has happened yet." if since is None else "Nothing has happened since.")


def _follow(
    caller: Caller,
    happened: Callable[[datetime | None, int], list[Event]],
    events: Sequence[Event],
    *,
    as_json: bool,
) -> None:
    """Print what is there, then what comes, one line each, until the caller stops."""
    seen: set[Event] = set()
    newest = events[-1].at if events else caller.now()
    with stops_on_signals(caller.stop):
        while True:
            for event in events:
                if event not in seen:
                    _print_line(caller, event, as_json=as_json)
            # Times have a resolution: several events may share the newest one, so it is asked for again.
            newest = max([newest, *(event.at for event in events)])
            seen = {event for event in {*seen, *events} if event.at >= newest}
            if caller.stop.wait(FOLLOW_EVERY.total_seconds()):
                return
            events = happened(newest, FOLLOW_LIMIT)


def _print_line(caller: Caller, event: Event, *, as_json: bool) -> None:
    if as_json:
        print_json_line(event_view(event))
        return
    before = f"{event.before} ▶ " if event.before else ""
    moved = (f"{local(event.at)}  {event.dataset}  {before}", state_cell(event.after))
    caller.show([line(*moved, Cell(f"  {event.why}", Style.DIM))])
