"""`archivedctl pause`."""

from __future__ import annotations

from datetime import timedelta

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.kinds import Duration
from archived.cli.output import line, print_json
from archived.cli.shell import examples, json_option
from archived.cli.times import local
from archived.cli.views import pause_view


@click.command(
    epilog=examples(
        "archivedctl pause --for 2h --why 'recording on this disk'", "archivedctl pause"
    )
)
@click.option("--for", "duration", type=Duration(), metavar="TIME", help="End it by itself.")
@click.option("--why", default="", metavar="TEXT", help="What others should know about it.")
@json_option
@pass_caller
def command(caller: Caller, duration: timedelta | None, why: str, as_json: bool) -> None:
    """Begin no new transfers for a while, until `resume` or as long as said.

    Transfers under way go on, and recordings are still noticed and judged; nothing is lost by it.
    """
    now = caller.now()
    with caller.store() as store:
        store.pause(why or f"paused by {caller.name}", now, now + duration if duration else None)
        paused = store.paused(now)
    if as_json:
        print_json({"paused": pause_view(paused)})
        return
    until = f"until {local(now + duration)}" if duration else "until `archivedctl resume`"
    caller.show([line(f"No new transfer begins {until}. Transfers under way go on.")])
