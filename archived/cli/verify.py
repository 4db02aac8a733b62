"""`archivedctl verify`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.counting import counted
from archived.cli.kinds import Moment
from archived.cli.output import print_json, talk
from archived.cli.progress import reporting_verifying
from archived.cli.publish import Talk
from archived.cli.retrieve import at_terminal
from archived.cli.selection import Selection, selection_options
from archived.cli.shell import FAILED, NEEDS_A_PERSON, examples, json_option
from archived.cli.stopping import ends_on_signals, stops_on_signals
from archived.cli.verify_page import drift_of, page_of, view_of
from archived.cli.views import View
from archived.core.paths import printable, shown
from archived.core.units import format_size
from archived.errors import NameNotFoundError

if TYPE_CHECKING:
    from archived.movers import Movers
    from archived.store import Store
    from archived.verify.values import Outcome, Plan

LISTED = 1_000


@click.command(
    epilog=examples(
        "archivedctl verify",
        "archivedctl verify --subject 407513 --deep",
        "archivedctl verify --sample 1000 --deep",
        "archivedctl verify --not-since 90d --json",
    )
)
@selection_options
@click.option("--deep", is_flag=True, help="Compare contents too, not only sizes.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only so many files, the least recently verified.",
)
@click.option(
    "--not-since",
    type=Moment(),
    metavar="TIME",
    help="Only what was not verified for so long (90d), or since a time.",
)
@click.option(
    "--believe",
    is_flag=True,
    help="Take the archive's word even if a large part of it is lost.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask, however much has to be brought.")
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
    selection: Selection,
    deep: bool,
    sample: int | None,
    not_since: datetime | None,
    believe: bool,
    yes: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Look whether the archive still holds what was archived.

    Lists each folder of the archive once and compares the sizes with the catalogue. With --deep it compares contents:
    by reading them where the archive is a directory; else by a transfer from the archive to the spool, which moves
    nothing where a copy of the rig's file is the same. Nothing in the archive is ever changed, and nothing in the
    catalogue is deleted: files that are missing or different get that state, as with `discover`.

    Everything is verified where nothing is selected. Ctrl-C ends it, and what was found out is kept. Exits with 3 when
    something is not as it was archived, and with 1 when nothing could be looked at.
    """
    from archived.movers import opened
    from archived.verify.planning import plan as plan_of
    from archived.verify.values import Wish

    wish = Wish(
        selector=selection.selector,
        deep=deep,
        sample=sample,
        not_since=not_since,
        believe=believe,
    )
    with ExitStack() as stack:
        stack.enter_context(stops_on_signals(caller.stop))
        store = stack.enter_context(caller.store())
        _insist_on_names(store, selection)
        plan = plan_of(caller.configuration, store, wish)
        _insist_on_location(caller, plan)
        _say_what_fits(plan)
        _ask(caller, plan, yes=yes)
        stack.enter_context(store.claim_verification(os.getpid(), caller.name, caller.now()))
        movers = stack.enter_context(opened(caller.configuration))
        began = caller.now()
        outcomes = _verify(caller, store, movers, plan, quiet=as_json)
        views = [view_of(store, outcome, limit) for outcome in outcomes]
    _show(caller, plan, views, as_json=as_json)
    _end(caller, plan, outcomes, views, began)


def _insist_on_names(store: Store, selection: Selection) -> None:
    """A name that is given exactly must be one of a dataset."""
    for name in selection.exact:
        store.dataset(name)


def _insist_on_location(caller: Caller, plan: Plan) -> None:
    """A location that is given must be one: a word that was typed wrong is no archive in order."""
    name = plan.wish.selector.location
    known = [each.location.name for each in caller.configuration.locations]
    if name is not None and name not in known and not plan.strange:
        raise NameNotFoundError(
            f"there is no location {shown(name)}, and nothing was verified",
            what_to_do=f"the configuration has: {', '.join(known)}",
        )


def _say_what_fits(plan: Plan) -> None:
    for location, number in plan.strange.items():
        talk(
            f"{counted(number, 'file')} of {printable(location)} cannot be verified: "
            "the configuration has no such location."
        )
    if not plan.files and not plan.strange:
        talk("No archived file fits.")


def _ask(caller: Caller, plan: Plan, *, yes: bool) -> None:
    """Ask before much is brought: what is not on the rig any more has to come whole to be compared."""
    from archived.core.model import CollectionArchive

    if not plan.wish.deep:
        return
    to_bring = sum(
        part.to_bring
        for part in plan.parts
        if isinstance(part.settings.location.archive, CollectionArchive)
    )
    if not to_bring:
        return
    amount = format_size(to_bring)
    talk(f"{amount} are not on this rig any more; they are brought to the spool to be compared.")
    limit = caller.configuration.retrieve.ask_above
    if yes or to_bring <= limit:
        return
    if not at_terminal():
        raise click.UsageError(
            f"This would bring {amount}, and more than {format_size(limit)} is asked about: "
            "say --yes to bring it without being asked."
        )
    with ends_on_signals():
        click.confirm(f"Really bring {amount}?", abort=True, err=True)


def _verify(
    caller: Caller, store: Store, movers: Movers, plan: Plan, *, quiet: bool
) -> Sequence[Outcome]:
    from archived.retrieve.telling import Telling
    from archived.verify.verifying import Verifying

    log = Talk()
    with reporting_verifying(caller.environ, quiet=quiet) as reporter:
        return Verifying(
            caller.configuration,
            store,
            movers,
            caller.stop,
            log,
            Telling(store, log),
            tell=reporter.tell,
            now=caller.now,
        ).run(plan)


def _show(caller: Caller, plan: Plan, views: Sequence[View], *, as_json: bool) -> None:
    deep = plan.wish.deep
    if as_json:
        print_json(
            {
                "deep": deep,
                "stopped": caller.stop.is_set(),
                "verifications": views,
                "not_configured": [
                    {"location": name, "files": files}
                    for name, files in sorted(plan.strange.items())
                ],
            }
        )
        return
    for view in views:
        caller.show(page_of(view, deep=deep))


def _end(
    caller: Caller,
    plan: Plan,
    outcomes: Sequence[Outcome],
    views: Sequence[View],
    began: datetime,
) -> None:
    context = click.get_current_context()
    errors = [each.error for each in outcomes if each.error is not None]
    for error in errors:
        talk(f"archivedctl: {error}")
        if error.what_to_do:
            talk(f"archivedctl: {error.what_to_do}")
    if caller.stop.is_set():
        looked_at = sum(view["counts"]["looked_at"] for view in views)
        talk(
            f"Stopped; {looked_at} of {counted(plan.files, 'file')} were looked at, and that is kept. "
            f"To go on, type the same with --not-since {began:%Y-%m-%dT%H:%M:%S}Z."
        )
        context.exit(FAILED)
    if errors:
        context.exit(errors[0].exit_code)
    nothing = [view for view in views if not view["counts"]["looked_at"]]
    passed_over = plan.strange or any(view["counts"]["refused"] for view in views)
    if len(nothing) == len(views) and passed_over:
        context.exit(FAILED)
    if plan.strange or any(map(drift_of, views)):
        context.exit(NEEDS_A_PERSON)
