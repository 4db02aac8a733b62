"""`archivedctl hold`."""

from __future__ import annotations

from typing import Any

import click

from archived.cli.caller import Caller
from archived.cli.changing import Change, carry_out, change_options
from archived.cli.shell import examples
from archived.core.lifecycle import Reason

HOLD = Change("hold", Reason.HOLD)


@click.command(
    epilog=examples(
        "archivedctl hold raw-ephys/SC011/catgt_SC011_022319_g0 --why 'spike sorting again'",
        "archivedctl hold 'raw-video/SC011/*'",
    )
)
@change_options
def command(caller: Caller, **options: Any) -> None:
    """Leave datasets alone until they are released.

    What travels already travels on: it cannot be held.
    """
    carry_out(caller, HOLD, **options)
