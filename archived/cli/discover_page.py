"""What `discover` found out, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from archived.cli.counting import counted
from archived.cli.output import Cell, Field, Line, Style, Table, line, table
from archived.cli.times import iso
from archived.cli.views import View
from archived.core.discovery import Finding, Kind
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.config import LocationSettings
    from archived.discover.discovering import Outcome
    from archived.errors import ArchivedError
    from archived.store import Discovery, Store

SHOWN = 20
"""How many lines of each list a person is shown."""

LISTS = {
    "only_in_archive": Kind.ARCHIVE,
    "only_in_catalogue": Kind.CATALOGUE,
    "different": Kind.DIFFERENT,
    "different_content": Kind.CONTENT,
    "adopted": Kind.ADOPTED,
    "found_again": Kind.FOUND,
}
"""The lists of files, as JSON calls them."""


def _size(view: View) -> str:
    return "" if view["size"] is None else format_size(view["size"])


def _known_size(view: View) -> str:
    return "" if view["known_size"] is None else format_size(view["known_size"])


def _fields(heading: str) -> tuple[Field[View], ...]:
    return (
        Field[View](heading, lambda view: view["path"]),
        Field[View]("ARCHIVE", _size, right=True),
        Field[View]("CATALOGUE", _known_size, right=True),
        Field[View]("REMARK", lambda view: Cell(view["reason"], Style.DIM)),
    )


def _why_fields(heading: str) -> tuple[Field[View], ...]:
    return (
        Field[View](heading, lambda view: view["path"] or "(all of it)"),
        Field[View]("WHY", lambda view: Cell(view["why"], Style.DIM)),
    )


HEADINGS = {
    "only_in_catalogue": "MISSING IN THE ARCHIVE",
    "different": "DIFFERENT",
    "different_content": "DIFFERENT CONTENT, AS VERIFY FOUND",
    "found_again": "FOUND AGAIN",
}


def gather(store: Store, settings: LocationSettings, outcome: Outcome, limit: int) -> View:
    """One of the discoveries of `discover --json`."""
    view = _view(store, settings, outcome.discovery, limit)
    view["complete"] = outcome.complete and not view["counts"]["refused"]
    view["empty"], view["too_many"] = outcome.empty, outcome.too_many
    view["problems"] = [
        {"path": each.path, "why": each.why, "what_to_do": each.what_to_do}
        for each in outcome.problems
    ]
    # Of a walk that others removed while this was gathered there would be nothing to show.
    store.insist_on_walk(outcome.discovery)
    return view


def unfinished(
    store: Store,
    settings: LocationSettings,
    discovery: Discovery,
    limit: int,
    error: ArchivedError,
) -> View:
    """The same of one that an error ended early."""
    view = _view(store, settings, store.discovery(discovery.id), limit)
    view["error"] = {"message": str(error), "what_to_do": error.what_to_do}
    return view


def _view(store: Store, settings: LocationSettings, discovery: Discovery, limit: int) -> View:
    number = discovery.id
    found, folders = store.finding_counts(number), store.folder_counts(number)
    return {
        "location": discovery.location,
        "archive": str(settings.location.archive),
        "below": discovery.below,
        "began": iso(discovery.started_at),
        "complete": False,
        "empty": False,
        "too_many": False,
        "counts": {
            "in_both": discovery.in_both,
            **{name: found[kind] for name, kind in LISTS.items()},
            "refused": folders.refused,
            "unrecognised": discovery.unrecognised,
            "folders": folders.done,
        },
        "in_both": discovery.in_both,
        **{name: files_of(store.findings(number, kind, limit)) for name, kind in LISTS.items()},
        "refused": [
            {"path": path, "why": why} for path, why in store.refused_folders(number, limit)
        ],
        "unrecognised": [
            {"path": each.path, "why": each.reason}
            for each in store.findings(number, Kind.UNRECOGNISED, limit)
        ],
        "problems": [],
        "error": None,
    }


def files_of(findings: Iterable[Finding]) -> list[View]:
    """One of the lists of files."""
    return [
        {
            "path": each.path,
            "size": each.size,
            "known_size": each.known_size,
            "reason": each.reason,
        }
        for each in findings
    ]


def page_of(view: View, *, dry_run: bool) -> Sequence[Line | Table]:
    """One discovery for a person."""
    below = f", below {view['below']}" if view["below"] else ""
    page: list[Line | Table] = [
        line(Cell(view["location"], Style.STRONG), Cell(f"  {view['archive']}{below}", Style.DIM)),
        *(line(text, indent=2) for text in _summary(view, dry_run=dry_run)),
    ]
    if view["empty"]:
        page.append(
            line(
                Cell("The archive is empty. Is it mounted? No state was changed.", Style.BAD),
                indent=2,
            )
        )
    elif view["too_many"]:
        much = (
            "So much cannot be missing at once. Is it the right archive? No state was changed; if it did lose all "
            "that, --believe says so."
        )
        page.append(line(Cell(much, Style.BAD), indent=2))
    for name, heading in HEADINGS.items():
        page += list_of_files(heading, view, name)
    page += list_of_reasons("NOT LISTED", view, "refused")
    page += list_of_reasons("UNRECOGNISED", view, "unrecognised")
    if view["problems"]:
        page += [line(), table(_why_fields("RECORDS NOT READ"), view["problems"][:SHOWN], indent=2)]
    return [*page, line()]


def _summary(view: View, *, dry_run: bool) -> list[Cell]:
    counts = view["counts"]
    registered = ", would be registered" if dry_run else ", registered"
    taken = "would be taken as archived" if dry_run else "taken as archived"
    lines = [
        Cell(f"in both: {counted(counts['in_both'], 'file')}"),
        Cell(
            f"only in the archive: {counted(counts['only_in_archive'], 'file')}"
            + (registered if counts["only_in_archive"] else "")
        ),
        Cell(
            f"only in the catalogue: {counted(counts['only_in_catalogue'], 'file')}",
            Style.BAD if counts["only_in_catalogue"] else Style.PLAIN,
        ),
        Cell(
            f"different: {counted(counts['different'], 'file')}",
            Style.BAD if counts["different"] else Style.PLAIN,
        ),
    ]
    if counts["different_content"]:
        number = counted(counts["different_content"], "file")
        lines.append(Cell(f"of other content than was archived: {number}", Style.BAD))
    more = {
        "adopted": f"to be sent, and in the archive already: {{}}, {taken}",
        "found_again": "missing or different before, and in order now: {}",
    }
    lines += [
        Cell(text.format(counted(counts[name], "file")), Style.GOOD)
        for name, text in more.items()
        if counts[name]
    ]
    if counts["refused"]:
        number = counted(counts["refused"], "folder")
        lines.append(Cell(f"not listed: {number}; nothing is said of what is there", Style.WARN))
    if counts["unrecognised"]:
        lines.append(Cell(f"unrecognised: {counted(counts['unrecognised'], 'name')}"))
    return lines


def list_of_files(heading: str, view: View, name: str) -> list[Line | Table]:
    """One list of files, as far as a person is shown it."""
    return _list(_fields(heading), view, name)


def list_of_reasons(heading: str, view: View, name: str) -> list[Line | Table]:
    """One list of paths with reasons, as far as a person is shown it."""
    return _list(_why_fields(heading), view, name)


def _list(fields: Sequence[Field[View]], view: View, name: str) -> list[Line | Table]:
    rows, total = view[name][:SHOWN], view["counts"][name]
    if not rows:
        return []
    more = [line(f"and {total - len(rows)} more", indent=2)] if total > len(rows) else []
    return [line(), table(fields, rows, indent=2), *more]
