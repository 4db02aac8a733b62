"""Kept stores as they were: built by their release's statements, with every row that it left behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import apsw

from archived.store.address import parse
from archived.store.connection import Door
from archived.store.opening import HISTORY, MIGRATIONS
from tests.store.servers import Server
from tests.store.upgrades.make import KEPT, RIGS, unhidden

__all__ = ["RIGS", "VERSIONS", "everything", "load", "said_then", "timeless", "without_kept"]

VERSIONS = sorted(path.stem for path in KEPT.glob("[0-9][0-9][0-9][0-9].sql"))
"""The schemas that were ever released."""

Rows = dict[str, list[dict[str, Any]]]


def without_kept() -> list[str]:
    """The migrations whose schema has no kept data."""
    numbers = {path.stem: path.stem.partition("_")[0] for path in MIGRATIONS.glob("[0-9]*.py")}
    return sorted(name for name, number in numbers.items() if number not in VERSIONS)


def load(version: str, address: str, server: Server | None = None) -> None:
    """Fill an empty database, or make a file, as the release with that schema left it."""
    kind = parse(address).kind
    schema = (KEPT / f"{version}.{kind}.sql").read_text()
    rows = (KEPT / f"{version}.sql").read_text()
    statements = [*_statements(schema), *map(unhidden, _statements(rows))]
    with _executing(address, server) as execute:
        if kind == "mysql":
            execute("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'")
            execute("SET NAMES utf8mb4")
        for each in statements:
            execute(each)
    if kind == "postgresql":
        _count_on(address)


def _statements(text: str) -> Iterator[str]:
    """A statement may have several lines; it ends with one that ends in a semicolon."""
    lines: list[str] = []
    for line in text.splitlines():
        lines.append(line)
        if line.endswith(";"):
            yield "\n".join(lines)[:-1]
            lines = []
    assert not lines, "the last statement has no end"


@contextmanager
def _executing(address: str, server: Server | None) -> Iterator[Callable[[str], object]]:
    if server is None:
        with closing(apsw.Connection(address)) as file:
            file.execute("PRAGMA journal_mode = wal").fetchall()
            with file:
                yield file.execute
        return
    with closing(server.connect(parse(address).database)) as connection:
        yield connection.cursor().execute


def _count_on(address: str) -> None:
    """Ids that were given explicitly are not known to the counters of PostgreSQL."""
    with closing(Door(parse(address))) as door:
        for table in _tables(door):
            if any(each.name == "id" for each in door.database.get_columns(table)):
                door.rows(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table})) "
                    f"FROM {table} LIMIT 1"
                )


def _tables(door: Door) -> list[str]:
    door.connect()
    return sorted(door.database.get_tables())


def everything(address: str) -> Rows:
    """Every row of every table, by columns."""
    found: Rows = {}
    with closing(Door(parse(address))) as door:
        for table in _tables(door):
            columns = sorted(each.name for each in door.database.get_columns(table))
            rows = door.rows(f"SELECT {', '.join(columns)} FROM {table}")
            found[table] = sorted(
                (dict(zip(columns, row, strict=True)) for row in rows),
                key=lambda row: json.dumps(row, default=str),
            )
    return found


def timeless(rows: Rows) -> Rows:
    """Without when the migrations ran, and at which try."""
    return {**rows, HISTORY: [{"name": row["name"]} for row in rows[HISTORY]]}


def said_then(version: str, rig: str) -> dict[str, Any]:
    """What the verbs of the release said."""
    said: dict[str, Any] = json.loads((KEPT / f"{version}.json").read_text())[rig]
    return said
