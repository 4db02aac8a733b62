"""`archivedctl accept`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from archived.cli.caller import Caller
from archived.cli.changing import Change, carry_out, change_options
from archived.cli.output import Cell, line, print_json
from archived.cli.selection import Selection
from archived.cli.shell import examples
from archived.core.lifecycle import Reason
from archived.core.paths import printable
from archived.errors import NameNotFoundError

ACCEPT = Change("accept", Reason.ACCEPT, careful=True)


@click.command(
    epilog=examples(
        "archivedctl accept raw-ephys/SC011/catgt_SC011_022319_g0 --why 'disk was full, keep it'",
        "archivedctl accept 'raw-video/SC011/*' --dry-run",
        "archivedctl accept --root /globus/map/raw",
    )
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before several are accepted.")
@click.option(
    "--root",
    metavar="FOLDER",
    help="Take what is there now for this watched folder: its disk was replaced on purpose.",
)
@change_options
def command(caller: Caller, root: str | None, **options: Any) -> None:
    """Archive failed datasets as they are, whatever spoke against it.

    What the format contradicts is sent all the same; files that changed after they were archived replace
    what the archive holds, as a new revision. Look at `archivedctl show NAME` first.

    With --root it is a watched folder that is accepted: another disk is in its place, and that is right.
    """
    if root is None:
        carry_out(caller, ACCEPT, **options)
        return
    selection: Selection = options["selection"]
    if selection.given:
        raise click.UsageError("Accept either a watched folder or datasets, not both at once.")
    _accept_root(caller, root, **options)


def _accept_root(
    caller: Caller, path: str, *, yes: bool, dry_run: bool, as_json: bool, **_rest: Any
) -> None:
    """Note what the folder is now, so that looks at it are believed again."""
    from archived.rig.root import Root

    watched = sorted({each.location.root for each in caller.configuration.locations})
    if path not in watched:
        raise NameNotFoundError(
            f"{printable(path)} is not watched",
            what_to_do=f"name one of: {', '.join(printable(each) for each in watched)}",
        )
    identity = Root(path).identify()
    if not dry_run:
        if not yes:
            click.confirm(
                f"Is what is at {printable(path)} now the right disk?", abort=True, err=True
            )
        with caller.store() as store:
            store.put_setting(f"root:{path}", json.dumps(asdict(identity)))
    if as_json:
        print_json({"dry_run": dry_run, "moved": [], "refused": [], "root": path})
        return
    word = "would be" if dry_run else "is"
    caller.show(
        [line(Cell(f"{path} {word} taken as it is now; missing files count after two looks"))]
    )
