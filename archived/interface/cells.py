"""What a table shows: which columns, and each value as a text that is safe to show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from archived.core.catalogue import ATTRIBUTES, About, Kind
from archived.core.paths import printable
from archived.core.units import format_size

ROWS_SHOWN = 12

NUMERIC = (Kind.NUMBER, Kind.SIZE)
"""These are shown right-aligned."""

BY_IMPORTANCE = (
    "file_subpath",
    "dataset_name",
    "state",
    "subject_id",
    "session_date",
    "size",
    "files",
    "bytes",
    "file_type",
    "water_restriction_number",
    "ident",
    "archived_at",
    "rig",
    "dataset_type",
    "session",
    "checksum",
    "convention",
    "checksum_algorithm",
    "globus_alias",
)
"""Which columns a narrow terminal keeps: those that come first. The location begins the name of a dataset."""


def cell(about: About, name: str, value: Any) -> str:
    """A value as a text without anything that could steer a terminal; "" for None."""
    if value is None:
        return ""
    if ATTRIBUTES[about][name].kind is Kind.SIZE:
        return format_size(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return printable(str(value))


def total(about: About, shown: int, number: int) -> str:
    """The line below a table."""
    counted = many(number, str(about))
    return counted if shown >= number else f"{counted}; the first {shown} are shown"


def many(number: int, plural: str) -> str:
    """`1 dataset`, `2 datasets`."""
    return f"{number} {plural.removesuffix('s') if number == 1 else plural}"
