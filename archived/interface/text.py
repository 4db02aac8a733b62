"""A table for a terminal: as many columns as it has room for."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from archived.core.catalogue import ATTRIBUTES, KEYS, About
from archived.interface.cells import BY_IMPORTANCE, NUMERIC, cell, total

GAP = "  "
_WITHOUT_TERMINAL = 160
"""Columns where the width is not known."""


def as_text(about: About, rows: Sequence[dict[str, Any]], number: int) -> str:
    """The rows below their headings, and how many there are in all."""
    names = tuple(ATTRIBUTES[about])
    texts = {
        name: [_heading(about, name), *(cell(about, name, row[name]) for row in rows)]
        for name in names
    }
    widths = {name: max(map(_width, column)) for name, column in texts.items()}
    kept = _fitting(names, widths, shutil.get_terminal_size((_WITHOUT_TERMINAL, 24)).columns)
    lines = [
        GAP.join(_padded(about, name, texts[name][line], widths[name]) for name in kept).rstrip()
        for line in range(len(rows) + 1)
    ]
    left_out = [name for name in names if name not in kept]
    if left_out:
        lines.append(f"... and {', '.join(left_out)}")
    return "\n".join([*lines, total(about, len(rows), number)])


def _fitting(names: Sequence[str], widths: dict[str, int], room: int) -> list[str]:
    """The most important columns that fit, the first of them in any case."""
    kept: set[str] = set()
    for name in sorted(names, key=BY_IMPORTANCE.index):
        if not kept or widths[name] + len(GAP) <= room:
            kept.add(name)
            room -= widths[name] + len(GAP) if len(kept) > 1 else widths[name]
    return [name for name in names if name in kept]


def _heading(about: About, name: str) -> str:
    return f"*{name}" if name in KEYS[about] else name


def _padded(about: About, name: str, text: str, width: int) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if ATTRIBUTES[about][name].kind in NUMERIC else text + blanks


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
