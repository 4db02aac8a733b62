"""`archivedctl retrieve`."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.counting import counted
from archived.cli.naming import spellings
from archived.cli.output import Page, print_json, talk
from archived.cli.progress import reporting_bringing
from archived.cli.publish import Talk
from archived.cli.retrieve_page import outcome_page, outcome_view, plan_page, plan_view
from archived.cli.selection import Selection, all_option, selection_options
from archived.cli.shell import FAILED, NEEDS_A_PERSON, examples, json_option
from archived.cli.stopping import ends_on_signals, stops_on_signals
from archived.cli.views import View
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.movers import Movers
    from archived.retrieve import Plan
    from archived.store import Store

GO_ON = "archivedctl retrieve --continue"


@click.command(
    epilog=examples(
        "archivedctl retrieve --subject 407513 --dry-run",
        "archivedctl retrieve --subject 407513 --file-type '*-meta'",
        "archivedctl retrieve raw-ephys/SC011/catgt_SC011_022319_g0 --to /scratch/ada",
        GO_ON,
    )
)
@selection_options
@all_option
@click.option(
    "--to",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Bring it to this folder, instead of each location's own.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be brought.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, however much it is.")
@click.option(
    "--continue",
    "go_on",
    is_flag=True,
    help="Go on with everything that was stopped before its end.",
)
@click.option(
    "--cancel",
    "give_up",
    is_flag=True,
    help="Stop what was begun, and give it up; what has arrived stays.",
)
@json_option
@pass_caller
def command(
    caller: Caller,
    selection: Selection,
    to: str | None,
    dry_run: bool,
    yes: bool,
    go_on: bool,
    give_up: bool,
    as_json: bool,
) -> None:
    """Bring recordings back from the archive.

    They come to the folder of their location (local_endpoint_local_path), or below --to, under the paths that they
    had. A file that is there already and is the same is passed over; one that differs is never touched, but told of.
    The configuration has to allow it (writable = yes), and nothing is brought to where this rig records.

    Ctrl-C leaves it: type the same again, or --continue. Exits with 3 when something that was asked for is not
    there in the end, and with 1 when it was stopped.
    """
    _insist_on_sense(selection, to, dry_run=dry_run, go_on=go_on, give_up=give_up)
    from archived.movers import opened
    from archived.retrieve import folder_named

    # The whole path, so that the same command is known again wherever it is typed.
    to = None if to is None else folder_named(to)

    with ExitStack() as stack:
        stack.enter_context(stops_on_signals(caller.stop))
        store = stack.enter_context(caller.store())
        movers = stack.enter_context(opened(caller.configuration))
        if give_up:
            _give_up(caller, store, movers, as_json=as_json)
            return
        plan = _plan(caller, store, movers, None if go_on else selection, to, quiet=as_json)
        if plan is None or (caller.stop.is_set() and not go_on):
            talk("Stopped; nothing was begun.")
            click.get_current_context().exit(FAILED)
        if plan.empty:
            talk("Nothing was left to go on with." if go_on else "No archived file fits.")
        if dry_run:
            _show_plan(caller, plan, as_json=as_json)
        else:
            _bring(caller, store, movers, plan, _as_typed(selection, to), yes=yes, as_json=as_json)


def _insist_on_sense(
    selection: Selection, to: str | None, *, dry_run: bool, go_on: bool, give_up: bool
) -> None:
    if go_on and give_up:
        raise click.UsageError("Say either --continue or --cancel.")
    if give_up and dry_run:
        raise click.UsageError("--cancel really stops what was begun; it cannot be a --dry-run.")
    if go_on or give_up:
        if selection.given or to is not None:
            word = "--cancel" if give_up else "--continue"
            raise click.UsageError(f"{word} is about what was begun: it takes no selection.")
    elif not selection.given:
        raise click.UsageError(
            "Name the datasets to bring back, select them with options, or say --all."
        )


def _plan(
    caller: Caller,
    store: Store,
    movers: Movers,
    selection: Selection | None,
    to: str | None,
    *,
    quiet: bool,
) -> Plan | None:
    """What is selected, or without a selection what was begun; None where the caller stopped it."""
    from archived.retrieve import StoppedError, prepare, resume

    if selection is None:
        return resume(caller.configuration, store)
    _insist_on_names(store, selection)
    try:
        with reporting_bringing(caller.environ, quiet=quiet) as reporter:
            return prepare(
                caller.configuration,
                store,
                movers,
                selection.selector,
                to=to,
                stop=caller.stop,
                tell=reporter.tell,
            )
    except StoppedError:
        return None


def _insist_on_names(store: Store, selection: Selection) -> None:
    """A name that is given exactly must be one of a dataset, of whichever rig."""
    from archived.store import Selector

    for name in selection.exact:
        known = Selector(names=spellings(name), everywhere=True)
        if next(store.select(known, limit=1), None) is None:
            store.dataset(name)  # says so, and which names are similar


def _bring(
    caller: Caller,
    store: Store,
    movers: Movers,
    plan: Plan,
    asked_for: str,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    from archived.retrieve import bring, insist_on_room

    insist_on_room(plan)
    _ask(caller, plan, yes=yes)
    if plan.files and not as_json:
        talk(f"bringing {counted(plan.files, 'file')}, {format_size(plan.bytes)}")
    with reporting_bringing(caller.environ, quiet=as_json) as reporter:
        outcome = bring(
            caller.configuration,
            store,
            movers,
            plan,
            asked_for=asked_for,
            asked_by=caller.name,
            stop=caller.stop,
            tell=reporter.tell,
            log=Talk(),
        )
    view = outcome_view(plan, outcome)
    _show(caller, view, outcome_page(view), as_json=as_json)
    if outcome.left:
        talk(f"Stopped; {counted(len(outcome.left), 'file')} left. To go on, type: {GO_ON}")
    if not outcome.complete:
        click.get_current_context().exit(FAILED if outcome.left else NEEDS_A_PERSON)


def _ask(caller: Caller, plan: Plan, *, yes: bool) -> None:
    """Ask before much is brought; what was begun was asked for already."""
    limit = caller.configuration.retrieve.ask_above
    if yes or plan.resumed or plan.bytes <= limit:
        return
    amount = f"{counted(plan.files, 'file')}, {format_size(plan.bytes)}"
    if not at_terminal():
        raise click.UsageError(
            f"This would bring {amount}, and more than {format_size(limit)} is asked about: "
            "say --yes to bring it without being asked."
        )
    with ends_on_signals():
        click.confirm(f"Really bring {amount}?", abort=True, err=True)


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _give_up(caller: Caller, store: Store, movers: Movers, *, as_json: bool) -> None:
    from archived.retrieve import cancel

    number = cancel(
        caller.configuration,
        store,
        movers,
        asked_by=caller.name,
        stop=caller.stop,
        log=Talk(),
    )
    left = len(store.retrievals())
    if as_json:
        print_json({"cancelled": number - left})
    else:
        talk(f"Gave up {counted(number - left, 'retrieval')}.")
    if left:
        talk("Stopped before the transfers had ended; type it again.")
        click.get_current_context().exit(FAILED)


def _show_plan(caller: Caller, plan: Plan, *, as_json: bool) -> None:
    view = plan_view(plan)
    _show(caller, view, plan_page(view), as_json=as_json)
    if plan.flawed:
        click.get_current_context().exit(NEEDS_A_PERSON)


def _show(caller: Caller, view: View, page: Page, *, as_json: bool) -> None:
    if as_json:
        print_json(view)
    else:
        caller.show(page)


def _as_typed(selection: Selection, to: str | None) -> str:
    """The selection in the words in which it could be typed, by which the same command is known again."""
    chosen = selection.selector
    said = {
        "subject": chosen.subject,
        "h2o": chosen.h2o,
        "location": chosen.location,
        "date": chosen.date,
        "since": chosen.since,
        "until": chosen.until,
        "file-type": chosen.file_type,
        "convention": chosen.convention,
        "to": to,
    }
    words = [*selection.typed]
    words += [f"--{name}={value}" for name, value in said.items() if value is not None]
    words += [f"--state={state}" for state in chosen.states]
    words += ["--all"] if selection.everything else []
    return shlex.join(words)
