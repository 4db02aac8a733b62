"""`archivedctl simulate`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.shell import examples
from archived.cli.stopping import stops_on_signals
from archived.errors import ArchivedError


class Collection(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """`UUID=DIR`."""

    name = "collection"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Path]:
        """The id and the folder, which must exist."""
        if isinstance(value, tuple):
            return value
        given, _, folder = value.partition("=")
        try:
            identifier = str(UUID(given))
        except ValueError:
            self.fail(f"'{value}' does not begin with a UUID, as in UUID=DIR.", param, ctx)
        if not folder or not Path(folder).is_dir():
            self.fail(f"'{folder}' is no folder.", param, ctx)
        return identifier, Path(folder).absolute()


@click.command(
    epilog=examples(
        "archivedctl simulate --collection 7ac1d9f4-0000-4000-8000-000000000001=/tmp/rig \\",
        "                     --collection 7ac1d9f4-0000-4000-8000-000000000002=/tmp/archive",
        "archivedctl simulate --port 8443 --collection UUID=DIR > globus.env",
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--collection",
    "collections",
    type=Collection(),
    multiple=True,
    required=True,
    metavar="UUID=DIR",
    help="A collection and the folder that stands for it; may be given several times.",
)
@pass_caller
def command(
    caller: Caller, host: str, port: int, collections: tuple[tuple[str, Path], ...]
) -> None:
    """Run a simulated Globus on this machine, to try things on.

    Once it serves, it prints the variables to export as KEY=VALUE, one on each line, and runs until Ctrl-C or
    SIGTERM. Files are really copied between the folders. Needs the extra `archived[simulator]`.
    """
    chosen: Mapping[str, Path] = dict(collections)
    if len(chosen) < len(collections):
        raise click.UsageError("Each collection may be given only once.")
    with stops_on_signals(caller.stop):
        _serve(host=host, port=port, collections=chosen, announce=_announce, stop=caller.stop)


def _serve(**options: Any) -> None:
    try:
        from archived.simulator.server import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("archived"):
            raise
        raise ArchivedError(
            f"The simulator needs the package {error.name}, which is not installed.",
            what_to_do="pip install 'archived[simulator]'",
        ) from error
    serve(**options)


def _announce(environment: Mapping[str, str]) -> None:
    for key, value in environment.items():
        click.echo(f"{key}={value}")
    sys.stdout.flush()
