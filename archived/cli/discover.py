"""`archivedctl discover`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller, tell_of_upgrade
from archived.cli.completing import complete_dataset, complete_location
from archived.cli.discover_page import gather, page_of, unfinished
from archived.cli.output import print_json, talk
from archived.cli.places import Place, places
from archived.cli.progress import WalkReporter, reporting_walks
from archived.cli.shell import FAILED, NEEDS_A_PERSON, examples, json_option
from archived.cli.stopping import stops_on_signals
from archived.cli.times import local
from archived.cli.views import View
from archived.core.paths import printable
from archived.errors import ArchivedError, StoreError, WalkGoneError

if TYPE_CHECKING:
    from archived.discover.discovering import Discovering, Wish
    from archived.movers import Movers
    from archived.store import Discovery, Store

LISTED = 1_000
"""How many of each list are shown unless more are asked for."""


@click.command(
    epilog=examples(
        "archivedctl discover",
        "archivedctl discover --dry-run -l raw-ephys",
        "archivedctl discover raw-ephys/SC011 --json",
    )
)
@click.argument("where", required=False, metavar="[NAME|PATH]", shell_complete=complete_dataset)
@click.option(
    "-l",
    "--location",
    "locations",
    multiple=True,
    metavar="NAME",
    help="Only this location; may be given several times.",
    shell_complete=complete_location,
)
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--believe",
    is_flag=True,
    help="Take the archive's word even if a large part of it is lost.",
)
@click.option("--restart", is_flag=True, help="Begin anew what an earlier run left unfinished.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=LISTED,
    show_default=True,
    help="How many files of each list to give.",
)
@json_option
@pass_caller
def command(
    caller: Caller,
    where: str | None,
    locations: Sequence[str],
    dry_run: bool,
    believe: bool,
    restart: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Register what the archive holds, and tell what is missing there.

    Walks over the archives and compares them with the catalogue: an empty one is filled with everything that is
    recognised, in a filled one files that the archive lost, or holds with another size, are marked and told of.
    Nothing is ever deleted or sent, here or there. What was interrupted goes on when it is typed again.

    WHERE is a location, a dataset, a folder of them (raw-ephys/SC011), or a path below a watched folder. Exits
    with 3 when something is missing or different.
    """
    from archived.discover.discovering import Wish
    from archived.movers import opened
    from archived.store import Store

    configuration = caller.configuration
    wanted = places(configuration, where, locations)
    views: list[View] = []
    failures: list[ArchivedError] = []
    with ExitStack() as stack:
        stack.enter_context(stops_on_signals(caller.stop))
        store = stack.enter_context(
            Store.open(
                configuration.store,
                rig=configuration.rig,
                create=True,
                anew=True,
                now=caller.now(),
            )
        )
        tell_of_upgrade(store)
        movers = stack.enter_context(opened(configuration))
        for place in wanted:
            wish = Wish(below=place.below, dry_run=dry_run, restart=restart, believe=believe)
            view, failure = _discover(caller, store, movers, place, wish, limit, quiet=as_json)
            views.append(view)
            failures += [failure] if failure is not None else []
            if caller.stop.is_set():
                break
    _show(caller, views, failures, dry_run=dry_run, as_json=as_json)
    named = all(place.below for place in wanted)
    if where and named and not failures and all(map(_found_nothing, views)):
        talk(f"Neither an archive nor the catalogue has anything at {printable(where)}.")
        click.get_current_context().exit(FAILED)


def _found_nothing(view: View) -> bool:
    """Whether there is nothing of it on either side: most likely its name was misspelt."""
    return not any(number for name, number in view["counts"].items() if name != "folders")


def _discover(
    caller: Caller,
    store: Store,
    movers: Movers,
    place: Place,
    wish: Wish,
    limit: int,
    *,
    quiet: bool,
) -> tuple[View, ArchivedError | None]:
    """One location. What goes wrong with its archive does not keep the others from being looked at."""
    while True:
        try:
            return _walk(caller, store, movers, place, wish, limit, quiet=quiet)
        except WalkGoneError:
            # Somebody else was through with it, and somebody else began the next one: this one joins in that.
            wish = replace(wish, restart=False)


def _walk(
    caller: Caller,
    store: Store,
    movers: Movers,
    place: Place,
    wish: Wish,
    limit: int,
    *,
    quiet: bool,
) -> tuple[View, ArchivedError | None]:
    from archived.transfer.pace import Manners

    with reporting_walks(caller.environ, quiet=quiet) as reporter:
        discovering = _discovering(caller, store, movers, reporter)
        before = caller.now()
        discovery = discovering.begin(place.settings, wish)
        if discovery.started_at < before and not quiet:
            _say_that_it_goes_on(discovery)
        try:
            outcome = discovering.run(place.settings, discovery, Manners(), believe=wish.believe)
        except StoreError:
            raise
        except ArchivedError as error:
            return unfinished(store, place.settings, discovery, limit, error), error
    return gather(store, place.settings, outcome, limit), None


def _discovering(
    caller: Caller, store: Store, movers: Movers, reporter: WalkReporter
) -> Discovering:
    from archived.discover.discovering import Discovering

    return Discovering(
        caller.configuration,
        store,
        movers.of,
        stop=caller.stop,
        now=caller.now,
        progress=reporter.tell,
    )


def _say_that_it_goes_on(discovery: Discovery) -> None:
    began = local(discovery.started_at)
    talk(
        f"{printable(discovery.location)}: goes on with what was begun {began}; --restart begins anew"
    )


def _show(
    caller: Caller,
    views: Sequence[View],
    failures: Sequence[ArchivedError],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "discoveries": views})
    else:
        for view in views:
            caller.show(page_of(view, dry_run=dry_run))
        for failure in failures:
            talk(f"archivedctl: {failure}")
            if failure.what_to_do:
                talk(f"archivedctl: {failure.what_to_do}")
    context = click.get_current_context()
    if failures:
        context.exit(failures[0].exit_code)
    if caller.stop.is_set():
        talk("Stopped; typed again, it goes on from here.")
        context.exit(FAILED)
    lost = ("only_in_catalogue", "different", "different_content")
    if any(view["counts"][name] for view in views for name in lost):
        context.exit(NEEDS_A_PERSON)
