"""`archivedctl record`."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.completing import complete_dataset
from archived.cli.naming import find_dataset
from archived.cli.output import talk
from archived.cli.shell import examples, json_option
from archived.core.paths import printable
from archived.core.records import RecordState, record_path
from archived.errors import NameNotFoundError

if TYPE_CHECKING:
    from archived.core.model import Dataset
    from archived.core.records import Record
    from archived.store import OwedRecord, Store


@click.command(
    epilog=examples(
        "archivedctl record raw-ephys/SC011/catgt_SC011_022319_g0",
        "archivedctl record raw-ephys/SC011/catgt_SC011_022319_g0 --manifest > manifest-sha256.txt",
    )
)
@click.argument("name", shell_complete=complete_dataset)
@click.option(
    "--manifest",
    "as_manifest",
    is_flag=True,
    help="Print the manifest, for `sha256sum -c` at the archive's root.",
)
@json_option
@pass_caller
def command(caller: Caller, name: str, as_manifest: bool, as_json: bool) -> None:
    """Print what the archive is told of one dataset: its record.json, or its manifest.

    It is made from the catalogue as it is now, so it can be kept by hand where no transfer takes it to the archive.
    docs/RECORDS.md explains both files.
    """
    if as_manifest and as_json:
        raise click.UsageError("the manifest is no JSON: leave one of --manifest and --json out")
    with caller.store() as store:
        dataset = find_dataset(store, name)
        record = gather(store, dataset)
        note = store.record_note(dataset.id)
    content = _content(record, as_manifest=as_manifest)
    if sys.stdout.isatty():
        # A manifest has names as they are on disk; whoever wants it as it is sends it to a file.
        for each in content.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"):
            click.echo(printable(each))
    else:
        click.echo(content, nl=False)
    talk(_told(record, note))


def gather(store: Store, dataset: Dataset) -> Record:
    """The record of a dataset as it is known now. Raises `NameNotFoundError` where nothing of it is archived."""
    from archived.records.building import programs, record_of

    record = record_of(
        dataset,
        store.files(dataset.id),
        store.digests(dataset.id),
        store.events(name=dataset.name),
        host=platform.node() or None,
        programs=programs(),
    )
    if not record.files:
        raise NameNotFoundError(
            f"nothing of {dataset.name} is in the archive yet, so there is nothing to tell of it",
            what_to_do="`archivedctl show` tells how far it is",
        )
    return record


def _content(record: Record, *, as_manifest: bool) -> bytes:
    from archived.core.manifest import manifest
    from archived.core.record_json import to_json

    return manifest(record) if as_manifest else to_json(record)


def _told(record: Record, note: OwedRecord | None) -> str:
    """How far the archive was told, for the person at the terminal."""
    if note is not None and note.state is RecordState.PROVED:
        return f"the archive has it as {record_path(record.path)}"
    why = f": {note.reason}" if note is not None and note.reason else ""
    return f"the archive was not told yet{why}"
