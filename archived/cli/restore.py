"""`archivedctl restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archived.cli.backup_page import backed_up_view, found_page, found_view, restored_page
from archived.cli.caller import Caller, pass_caller
from archived.cli.output import print_json
from archived.cli.shell import examples, json_option
from archived.cli.views import View
from archived.core.paths import printable

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.store.backups import Backup


@click.command(
    epilog=examples(
        "archivedctl restore",
        "archivedctl restore /mnt/nas/backups/archived-ephys-rig-1-20260314T120000Z.db",
    )
)
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("--any-rig", is_flag=True, help="Also a backup of a rig with another name.")
@json_option
@pass_caller
def command(caller: Caller, file: Path | None, any_rig: bool, as_json: bool) -> None:
    """Put a backup of the store back.

    The backup is read through first. What was in its place is kept beside it, under a name that tells the time; nothing
    is ever deleted. A store that was put back sends nothing before `archivedctl discover` has looked at what the
    archive was sent since.

    Without FILE the backups are listed that are found in the folder of the configuration, and beside the store.
    """
    configuration = caller.configuration
    if "://" in configuration.store:
        raise click.UsageError(
            "the store is on a server: put it back by that server's own means (docs/BACKUP.md)"
        )
    if file is None:
        views = [found_view(each) for each in _found(configuration)]
        if as_json:
            print_json({"backups": views})
        else:
            caller.show(found_page(views))
        return
    view = _put_back(caller, configuration, file, any_rig=any_rig)
    if as_json:
        print_json(view)
    else:
        caller.show(restored_page(view))


def _put_back(caller: Caller, configuration: Configuration, file: Path, *, any_rig: bool) -> View:
    from archived.store.restoring import put_back

    now = caller.now()
    done = put_back(
        file, Path(configuration.store), now, rig=None if any_rig else configuration.rig
    )
    # Brought up to date, and what it is sure of doubted, before anybody else uses it.
    with caller.store():
        pass
    return {
        "restored": backed_up_view(done.copy),
        "store": printable(configuration.store),
        "kept": [printable(str(each)) for each in done.aside],
    }


def _found(configuration: Configuration) -> list[Backup]:
    from archived.store.backups import all_backups

    return all_backups(Path(configuration.store), configuration.backup, configuration.rig)
