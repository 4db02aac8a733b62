"""`archivedctl login`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from archived.cli.accounts import client_id_of, session_of
from archived.cli.caller import Caller, pass_caller
from archived.cli.output import line, print_json, talk
from archived.cli.shell import examples, json_option
from archived.cli.views import View, identity_view
from archived.core.model import CollectionArchive
from archived.errors import TransferError

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.transfer.globus_session import GlobusSession


@click.command(
    epilog=examples(
        "archivedctl login",
        "archivedctl login --collection 5b875fda-4185-11e8-bb52-0ac6873fc732",
        "archivedctl login --domain janelia.hhmi.org",
    )
)
@click.option(
    "--collection",
    "collections",
    multiple=True,
    metavar="UUID",
    help="A collection whose data needs a consent of its own; found out by itself.",
)
@click.option("--domain", metavar="DOMAIN", help="Log in with an identity of this domain.")
@json_option
@pass_caller
def command(
    caller: Caller, collections: tuple[str, ...], domain: str | None, as_json: bool
) -> None:
    """Log in to Globus with a person's account.

    Shows an address to open in a browser on any machine, and asks for the code that is shown there. The login
    lasts until it is unused for six months. A rig with a service account needs none.
    """
    configuration = caller.configuration
    if configuration.globus.service_account:
        talk("This rig has a service account: nobody needs to log in.")
        with session_of(configuration) as session:
            view = identity_view(configuration, session.identity())
    else:
        view = _log_in(configuration, collections, domain)
        missing = [each for each in _wanted(configuration) if each not in collections]
        if missing:
            talk("The archive asks for one more consent. Please do the same once more:")
            view = _log_in(configuration, (*collections, *missing), domain)
    if as_json:
        print_json(view)
    else:
        caller.show([line(f"Logged in as {view['username']}.")])


def _log_in(configuration: Configuration, collections: Sequence[str], domain: str | None) -> View:
    from archived.transfer.login import finish_login, start_login

    pending = start_login(
        client_id_of(configuration),
        str(configuration.globus.token_file),
        collections=collections,
        domain=domain,
    )
    talk(f"Open this address in a browser and log in:\n\n  {pending.url}\n")
    code = click.prompt("The code that is shown there", err=True)
    return identity_view(configuration, finish_login(pending, code))


def _wanted(configuration: Configuration) -> list[str]:
    """The collections that ask for a consent of their own. What cannot be asked now, `check` tells."""
    try:
        with session_of(configuration) as session:
            return list(dict.fromkeys(_consents(configuration, session)))
    except TransferError as error:
        talk(f"Whether the archive asks for more could not be found out: {error}")
        return []


def _consents(configuration: Configuration, session: GlobusSession) -> list[str]:
    from archived.transfer.globus import GlobusTransfers

    return [
        collection
        for each in configuration.locations
        if isinstance(each.location.archive, CollectionArchive)
        for collection in GlobusTransfers(each.location, session).consents()
    ]
