"""What `verify` found out, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archived.cli.counting import counted
from archived.cli.discover_page import files_of, list_of_files, list_of_reasons
from archived.cli.output import Cell, Line, Style, Table, line
from archived.cli.times import iso
from archived.cli.views import View
from archived.core.discovery import Kind
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.store import Store
    from archived.verify.values import Outcome

LISTS = {
    "missing": Kind.CATALOGUE,
    "different_size": Kind.DIFFERENT,
    "different_content": Kind.CONTENT,
    "manifest_differs": Kind.MANIFEST,
    "no_checksum": Kind.UNKNOWN,
    "unread": Kind.UNREAD,
    "found_again": Kind.FOUND,
}
"""The lists of files, as JSON calls them."""

HEADINGS = {
    "missing": "MISSING IN THE ARCHIVE",
    "different_size": "DIFFERENT SIZE",
    "different_content": "DIFFERENT CONTENT",
    "manifest_differs": "NOT WHAT THE MANIFEST TELLS",
    "no_checksum": "NO CHECKSUM KNOWN",
    "unread": "NOT COMPARED",
    "found_again": "FOUND AGAIN",
}

DRIFT = ("missing", "different_size", "different_content", "manifest_differs", "unread", "refused")
"""What a person should see to; the last two could not be looked at."""


def view_of(store: Store, outcome: Outcome, limit: int) -> View:
    """One of the verifications of `verify --json`."""
    discovery = outcome.discovery
    number = discovery.id
    found, folders = store.finding_counts(number), store.folder_counts(number)
    counts = {name: found[kind] for name, kind in LISTS.items()}
    lost = ("missing", "different_size", "different_content", "found_again")
    error = outcome.error
    return {
        "location": discovery.location,
        "archive": str(outcome.part.settings.location.archive),
        "began": iso(discovery.started_at),
        "complete": outcome.complete,
        "empty": outcome.empty,
        "too_many": outcome.too_many,
        "counts": {
            "selected": len(outcome.part.files),
            "looked_at": discovery.in_both + sum(counts[each] for each in lost),
            "as_catalogued": discovery.in_both,
            **counts,
            "refused": folders.refused,
            "folders": folders.done,
            "compared": outcome.compared,
        },
        "bytes_compared": outcome.bytes_compared,
        **{name: files_of(store.findings(number, kind, limit)) for name, kind in LISTS.items()},
        "refused": [
            {"path": path, "why": why} for path, why in store.refused_folders(number, limit)
        ],
        "error": None if error is None else {"message": str(error), "what_to_do": error.what_to_do},
    }


def drift_of(view: View) -> bool:
    """Whether a person should see to something."""
    counts = view["counts"]
    return view["empty"] or view["too_many"] or any(counts[name] for name in DRIFT)


def page_of(view: View, *, deep: bool) -> Sequence[Line | Table]:
    """One verification for a person."""
    page: list[Line | Table] = [
        line(Cell(view["location"], Style.STRONG), Cell(f"  {view['archive']}", Style.DIM)),
        *(line(cell, indent=2) for cell in _summary(view, deep=deep)),
    ]
    if view["empty"]:
        why = "The archive is empty. Is it mounted? No state was changed."
        page.append(line(Cell(why, Style.BAD), indent=2))
    elif view["too_many"]:
        why = (
            "So much cannot be lost at once. Is it the right archive? That was not believed; if it is so, "
            "--believe says so."
        )
        page.append(line(Cell(why, Style.BAD), indent=2))
    for name, heading in HEADINGS.items():
        page += list_of_files(heading, view, name)
    page += list_of_reasons("NOT LISTED", view, "refused")
    return [*page, line()]


def _summary(view: View, *, deep: bool) -> list[Cell]:
    counts = view["counts"]
    lines = [Cell(f"as catalogued: {counted(counts['as_catalogued'], 'file')}", Style.GOOD)]
    if deep:
        size = format_size(view["bytes_compared"])
        lines.append(Cell(f"contents compared: {counted(counts['compared'], 'file')}, {size}"))
    for name, heading in HEADINGS.items():
        if counts[name]:
            style = Style.BAD if name in DRIFT else Style.PLAIN
            lines.append(Cell(f"{heading.lower()}: {counted(counts[name], 'file')}", style))
    if counts["refused"]:
        number = counted(counts["refused"], "folder")
        lines.append(Cell(f"not listed: {number}; nothing is said of what is there", Style.WARN))
    if not view["complete"]:
        of = counted(counts["selected"], "file")
        lines.append(
            Cell(f"not complete: of {of}, {counts['looked_at']} were looked at", Style.WARN)
        )
    return lines
