"""`archivedctl alerts`."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.output import Cell, Field, Style, print_json, table
from archived.cli.shell import FAILED, examples, json_option
from archived.cli.views import View
from archived.errors import ConfigurationError

if TYPE_CHECKING:
    from archived.config.secrets import Secret
    from archived.core.alert_words import Message

FIELDS = (
    Field[View](
        "", lambda view: Cell("sent", Style.GOOD) if view["sent"] else Cell("not sent", Style.BAD)
    ),
    Field[View]("ADDRESS", lambda view: view["address"]),
    Field[View]("WHY NOT", lambda view: view["error"] or ""),
)


@click.group(
    epilog=examples(
        "archivedctl alerts test",
        "archivedctl alerts test --json",
        "archivedctl alerts stopped archived.service",
    ),
    no_args_is_help=True,
)
def command() -> None:
    """Try the addresses that alarms are sent to, or send one by hand.

    The daemon sends alarms by itself where [alerts] of the configuration names addresses (docs/ALERTS.md). They
    are secrets, and shown by their place in the file only. With --json what each answered is printed as JSON.
    """


@command.command(epilog=examples("archivedctl alerts test"))
@json_option
@pass_caller
def test(caller: Caller, as_json: bool) -> None:
    """Send a trial message, and say what each address answered.

    Needs no daemon and no store. Exits with 1 when one of them did not take it.
    """
    from archived.core.alert_words import trial

    configuration = caller.configuration
    _send(
        caller,
        configuration.alerts.secret,
        trial(configuration.rig, caller.now()),
        as_json=as_json,
    )


@command.command(epilog=examples("archivedctl alerts stopped archived.service"))
@click.argument("unit")
@json_option
@pass_caller
def stopped(caller: Caller, unit: str, as_json: bool) -> None:
    """Tell everybody that a service of systemd failed.

    It is for `OnFailure=` of the daemon's unit (packaging/systemd/archived-failed@.service), which is what
    tells of a daemon that is down where no Prometheus does.
    """
    from archived.config.secrets import ALERT_ADDRESSES, Secret
    from archived.core.alert_words import stopped as message

    try:
        rig, secret = caller.configuration.rig, caller.configuration.alerts.secret
    except ConfigurationError:
        # That may be what it failed of: the machine has a name, and the addresses may be a credential.
        rig, secret = platform.node(), Secret.found(ALERT_ADDRESSES, None, caller.environ)
    _send(caller, secret, message(rig, unit, caller.now()), as_json=as_json)


def _send(caller: Caller, secret: Secret, message: Message, *, as_json: bool) -> None:
    from archived.alerts.addresses import addresses
    from archived.alerts.doors import sender

    found = addresses(secret.read() or "")
    if not found:
        raise ConfigurationError(
            "[alerts] names no address, so nobody is told of alarms.",
            what_to_do="Write some into a file of mode 0600, and name it as `urls_file` in [alerts]; docs/ALERTS.md",
        )
    send = sender()
    answers = [(each.label, send(each, message)) for each in found]
    views: list[View] = [
        {"address": label, "sent": not why, "error": why or None} for label, why in answers
    ]
    if as_json:
        print_json({"addresses": views})
    else:
        caller.show([table(FIELDS, views)])
    if not all(each["sent"] for each in views):
        click.get_current_context().exit(FAILED)
