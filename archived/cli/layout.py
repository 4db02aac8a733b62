"""A page laid out for a terminal: its tables folded to the width there is, its texts coloured as they are meant."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from archived.cli.output import Cell, Line, Page, Style, Table, colourful, width_of

WHOLE = 16
"""Up to how many characters a column is never folded."""

GAP = "  "
USUAL = 80
"""How wide a terminal is that does not say."""

CODES = {
    Style.PLAIN: "",
    Style.STRONG: "1",
    Style.DIM: "2",
    Style.GOOD: "32",
    Style.WARN: "33",
    Style.BAD: "31",
}
"""Select Graphic Rendition, ECMA-48 8.3.117."""


def draw(page: Page, environ: Mapping[str, str]) -> Iterator[str]:
    """The lines of a page as the terminal at standard output gets them."""
    colours = colourful(environ)
    for cells in laid_out(page, terminal_width(environ)):
        yield "".join(_styled(cell) if colours else cell.text for cell in cells).rstrip()


def laid_out(page: Page, width: int) -> Iterator[Sequence[Cell]]:
    """The lines of a page, no table of which is wider than the terminal unless its columns cannot be folded more."""
    for block in page:
        if isinstance(block, Line):
            yield (Cell(" " * block.indent), *block.cells)
        else:
            yield from _table(block, width)


def terminal_width(environ: Mapping[str, str]) -> int:
    """How many columns the terminal has."""
    if environ.get("COLUMNS", "").isdecimal():
        return int(environ["COLUMNS"]) or USUAL
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or USUAL
    except (OSError, ValueError):
        return USUAL


def _styled(cell: Cell) -> str:
    code = CODES[cell.style]
    return f"\x1b[{code}m{cell.text}\x1b[0m" if code and cell.text.strip() else cell.text


def _table(block: Table, width: int) -> Iterator[Sequence[Cell]]:
    headings = [Cell(each, Style.DIM) for each in block.headings]
    texts = [[cell.text for cell in row] for row in (headings, *block.rows)]
    longest = [max(width_of(row[column]) for row in texts) for column in range(len(headings))]
    widths = _fitting(longest, width - block.indent - len(GAP) * (len(headings) - 1))
    for row in (headings, *block.rows):
        folded = [fold(cell.text, most) for cell, most in zip(row, widths, strict=True)]
        for number in range(max(map(len, folded))):
            yield Cell(" " * block.indent), *_parts(row, folded, number, widths, block.right)


def _parts(
    row: Sequence[Cell],
    folded: Sequence[Sequence[str]],
    number: int,
    widths: Sequence[int],
    right: Sequence[bool],
) -> Iterator[Cell]:
    """One of the lines that a row takes."""
    for column, (cell, lines) in enumerate(zip(row, folded, strict=True)):
        text = lines[number] if number < len(lines) else ""
        blanks = " " * (widths[column] - width_of(text))
        gap = GAP if column else ""
        # Blanks are apart from the text, as some terminals show even them in a style.
        yield Cell(gap + blanks if right[column] else gap)
        yield Cell(text, cell.style)
        if not right[column]:
            yield Cell(blanks)


def _fitting(longest: Sequence[int], width: int) -> list[int]:
    """The widths of columns that are to fit, of which the widest give way; short ones never do."""
    widths = list(longest)
    while sum(widths) > width and max(widths) > WHOLE:
        widths[widths.index(max(widths))] -= 1
    return widths


def fold(text: str, width: int) -> list[str]:
    """The lines of a text that is no wider than that, broken between words where it can be; nothing of it is lost.

    A name that is shown may be typed again: what is longer than a line goes on in the next one.
    """
    lines, line = [], ""
    for word in re.findall(r"\s*\S+|\s+$", text):
        if line and width_of(line + word) > width:
            lines.append(line)
            line, word = "", word.lstrip()
        line += word
        while width_of(line) > width:
            kept = _beginning(line, width)
            lines.append(line[:kept])
            line = line[kept:]
    return [*lines, line] if line or not lines else lines


def _beginning(text: str, width: int) -> int:
    """How many characters of a text fit; one at the least."""
    taken = 0
    for number, character in enumerate(text):
        taken += width_of(character)
        if taken > width and number:
            return number
    return len(text)
