"""`archivedctl accept`."""

from __future__ import annotations

from typing import Any

import click

from archived.cli.caller import Caller
from archived.cli.changing import Change, carry_out, change_options
from archived.cli.shell import examples
from archived.core.lifecycle import Reason

ACCEPT = Change("accept", Reason.ACCEPT, careful=True)


@click.command(
    epilog=examples(
        "archivedctl accept raw-ephys/SC011/catgt_SC011_022319_g0 --why 'disk was full, keep it'",
        "archivedctl accept 'raw-video/SC011/*' --dry-run",
    )
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before several are accepted.")
@change_options
def command(caller: Caller, **options: Any) -> None:
    """Archive failed datasets as they are, whatever spoke against it.

    What the format contradicts is sent all the same; files that changed after they were archived replace
    what the archive holds, as a new revision. Look at `archivedctl show NAME` first.
    """
    carry_out(caller, ACCEPT, **options)
