"""`archivedctl rigs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.fleet_page import rigs_table
from archived.cli.output import print_json, talk
from archived.cli.shell import examples, json_option
from archived.cli.times import iso
from archived.cli.views import View

if TYPE_CHECKING:
    from archived.store import RigInfo


@click.command(epilog=examples("archivedctl rigs", "archivedctl rigs --json"))
@json_option
@pass_caller
def command(caller: Caller, as_json: bool) -> None:
    """Show the rigs that share the store: when each was last seen, and what it has still to do.

    The backlog is what is not archived yet and needs nobody for it. `archivedctl status --all-rigs` tells more
    about what needs a person.
    """
    with caller.reading() as store:
        views = [rig_view(each) for each in store.rigs()]
    if as_json:
        print_json(views)
    elif views:
        caller.show([rigs_table(views, caller.now())])
    else:
        talk("No rig is known yet.")


def rig_view(rig: RigInfo) -> View:
    """One object of `rigs --json`."""
    return {
        "name": rig.name,
        "host": rig.host,
        "version": rig.version,
        "running": rig.running,
        "since": iso(rig.since),
        "last_tick": iso(rig.last_tick),
        "counts": {str(state): number for state, number in rig.counts.items()},
        "backlog": {"datasets": rig.backlog_datasets, "bytes": rig.backlog_bytes},
        "attention": rig.attention,
        "alarms": rig.alarms,
    }
