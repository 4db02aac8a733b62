"""`archivedctl show`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from archived.cli.advice import what_to_do
from archived.cli.caller import Caller, pass_caller
from archived.cli.completing import complete_dataset
from archived.cli.looks import TRANSFER_FIELDS, state_cell
from archived.cli.output import (
    Cell,
    Field,
    Line,
    Page,
    Style,
    Table,
    heading,
    line,
    print_json,
    table,
)
from archived.cli.shell import examples, json_option
from archived.cli.times import iso, local_iso
from archived.cli.views import View, batch_view, dataset_view, event_view, file_view
from archived.cli.whose import rig_options, whose
from archived.core.model import Dataset, FileState
from archived.core.paths import PathError, archive_folder
from archived.core.records import RecordState
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.store import Reader

RECORD_WORDS = {
    RecordState.OWED: "to be written",
    RecordState.WRITTEN: "written, waits to be sent",
    RecordState.TRAVELLING: "on its way to the archive",
    RecordState.PROVED: "in the archive",
    RecordState.KEPT: "stays in the store",
}

FILE_STYLES = {
    FileState.ARCHIVED: Style.GOOD,
    FileState.CHANGED: Style.BAD,
    FileState.FAILED: Style.BAD,
    FileState.MISSING: Style.BAD,
    FileState.DIFFERENT: Style.BAD,
    FileState.GONE: Style.DIM,
}


def _proof(view: View) -> str:
    checksum = f"{view['checksum_algorithm']} {view['checksum']}" if view["checksum"] else ""
    return ", ".join(part for part in (view["proof"], checksum, view["reason"]) if part)


FILE_FIELDS = (
    Field[View]("FILE", lambda view: view["path"]),
    Field[View]("TYPE", lambda view: view["file_type"]),
    Field[View]("SIZE", lambda view: format_size(view["size"]), right=True),
    Field[View](
        "STATE",
        lambda view: Cell(view["state"], FILE_STYLES.get(FileState(view["state"]), Style.PLAIN)),
    ),
    Field[View]("PROOF", _proof),
)

EVENT_FIELDS = (
    Field[View]("AT", lambda view: local_iso(view["at"])),
    Field[View]("BEFORE", lambda view: state_cell(view["before"]) if view["before"] else ""),
    Field[View]("AFTER", lambda view: state_cell(view["after"])),
    Field[View]("WHY", lambda view: Cell(view["why"], Style.DIM)),
)


@click.command(
    epilog=examples(
        "archivedctl show raw-ephys/SC011/catgt_SC011_022319_g0",
        "archivedctl show raw-ephys/SC011/catgt_SC011_022319_g0 --json",
    )
)
@click.argument("name", shell_complete=complete_dataset)
@rig_options
@json_option
@pass_caller
def command(caller: Caller, name: str, rig_name: str | None, all_rigs: bool, as_json: bool) -> None:
    """Show all that is known of one dataset: its files and their proof, its events, its transfers."""
    with caller.reading() as store:
        theirs, dataset = whose(store, rig_name, all_rigs).find(name)
        view = gather(theirs, dataset, caller.configuration, caller.now())
    if as_json:
        print_json(view)
    else:
        caller.show(page_of(view))


def gather(
    store: Reader,
    dataset: Dataset,
    configuration: Configuration,
    now: datetime,
    *,
    part: range | None = None,
) -> View:
    """The object of `show --json`; of its files all, or a part by their numbers."""
    if part is None:
        files, looks = store.files(dataset.id), store.verifications(dataset.id)
    else:
        files = store.file_page(dataset, first=part.start, most=len(part))
        looks = store.verifications_of([each.id for each in files])
    states, faults = store.states_of_files(dataset.id), store.faults(dataset.id)
    events = [event_view(each) for each in store.events(name=dataset.name)]
    return {
        **dataset_view(dataset),
        "archive": _archive(configuration, dataset),
        "what_to_do": what_to_do(dataset, states, faults, now),
        "record": _record(store, dataset) if configuration.records else None,
        "verified_at": iso(store.verified_since(dataset.id)),
        "files": [file_view(each, looks.get(each.id)) for each in files],
        "events": [{key: each[key] for key in each if key != "dataset"} for each in events],
        "batches": [batch_view(each) for each in store.file_batches(dataset.id)],
    }


def page_of(view: View) -> Page:
    """The same for a person."""
    page: list[Line | Table] = [line(Cell(view["name"], Style.STRONG)), *_summary(view)]
    if view["files"]:
        page += [*heading("Files"), table(FILE_FIELDS, view["files"])]
    if view["batches"]:
        page += [*heading("Transfers"), table(TRANSFER_FIELDS, view["batches"])]
    page += [*heading("Events"), table(EVENT_FIELDS, view["events"])]
    return page


def _summary(view: View) -> list[Line]:
    present = [file for file in view["files"] if file["state"] != FileState.GONE]
    size = format_size(sum(file["size"] for file in present))
    recorded = (view[key] for key in ("convention", "h2o", "date", "ident"))
    said: list[tuple[str, str | Cell | None]] = [
        ("state", state_cell(view["state"])),
        ("since", local_iso(view["state_since"])),
        ("because", view["reason"]),
        ("to do", view["what_to_do"]),
        ("recording", ", ".join(each for each in recorded if each)),
        ("subject", view["subject"]),
        ("files", f"{len(present)}, {size}, revision {view['revision']}"),
        ("rig", view["rig"]),
        ("first seen", local_iso(view["first_seen"])),
        ("archive", view["archive"]),
        ("record", _record_line(view["record"])),
        ("verified", view["verified_at"] and local_iso(view["verified_at"])),
    ]
    return [line(Cell(f"{word:<12}", Style.DIM), text, indent=2) for word, text in said if text]


def _record(store: Reader, dataset: Dataset) -> View | None:
    """How far the archive was told about it; None before there was anything to tell."""
    note = store.record_note(dataset.id)
    return None if note is None else {"state": str(note.state), "reason": note.reason}


def _record_line(view: View | None) -> str | None:
    if view is None:
        return None
    return RECORD_WORDS[RecordState(view["state"])] + (view["reason"] and f": {view['reason']}")


def _archive(configuration: Configuration, dataset: Dataset) -> str | None:
    """Where the archive holds it, as long as the configuration knows its location."""
    for each in configuration.locations:
        if each.location.name == dataset.location:
            try:
                folder = archive_folder(each.location, dataset.path)
            except PathError:
                return None
            collection = getattr(each.location.archive, "collection", None)
            return f"{collection}:{folder}" if collection else folder
    return None
