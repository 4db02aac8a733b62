"""Where each attribute of the catalogue is in the tables, and how it is read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from archived.core.catalogue import About, Attribute
from archived.core.dataclass import dataclass
from archived.store.fields import from_date, from_text, from_time

DATASET_TYPES: Mapping[str, str] = MappingProxyType(
    {"catgt": "ephys-raw", "spikeglx": "ephys-raw", "tracking-video": "tracking-video"}
)
"""The types that map-ephys knew, by our conventions; any other convention is a type of its own."""

JOINS: Mapping[str, str] = MappingProxyType(
    {
        "s": "LEFT JOIN subject s ON s.h2o = d.h2o AND NOT EXISTS (SELECT 1 FROM subject t "
        "WHERE t.h2o = s.h2o AND (t.precedence < s.precedence "
        "OR (t.precedence = s.precedence AND t.rig_id < s.rig_id)))",
        "g": "JOIN rig g ON g.id = d.rig_id",
        "r": "LEFT JOIN receipt r ON r.id = (SELECT max(z.id) FROM receipt z WHERE z.file_id = f.id)",
    }
)
"""Tables beside those that a question is about; each is read only where one of its columns is needed.

Of several rows about one animal the one that is believed first counts, see `subjects.PRECEDENCE`.
"""

_WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]*")
_LONGEST_NUMBER = 18
"""Digits that surely fit into 64 bits."""


@dataclass(frozen=True, slots=True)
class Column:
    """An expression, the table that it needs beside the main ones, and how its value is read.

    `loose` marks text that the database would compare by the rules of a language.
    """

    sql: str
    read: Callable[[Any], Any]
    join: str = ""
    loose: bool = False


def subject_of(value: str | None) -> int | str | None:
    """A subject as labs number them: an `int` where it is written as one."""
    if value is None:
        return None
    text = from_text(value)
    if len(text) <= _LONGEST_NUMBER and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return text


def _text(value: str | None) -> str | None:
    return None if value is None else from_text(value)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _type_of_dataset() -> str:
    cases = " ".join(f"WHEN '{ours}' THEN '{theirs}'" for ours, theirs in DATASET_TYPES.items())
    return f"CASE d.convention {cases} ELSE d.convention END"


_SUBPATH = (
    "CASE WHEN d.path = '' THEN f.name WHEN substr(f.name, 1, 1) = '/' THEN substr(f.name, 2) "
    "ELSE concat(d.path, '/', f.name) END"
)
"""What `fields.joined` does."""

_BOTH = {
    "subject_id": Column("s.subject", subject_of, "s"),
    "water_restriction_number": Column("d.h2o", _text),
    "session_date": Column("d.recorded_on", from_date),
    # Always NULL, as a number, in every kind of database.
    "session": Column("NULLIF(d.id, d.id)", _number),
    "globus_alias": Column("d.location", _text),
    "dataset_name": Column("concat(d.location, '/', d.path)", _text),
    "dataset_type": Column(_type_of_dataset(), _text, loose=True),
    "convention": Column("d.convention", _text, loose=True),
    "ident": Column("d.ident", _text, loose=True),
    "rig": Column("g.name", _text, "g"),
}

_COLUMNS: Mapping[About, Mapping[str, Column]] = {
    About.DATASETS: {
        **_BOTH,
        "state": Column("d.state", str, loose=True),
        "files": Column("d.files", int),
        "bytes": Column("d.bytes", int),
        "archived_at": Column("d.archived_at", from_time),
    },
    About.FILES: {
        **_BOTH,
        "file_subpath": Column(_SUBPATH, _text),
        "file_type": Column("f.file_type", _text, loose=True),
        "size": Column("COALESCE(f.archived_size, f.size)", int),
        "state": Column("f.state", str, loose=True),
        "checksum": Column("r.checksum", _text, "r", loose=True),
        "checksum_algorithm": Column("r.algorithm", _text, "r", loose=True),
        "archived_at": Column("r.at", from_time, "r"),
    },
}

_BYTES = {"sqlite": "{}", "postgresql": '({}) COLLATE "C"', "mysql": "CAST({} AS BINARY)"}

_NUMBERS = {
    "sqlite": "CASE WHEN length({0}) <= {1} AND {0} = CAST(CAST({0} AS INTEGER) AS TEXT) "
    "THEN CAST({0} AS INTEGER) END",
    "postgresql": "CASE WHEN length({0}) <= {1} AND {0} ~ '^(0|-{{0,1}}[1-9][0-9]*)$' "
    "THEN CAST({0} AS BIGINT) END",
    "mysql": "CASE WHEN length({0}) <= {1} AND {0} REGEXP '^(0|-{{0,1}}[1-9][0-9]*)$' "
    "THEN CAST({0} AS SIGNED) END",
}


def column(attribute: Attribute) -> Column:
    """Where the values of an attribute are."""
    return _COLUMNS[attribute.about][attribute.name]


def comparable(column: Column, kind: str) -> str:
    """The column so that every kind of database compares it byte by byte."""
    return _BYTES[kind].format(column.sql) if column.loose else column.sql


def as_number(column: Column, kind: str) -> str:
    """The number that a text is, NULL where it is none."""
    return _NUMBERS[kind].format(column.sql, _LONGEST_NUMBER)
