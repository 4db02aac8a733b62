"""`archivedctl list`."""

from __future__ import annotations

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.counting import counted
from archived.cli.looks import state_cell
from archived.cli.output import Cell, Field, Style, print_json, table, talk
from archived.cli.selection import Selection, selection_options
from archived.cli.shell import examples, json_option
from archived.cli.views import View, dataset_view
from archived.cli.whose import rig_options, whose
from archived.core.units import format_size

RIG = Field[View]("RIG", lambda view: view["rig"])

SUBJECT = Field[View]("SUBJECT", lambda view: view["subject"] or "")

FIELDS = (
    Field[View]("DATASET", lambda view: view["name"]),
    Field[View]("STATE", lambda view: state_cell(view["state"])),
    Field[View]("FILES", lambda view: str(view["files"]), right=True),
    Field[View]("SIZE", lambda view: format_size(view["bytes"]), right=True),
    Field[View]("REASON", lambda view: Cell(view["reason"], Style.DIM)),
)


@click.command(
    "list",
    epilog=examples(
        "archivedctl list --subject 407513 --since 2019-02-23",
        "archivedctl list --h2o SC011 --type raw-ephys --file-type '*-meta'",
        "archivedctl list --state failed --state waiting",
        "archivedctl list 'raw-ephys/SC011/*' --json",
        "archivedctl list --all-rigs --subject 407513",
    ),
)
@selection_options
@rig_options
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="The first N only.")
@json_option
@pass_caller
def command(
    caller: Caller,
    selection: Selection,
    rig_name: str | None,
    all_rigs: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """List datasets.

    Without a selection all of them are listed. A dataset is meant by its name or by a pattern with *, ?
    and [...]; of several options every one must fit.
    """
    with caller.reading() as store:
        meant = whose(store, rig_name, all_rigs)
        found = meant.stores[0].select(meant.selector(selection.selector), limit=limit)
        views = [dataset_view(each) for each in found]
    if as_json:
        print_json(views)
    elif views:
        total = sum(view["bytes"] for view in views)
        summary = f"{counted(len(views), 'dataset')}, {format_size(total)}"
        known = any(view["subject"] for view in views)
        fields = (FIELDS[0], SUBJECT, *FIELDS[1:]) if known else FIELDS
        fields = (RIG, *fields) if meant.every else fields
        caller.show([table(fields, views)])
        talk(summary)
    else:
        talk("No dataset is known." if not selection.given else "No dataset fits.")
