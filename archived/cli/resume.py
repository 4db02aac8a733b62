"""`archivedctl resume`."""

from __future__ import annotations

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.output import line, print_json
from archived.cli.shell import examples, json_option


@click.command(epilog=examples("archivedctl resume"))
@json_option
@pass_caller
def command(caller: Caller, as_json: bool) -> None:
    """End a pause: transfers begin again with the daemon's next turn."""
    with caller.store() as store:
        before = store.paused(caller.now())
        store.resume()
    if as_json:
        print_json({"paused": None})
    else:
        said = "The pause is over." if before else "There was no pause."
        caller.show([line(said)])
