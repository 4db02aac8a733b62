"""`archivedctl backup`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archived.cli.backup_page import backed_up_view, backup_page
from archived.cli.caller import Caller, pass_caller
from archived.cli.output import print_json
from archived.cli.shell import examples, json_option
from archived.cli.stopping import stops_on_signals
from archived.cli.views import View
from archived.core.paths import printable
from archived.errors import StoreError

if TYPE_CHECKING:
    from archived.config import Configuration

SEPARATORS = tuple(each for each in (os.sep, os.altsep) if each)


@click.command(
    epilog=examples(
        "archivedctl backup /mnt/nas/backups --keep 14",
        "archivedctl backup before-the-move.db",
        "archivedctl backup",
    )
)
@click.argument("target", required=False, type=click.Path(), metavar="[FILE|FOLDER]")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of the backups in the folder keep so many, and remove older ones of this rig.",
)
@json_option
@pass_caller
def command(caller: Caller, target: str | None, keep: int | None, as_json: bool) -> None:
    """Copy the store, also while the daemon runs, and prove the copy.

    The copy is of one moment. It gets its name when it was read through and holds the same as the store, and is never
    written over anything. Into a FOLDER it is put under a name that tells the rig and the time; without an argument,
    into `backup` of the configuration. `archivedctl restore` puts it back.

    Recordings are not in it: those are in the archive.
    """
    configuration, now = caller.configuration, caller.now()
    if "://" in configuration.store:
        raise click.UsageError(_means_of_server(configuration.store))
    place = Path(target) if target else configuration.backup
    if place is None:
        raise click.UsageError(
            "name a file or a folder, or set `backup` in [archived] to have one made every day"
        )
    if not place.is_dir():
        _insist_on_file(target, place, keep)
    view = _back_up(caller, configuration, place, keep, now)
    if as_json:
        print_json(view)
    else:
        caller.show(backup_page(view))


def _insist_on_file(target: str | None, place: Path, keep: int | None) -> None:
    """A folder that is not there, such as one of a disk that is not mounted, is not made a file of that name."""
    if keep is not None:
        raise click.UsageError(f"--keep is about the backups in a folder, and {place} is none")
    if target is None or target.endswith(SEPARATORS):
        raise StoreError(
            f"there is no folder {printable(str(place))}; nothing was copied",
            what_to_do="see whether its disk is mounted, or make the folder",
        )


def _back_up(
    caller: Caller, configuration: Configuration, target: Path, keep: int | None, now: datetime
) -> View:
    from archived.store.backup import copy_of
    from archived.store.backups import name_of, prune

    def going_on() -> None:
        if caller.stop.is_set():
            raise StoreError("stopped; nothing was left behind")

    rig, folder = configuration.rig, target if target.is_dir() else None
    with stops_on_signals(caller.stop):
        path = target if folder is None else folder / name_of(rig, now)
        made = copy_of(Path(configuration.store), path, now, going_on=going_on)
    removed = [] if folder is None or keep is None else prune(folder, rig, keep)
    return {**backed_up_view(made), "removed": [printable(str(each)) for each in removed]}


def _means_of_server(address: str) -> str:
    """What to type there, without a password."""
    from archived.store.address import parse

    parsed = parse(address)
    where = "".join(
        f" --{name}={value}"
        for name, value in (("host", parsed.host), ("port", parsed.port), ("user", parsed.user))
        if value
    )
    if parsed.kind == "postgresql":
        typed = (
            f"pg_dump --format=custom --file=archived.dump{where.replace('--user=', '--username=')}"
        )
    else:
        typed = f"mariadb-dump --single-transaction --result-file=archived.sql{where} --password"
    return (
        f"the store {parsed.shown} is on a server, whose own means copy it for all rigs; type there:\n"
        f"{typed} {parsed.database}"
    )
