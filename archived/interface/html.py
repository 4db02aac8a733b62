"""A table for a notebook. Every name is escaped: what lies on a rig's disk must not become a part of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from archived.core.catalogue import ATTRIBUTES, KEYS, About
from archived.interface.cells import NUMERIC, cell, total


def as_html(about: About, rows: Sequence[dict[str, Any]], number: int) -> str:
    """The rows below their headings, which tell what they mean, and how many there are in all."""
    head = "".join(_heading(about, name) for name in ATTRIBUTES[about])
    body = "".join(
        f"<tr>{''.join(_cell(about, name, row[name]) for name in ATTRIBUTES[about])}</tr>"
        for row in rows
    )
    return (
        f'<table border="1"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"<p>{escape(total(about, len(rows), number))}</p>"
    )


def _heading(about: About, name: str) -> str:
    text = f"<b>{escape(name)}</b>" if name in KEYS[about] else escape(name)
    return f'<th title="{escape(ATTRIBUTES[about][name].meaning)}">{text}</th>'


def _cell(about: About, name: str, value: Any) -> str:
    right = ATTRIBUTES[about][name].kind in NUMERIC
    style = "right; white-space: nowrap" if right else "left"
    return f'<td style="text-align: {style}">{escape(cell(about, name, value))}</td>'
