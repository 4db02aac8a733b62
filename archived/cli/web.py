"""`archivedctl web`."""

from __future__ import annotations

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.completing import complete_rig
from archived.cli.output import talk
from archived.cli.shell import examples
from archived.cli.stopping import stops_on_signals
from archived.errors import ArchivedError


@click.command(
    epilog=examples(
        "archivedctl web",
        "archivedctl web --port 8080",
        "archivedctl web --host 0.0.0.0 --name rig-1.lab.example",
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9615,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name by which browsers ask for this machine; may be given several times.",
)
@click.option(
    "--rig",
    "rig_name",
    metavar="NAME",
    help="Of another rig that shares the store.",
    shell_complete=complete_rig,
)
@pass_caller
def command(
    caller: Caller, host: str, port: int, names: tuple[str, ...], rig_name: str | None
) -> None:
    """Serve pages to look at, for a browser, until Ctrl-C.

    They only show what is there, to this machine alone unless --host says otherwise. They are read from the store, so
    they are there while the daemon is down too. docs/WEB.md explains them.
    """
    try:
        from archived.web.app import build
        from archived.web.guard import is_loopback
        from archived.web.serving import serving
    except ImportError as error:
        raise ArchivedError(
            f"A package that serves pages is missing ({error}); no data is affected.",
            what_to_do="pip install 'archived[web]'",
        ) from error
    from archived.cli.answering import Answers

    _insist_on(caller, rig_name)
    if not is_loopback(host):
        talk(
            f"{host} can be reached by others: whoever reaches it sees the names of all recordings, and why some are "
            "not archived. There is no login. Nothing can be changed from there."
        )
    app = build(Answers(caller, rig_name), names=(host, *names))
    with stops_on_signals(caller.stop), serving(app, host, port) as address:
        talk(address)
        caller.stop.wait()


def _insist_on(caller: Caller, rig: str | None) -> None:
    """What is wrong with the configuration, or with the name of a rig, is told here rather than on every page."""
    if caller.configuration and rig is not None:
        with caller.reading() as store:
            store.of_rig(rig)
