"""Words that are stored fit into their columns: SQLite takes any, servers refuse those that are too long."""

from __future__ import annotations

from enum import StrEnum

import pytest
from peewee import CharField

from archived.core.discovery import Kind
from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState, Direction, FileState
from archived.core.records import RecordState
from archived.core.retrieving import BringState
from archived.core.verifying import Content, How, Verdict
from archived.store.schema import TABLES
from archived.store.walks import AGAIN, DONE, REFUSED, TO_DO

WORDS: dict[tuple[str, str], type[StrEnum] | tuple[str, ...]] = {
    ("dataset", "state"): State,
    ("dataset", "held_from"): State,
    ("event", "state_before"): State,
    ("event", "state_after"): State,
    ("event", "move"): Reason,
    ("tally", "state"): State,
    ("file", "state"): FileState,
    ("file", "fault"): ("conflict", "checksum", "unreadable", "refused", "source", "name"),
    ("batch", "state"): BatchState,
    ("batch", "direction"): Direction,
    ("retrieval_file", "state"): BringState,
    ("record", "state"): RecordState,
    ("discovery_folder", "state"): (TO_DO, AGAIN, DONE, REFUSED),
    ("discovery_finding", "kind"): Kind,
    ("subject", "source"): ("hand", "file", "datajoint"),
    ("verification", "how"): How,
    ("verification", "verdict"): Verdict,
    ("verification", "content"): Content,
}

NO_WORDS = {
    "name",
    "submission_id",
    "recorded_on",
    "checksum",
    "algorithm",
    "sha256",
    "listing",
} | {
    "external_checksum",
    "external_algorithm",
}
"""Columns of a limited length that hold something else: dates, ids and checksums, whose lengths are fixed."""

COLUMNS = [
    (table._meta.table_name, field.column_name, field.max_length)
    for table in TABLES
    for field in table._meta.sorted_fields
    if type(field) is CharField and field.column_name not in NO_WORDS
]


@pytest.mark.parametrize(("table", "column", "room"), COLUMNS)
def test_every_word_has_room(table: str, column: str, room: int) -> None:
    assert (table, column) in WORDS, "tell here which words it holds"
    assert [word for word in WORDS[table, column] if len(word) > room] == []
