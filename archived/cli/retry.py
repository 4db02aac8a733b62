"""`archivedctl retry`."""

from __future__ import annotations

from typing import Any

import click

from archived.cli.caller import Caller
from archived.cli.changing import Change, carry_out, change_options
from archived.cli.shell import examples
from archived.core.lifecycle import Reason

RETRY = Change("retry", Reason.RETRY)


@click.command(
    epilog=examples(
        "archivedctl retry raw-ephys/SC011/catgt_SC011_022319_g0",
        "archivedctl retry --all",
        "archivedctl retry --h2o SC011 --state failed --dry-run",
    )
)
@change_options
def command(caller: Caller, **options: Any) -> None:
    """Try again what failed or waits.

    What failed is looked at anew first; its files that were set apart get another chance.
    """
    carry_out(caller, RETRY, **options)
