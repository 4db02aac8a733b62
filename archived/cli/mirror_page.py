"""What `archivedctl datajoint` tells, as JSON and for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archived.cli.counting import counted
from archived.cli.output import Cell, Field, Line, Style, Table, line, table
from archived.cli.views import View

if TYPE_CHECKING:
    from archived.config import DatajointSettings
    from archived.store.lab import Mirrored, Outcome

SHOWN = 20
"""How many rows of each table a person is shown; `--json` has all of them."""

CHANGES = (
    Field[View]("DATASET", lambda view: view["dataset"]),
    Field[View]("IN DATAJOINT", lambda view: view["dataset_name"]),
    Field[View]("SESSION", lambda view: _session(view)),
    Field[View]("FILES", lambda view: _files(view), right=True),
)

LEFT_OUT = (
    Field[View]("NOT MIRRORED", lambda view: view["path"] or view["dataset"]),
    Field[View]("REASON", lambda view: Cell(view["reason"], Style.DIM)),
)

WITHOUT = (
    Field[View]("MIRRORED, BUT", lambda view: view["dataset"]),
    Field[View]("", lambda view: Cell(view["reason"], Style.DIM)),
)


def view_of(outcome: Outcome, settings: DatajointSettings, *, dry_run: bool) -> View:
    """The object of `--json`."""
    return {
        "database": settings.address_shown.partition("?")[0],
        "prefix": settings.prefix,
        "dry_run": dry_run,
        "in_step": outcome.in_step,
        "datasets": outcome.datasets,
        "tables": outcome.tables,
        "locations": outcome.locations,
        "changes": [_change(each) for each in outcome.mirrored],
        "left_out": [
            {
                "dataset": each.dataset,
                "path": each.path or None,
                "reason": each.reason,
                "mirrored": each.mirrored,
            }
            for each in outcome.left_out
        ],
        "refused": [{"dataset": each.dataset, "reason": each.reason} for each in outcome.refused],
    }


def _change(mirrored: Mirrored) -> View:
    change = mirrored.change
    return {
        "dataset": change.dataset,
        "dataset_name": change.name,
        "dataset_type": change.dataset_type,
        "was": mirrored.was,
        "inserted": change.insert,
        "files_added": len(change.files),
        "files_retyped": len(change.retyped),
        "files_removed": len(change.lost),
        "subject": change.link.subject if change.link else None,
        "session": change.link.number if change.link else None,
    }


def page_of(view: View) -> list[Line | Table]:
    """The same for a person."""
    page: list[Line | Table] = [line(_said(view))]
    page += _listed(CHANGES, view["changes"])
    page += _listed(LEFT_OUT, [each for each in view["left_out"] if not each["mirrored"]])
    page += _listed(WITHOUT, [each for each in view["left_out"] if each["mirrored"]])
    for each in view["refused"]:
        page += [line(), line(Cell(f"{each['dataset']}: ", Style.BAD), each["reason"])]
    return page


def _said(view: View) -> Cell:
    """One sentence about all of it."""
    compared = counted(view["datasets"], "archived dataset")
    where = f"{view['prefix']}publication at {view['database']}"
    if view["in_step"]:
        return Cell(f"{where} is in step: {compared}.", Style.GOOD)
    files = sum(each["files_added"] for each in view["changes"])
    parts = [
        *([counted(len(view["tables"]), "table")] if view["tables"] else []),
        *([counted(len(view["locations"]), "storage location")] if view["locations"] else []),
        f"{counted(len(view['changes']), 'dataset')} with {counted(files, 'file')}",
    ]
    done = "To do" if view["dry_run"] else "Done"
    return Cell(f"{where}: {compared}. {done}: {', '.join(parts)}.", Style.STRONG)


def _listed(fields: Sequence[Field[View]], rows: Sequence[View]) -> list[Line | Table]:
    if not rows:
        return []
    page: list[Line | Table] = [line(), table(fields, rows[:SHOWN])]
    if len(rows) > SHOWN:
        page.append(line(Cell(f"and {len(rows) - SHOWN} more", Style.DIM)))
    return page


def _session(view: View) -> str:
    return "" if view["session"] is None else f"{view['subject']}, {view['session']}"


def _files(view: View) -> str:
    """`+3 -1`, with what changed its type as `~2`."""
    parts = {"+": "files_added", "~": "files_retyped", "-": "files_removed"}
    return " ".join(f"{sign}{view[key]}" for sign, key in parts.items() if view[key])
