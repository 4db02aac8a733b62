"""`archivedctl datajoint`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.counting import counted
from archived.cli.mirror_page import page_of, view_of
from archived.cli.output import print_json, talk
from archived.cli.shell import NEEDS_A_PERSON, examples, json_option

if TYPE_CHECKING:
    from archived.store.lab import Outcome, Wish

SAID_EVERY = 1_000
"""After how many datasets a person is told how far it is."""


@click.group(
    epilog=examples(
        "archivedctl datajoint check",
        "archivedctl datajoint check --json",
        "archivedctl datajoint sync",
    )
)
def command() -> None:
    """Mirror the catalogue into the lab's DataJoint database.

    What is archived is put into the tables of map-ephys' publication schema, where DataJoint's users find it
    without this program (docs/DATAJOINT.md). Rows that others made are never changed or deleted.
    """


@command.command(epilog=examples("archivedctl datajoint check"))
@json_option
@pass_caller
def check(caller: Caller, as_json: bool) -> None:
    """Show what `sync` would do, and change nothing.

    Exits with 3 when the tables are not in step with the catalogue, or whole datasets cannot be mirrored.
    """
    from archived.store.lab import Wish

    outcome = _run(caller, Wish(change=False), as_json=as_json)
    if not outcome.in_step or outcome.needs_a_person:
        click.get_current_context().exit(NEEDS_A_PERSON)


@command.command(
    epilog=examples("archivedctl datajoint sync", "archivedctl datajoint sync --rebuild")
)
@click.option("--rebuild", is_flag=True, help="Make the rows anew that archived itself has made.")
@json_option
@pass_caller
def sync(caller: Caller, rebuild: bool, as_json: bool) -> None:
    """Bring the tables in step with the catalogue, those of all rigs that share the store.

    Tables that are missing are made. What was broken off in the middle goes on with the next run. Exits with 3
    when datasets could not be mirrored, which is then told.
    """
    from archived.store.lab import Wish

    outcome = _run(caller, Wish(rebuild=rebuild), as_json=as_json)
    if outcome.needs_a_person:
        click.get_current_context().exit(NEEDS_A_PERSON)


def _run(caller: Caller, wish: Wish, *, as_json: bool) -> Outcome:
    """Do it, and tell what was done."""
    from archived.store.lab import mirror

    configuration = caller.configuration
    archives = {each.location.name: each.location.archive for each in configuration.locations}

    def progress(number: int) -> None:
        if not as_json and number % SAID_EVERY == 0:
            talk(f"{counted(number, 'dataset')} compared")

    with caller.store() as store:
        outcome = mirror(store, configuration.datajoint, archives, wish, progress=progress)
    view = view_of(outcome, configuration.datajoint, dry_run=not wish.change)
    if as_json:
        print_json(view)
    else:
        caller.show(page_of(view))
    return outcome
