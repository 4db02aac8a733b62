"""What a command prints: pages of lines and tables declared as fields, JSON, and errors.

Every text passes through `printable` here and nowhere else, so that no name on disk can steer a terminal.
A terminal gets a page laid out for its width (`layout.py`); a pipe gets plain lines, never shortened and never coloured.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import click

from archived.core.paths import printable

Row = TypeVar("Row")


class Style(StrEnum):
    """How a text is meant; the value is the colour that a terminal gives it."""

    PLAIN = "none"
    STRONG = "bold"
    DIM = "dim"
    GOOD = "green"
    WARN = "yellow"
    BAD = "red"


class Cell(NamedTuple):
    """A text that is safe to show, and how it is meant."""

    raw: str
    style: Style = Style.PLAIN

    @property
    def text(self) -> str:
        """The text with everything escaped that is not a printable character."""
        return printable(self.raw)


class Field(Generic[Row]):
    """One column of a table: its heading, and what it shows of a row."""

    def __init__(
        self, heading: str, show: Callable[[Row], str | Cell], *, right: bool = False
    ) -> None:
        self.heading = heading
        self.show = show
        self.right = right

    def cell(self, row: Row) -> Cell:
        """The cell of a row."""
        shown = self.show(row)
        return shown if isinstance(shown, Cell) else Cell(shown)


class Line(NamedTuple):
    """One line of a page, made of cells."""

    cells: Sequence[Cell]
    indent: int = 0


class Table(NamedTuple):
    """Rows below headings."""

    headings: Sequence[str]
    right: Sequence[bool]
    rows: Sequence[Sequence[Cell]]
    indent: int = 0


Page = Sequence[Line | Table]


def line(*parts: str | Cell, indent: int = 0) -> Line:
    """A line of texts and cells; without any, an empty one."""
    return Line(
        tuple(part if isinstance(part, Cell) else Cell(part) for part in parts), indent=indent
    )


def heading(text: str) -> tuple[Line, Line]:
    """An empty line and a heading."""
    return line(), line(Cell(text, Style.STRONG))


def table(fields: Sequence[Field[Row]], rows: Sequence[Row], *, indent: int = 0) -> Table:
    """A table of the rows, with the declared fields as columns."""
    return Table(
        headings=tuple(field.heading for field in fields),
        right=tuple(field.right for field in fields),
        rows=tuple(tuple(field.cell(row) for field in fields) for row in rows),
        indent=indent,
    )


def print_page(page: Page, environ: Mapping[str, str]) -> None:
    """Print a page to standard output, as suits what is at its other end."""
    if sys.stdout.isatty():
        from archived.cli.layout import draw

        for text in draw(page, environ):
            click.echo(text, color=True)
    else:
        print_plain(page)


def print_plain(page: Page) -> None:
    """Print a page as plain lines."""
    for text in plain_lines(page):
        click.echo(text)


def plain_lines(page: Page) -> list[str]:
    """A page as lines of plain text, with the columns of its tables aligned."""
    lines: list[str] = []
    for block in page:
        if isinstance(block, Line):
            text = " " * block.indent + "".join(cell.text for cell in block.cells)
            lines.append(text.rstrip())
        else:
            lines.extend(_plain_table(block))
    return lines


def colourful(environ: Mapping[str, str]) -> bool:
    """Whether colours are welcome on a terminal (no-color.org, and terminals that have none)."""
    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def print_json(value: Any) -> None:
    """Print a result as JSON. Characters beyond ASCII are written as escapes, so that any terminal is safe."""
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """A result as JSON in ASCII."""
    return json.dumps(_valid(value), indent=2)


def print_json_line(value: Any) -> None:
    """Print one result of a stream, as one line of JSON."""
    click.echo(json.dumps(_valid(value)))
    sys.stdout.flush()


def print_json_error(message: str, what_to_do: str) -> None:
    """Print an error where a script reads the result."""
    print_json({"error": {"message": message, "what_to_do": what_to_do}})


def talk(text: str) -> None:
    """Say something to the person at the terminal, beside the result."""
    for each in text.splitlines():
        click.echo(printable(each), err=True)


def print_error(message: str, what_to_do: str) -> None:
    """Tell the person at the terminal what went wrong, and what to do."""
    talk(f"archivedctl: {message}")
    if what_to_do:
        talk(f"archivedctl: {what_to_do}")


def _plain_table(block: Table) -> list[str]:
    texts = [list(block.headings), *([cell.text for cell in row] for row in block.rows)]
    widths = [max(width_of(row[column]) for row in texts) for column in range(len(block.headings))]
    lines = []
    for row in texts:
        cells = [
            _padded(text, width, right=right)
            for text, width, right in zip(row, widths, block.right, strict=True)
        ]
        lines.append((" " * block.indent + "  ".join(cells)).rstrip())
    return lines


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in "FW"
        else 1
        for character in text
    )


def _valid(value: Any) -> Any:
    """The value as JSON that every reader accepts: a name that is not valid Unicode is given as it is printed."""
    if isinstance(value, str):
        return printable(value) if _has_surrogates(value) else str(value)
    if isinstance(value, Mapping):
        return {_valid(key): _valid(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_valid(each) for each in value]
    return value


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
