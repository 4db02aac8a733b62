"""`archivedctl logout`."""

from __future__ import annotations

import click

from archived.cli.accounts import client_id_of
from archived.cli.caller import Caller, pass_caller
from archived.cli.output import line, print_json
from archived.cli.shell import examples, json_option


@click.command(epilog=examples("archivedctl logout"))
@json_option
@pass_caller
def command(caller: Caller, as_json: bool) -> None:
    """Forget the login to Globus, and revoke it there.

    Transfers under way go on at Globus; the daemon waits until somebody logs in again.
    """
    from archived.transfer.login import logout

    configuration = caller.configuration
    was_in = logout(client_id_of(configuration), str(configuration.globus.token_file))
    if as_json:
        print_json({"logged_out": was_in})
    else:
        caller.show([line("Logged out." if was_in else "Nobody was logged in.")])
