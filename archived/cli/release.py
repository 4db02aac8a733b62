"""`archivedctl release`."""

from __future__ import annotations

from typing import Any

import click

from archived.cli.caller import Caller
from archived.cli.changing import Change, carry_out, change_options
from archived.cli.shell import examples
from archived.core.lifecycle import Reason

RELEASE = Change("release", Reason.RELEASE)


@click.command(
    epilog=examples(
        "archivedctl release raw-ephys/SC011/catgt_SC011_022319_g0", "archivedctl release --all"
    )
)
@change_options
def command(caller: Caller, **options: Any) -> None:
    """Let held datasets go on where they were when they were held."""
    carry_out(caller, RELEASE, **options)
