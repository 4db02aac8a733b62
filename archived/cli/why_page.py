"""The page of `archivedctl why`."""

from __future__ import annotations

from collections.abc import Sequence

from archived.cli.looks import state_cell
from archived.cli.output import Cell, Field, Line, Page, Style, Table, heading, line, table
from archived.cli.views import View
from archived.core.model import Answer

ANSWER_STYLES = {
    Answer.FINISHED: Style.GOOD,
    Answer.UNFINISHED: Style.WARN,
    Answer.CONTRADICTION: Style.BAD,
    Answer.CANNOT_TELL: Style.DIM,
}

FINISHED_SHOWN = 20
"""How many finished files a person is shown; `--json` has all."""

CHECK_FIELDS = (
    Field[View]("FILE", lambda view: view["file"]),
    Field[View]("RULE", lambda view: view["rule"]),
    Field[View](
        "VERDICT", lambda view: Cell(view["verdict"], ANSWER_STYLES[Answer(view["verdict"])])
    ),
    Field[View]("REASON", lambda view: view["reason"]),
)


def page_of(view: View) -> Page:
    """What `why` shows a person."""
    page: list[Line | Table] = [line(Cell(view["path"], Style.STRONG)), *_summary(view)]
    if view["checks"]:
        page += _checks(view["checks"])
    if view["below"]:
        page += heading("Recordings below")
        page += [line(name, indent=2) for name in view["below"]]
        if not view["below_complete"]:
            page.append(line(Cell("and more", Style.DIM), indent=2))
    return page


def _checks(checks: Sequence[View]) -> list[Line | Table]:
    """All that is not finished, and a part of what is: a recording may have thousands of files."""
    open_ones = [each for each in checks if each["verdict"] != Answer.FINISHED]
    finished = [each for each in checks if each["verdict"] == Answer.FINISHED]
    shown = table(CHECK_FIELDS, [*open_ones, *finished[:FINISHED_SHOWN]])
    page: list[Line | Table] = [*heading("What the rules say"), shown]
    if len(finished) > FINISHED_SHOWN:
        more = len(finished) - FINISHED_SHOWN
        said = f"and {more} more {'is' if more == 1 else 'are'} finished"
        page.append(line(Cell(said, Style.DIM)))
    return page


def _summary(view: View) -> list[Line]:
    finished = {
        True: Cell("yes", Style.GOOD),
        False: Cell("not yet", Style.WARN),
        None: Cell("unknown", Style.DIM),
    }
    recognised = (
        Cell(f"by {view['convention']}", Style.GOOD)
        if view["recognised"]
        else Cell("no", Style.WARN)
    )
    file = view["file"]
    said: list[tuple[str, str | Cell | None]] = [
        ("recognised", recognised),
        ("dataset", view["dataset"]),
        ("fields", ", ".join(f"{key} {value}" for key, value in view["fields"].items())),
        ("state", state_cell(view["state"]) if view["state"] else None),
        ("finished", finished[view["finished"]] if view["recognised"] else None),
        ("because", view["reason"]),
        ("on disk", None if view["reason"].endswith(view["on_disk"] or "") else view["on_disk"]),
        ("this file", f"{file['state']} {file['reason']}".strip() if file else None),
        ("nearest", view["nearest"]),
        ("to do", view["what_to_do"]),
    ]
    return [line(Cell(f"{word:<12}", Style.DIM), text, indent=2) for word, text in said if text]
