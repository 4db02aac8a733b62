"""What a command asks of the store does not grow with what is archived: the same questions, and none that reads it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from archived.store.connection import Door
from tests.cli.rigs import CliRig, archived_and_ready
from tests.store.bench import G0, LOCATION, Bench
from tests.store.test_plans import GROWING, SMALL

NAME = f"{LOCATION}/{G0}"

SHORT = SMALL | {"sqlite_master", "archived_schema", "g", "t"}
"""Tables with a row for each table or each migration too; and what the statements call rigs and tallies."""

COMMANDS = [
    ["status", "--json"],
    ["show", NAME, "--json"],
    ["list", NAME, "--json"],
    ["events", NAME, "--json"],
    ["rigs", "--json"],
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were run since this list was cleared."""
    statements: list[str] = []
    execute: Callable[..., Any] = Door._execute

    def noting(door: Door, sql: str, values: Any) -> Any:
        statements.append(sql)
        return execute(door, sql, values)

    monkeypatch.setattr(Door, "_execute", noting)
    return statements


@pytest.mark.parametrize("words", COMMANDS)
def test_the_questions_are_the_same_however_much_is_archived(
    rig: CliRig, bench: Bench, asked: list[str], words: list[str]
) -> None:
    bench.ready("a.bin", "b.bin")
    bench.archive()
    asked.clear()
    rig.json(*words)
    before = list(asked)
    for number in range(30):
        path = f"SC011/r{number}"
        bench.ready("a.bin", "b.bin", dataset=path)
        bench.archive(path)
    asked.clear()
    rig.json(*words)

    assert len(before) > 3
    assert asked == before


@pytest.mark.parametrize("words", COMMANDS)
def test_no_question_reads_a_whole_table_that_grows(
    rig: CliRig, bench: Bench, asked: list[str], words: list[str]
) -> None:
    archived_and_ready(bench)
    asked.clear()
    rig.json(*words)
    connection = bench.store._door.database.connection()
    scans = [
        f"{row[3]}: {sql}"
        for sql in dict.fromkeys(asked)
        if sql.startswith(("SELECT", "WITH"))
        for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))
        if (scan := GROWING.match(row[3])) and scan[1] not in SHORT
    ]

    assert scans == []
