"""`archivedctl whoami`."""

from __future__ import annotations

import click

from archived.cli.accounts import session_of
from archived.cli.caller import Caller, pass_caller
from archived.cli.output import Cell, Style, line, print_json
from archived.cli.shell import examples, json_option
from archived.cli.views import identity_view


@click.command(epilog=examples("archivedctl whoami", "archivedctl whoami --json"))
@json_option
@pass_caller
def command(caller: Caller, as_json: bool) -> None:
    """Show which identity transfers are made with. Exits with 4 when there is no usable login."""
    with session_of(caller.configuration) as session:
        view = identity_view(caller.configuration, session.identity())
    if as_json:
        print_json(view)
    else:
        caller.show([line(view["username"], Cell(f"  {view['id']}, {view['kind']}", Style.DIM))])
