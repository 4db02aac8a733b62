"""What `archivedctl retrieve` says: the object of `--json`, and the same for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from archived.cli.counting import counted
from archived.cli.output import Cell, Field, Line, Style, Table, heading, line, table
from archived.cli.views import View
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.core.retrieving import WantedFile
    from archived.retrieve import Outcome, Plan, Remark

SHOWN = 20
"""How many files of a list a person is shown; all of them are in the JSON."""

FIELDS = (
    Field[View]("FILE", lambda view: view["path"]),
    Field[View]("SIZE", lambda view: format_size(view["size"]), right=True),
    Field[View]("REASON", lambda view: Cell(view["reason"], Style.DIM)),
)

BAD = (
    ("differing", "Differing from what is there, which stays"),
    ("missing", "Not in the archive as it was archived"),
    ("failed", "Not brought"),
)


def plan_view(plan: Plan) -> View:
    """The object of `retrieve --dry-run --json`."""
    wanted = [
        file_view(file.dataset, file.path, file.size, "")
        for each in plan.portions
        for file in each.files
    ]
    return {
        **_common(plan, dry_run=True),
        "wanted": wanted,
        "brought": [],
        "there": remarks(plan.there),
        "differing": remarks(plan.differing),
        "missing": remarks(plan.missing),
        "failed": remarks(plan.refused),
        "left": _under_way(file for each in plan.portions for file in each.under_way),
    }


def outcome_view(plan: Plan, outcome: Outcome) -> View:
    """The object of `retrieve --json`."""
    return {
        **_common(plan, dry_run=False),
        "wanted": [],
        "brought": remarks(outcome.brought),
        "there": remarks(outcome.there),
        "differing": remarks(outcome.differing),
        "missing": remarks(outcome.missing),
        "failed": remarks(outcome.failed),
        "left": remarks(outcome.left),
    }


def _common(plan: Plan, *, dry_run: bool) -> View:
    return {
        "dry_run": dry_run,
        "destinations": [
            {"location": each.location.name, "folder": each.location.root} for each in plan.portions
        ],
        "files": plan.files,
        "bytes": plan.bytes,
        "room": [
            {"folder": each.folder, "needed": each.needed, "free": each.free} for each in plan.room
        ],
    }


def _under_way(files: Iterable[WantedFile]) -> list[View]:
    return [file_view(each.dataset, each.path, each.size, "on its way already") for each in files]


def remarks(found: Iterable[Remark]) -> list[View]:
    """Files with what there is to say of them."""
    return [file_view(each.dataset, each.path, each.size, each.reason) for each in found]


def file_view(dataset: str, path: str, size: int, reason: str) -> View:
    """One file."""
    return {"dataset": dataset, "path": path, "size": size, "reason": reason}


def plan_page(view: View) -> list[Line | Table]:
    """What would be brought."""
    page: list[Line | Table] = []
    if view["wanted"]:
        page += _list("Would be brought", view["wanted"])
    page += _others(view)
    folders = sorted({each["folder"] for each in view["destinations"]})
    where = f" to {', '.join(folders)}" if view["files"] else ""
    total = f"{counted(view['files'], 'file')}, {format_size(view['bytes'])}"
    page += [line(), line(Cell(f"{total} would be brought{where}", Style.STRONG))]
    page += [
        line(
            Cell(f"there is too little room at {each['folder']}: ", Style.BAD),
            f"{format_size(each['free'])} of {format_size(each['needed'])}",
        )
        for each in view["room"]
        if each["needed"] > each["free"]
    ]
    return page


def outcome_page(view: View) -> list[Line | Table]:
    """What became of it."""
    page = _others(view)
    brought = view["brought"]
    size = format_size(sum(each["size"] for each in brought))
    if brought:
        said = f"{counted(len(brought), 'file')}, {size} brought, all proved"
        page.append(line(Cell(said, Style.GOOD)))
    else:
        page.append(line("Nothing was brought."))
    return page


def _others(view: View) -> list[Line | Table]:
    page: list[Line | Table] = []
    for name, title in BAD:
        if view[name]:
            page += _list(title, view[name])
    if view["there"]:
        page += [line(), line(f"{counted(len(view['there']), 'file')} there already")]
    if view["left"]:
        page += [line(), line(f"{counted(len(view['left']), 'file')} still to come")]
    return page


def _list(title: str, views: list[View]) -> list[Line | Table]:
    page: list[Line | Table] = [*heading(f"{title} ({len(views)})"), table(FIELDS, views[:SHOWN])]
    if len(views) > SHOWN:
        page.append(line(f"and {len(views) - SHOWN} more"))
    return page
