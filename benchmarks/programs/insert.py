"""Write the rows of one store to a new one with Python's own `sqlite3`: `insert EXAMPLE STORE FILES`.

The same tables and indexes, the same journal, the same promise that what was committed is on the disk; so many FILES
in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring import section

PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "foreign_keys = 1",
    "cache_size = -16384",
)
"""Those of our own connections."""

OURS = "name NOT LIKE 'sqlite_%'"


@dataclass(frozen=True)
class Rows:
    """What one table holds, without the columns that are NULL in all of its rows."""

    statement: str
    values: list[tuple[Any, ...]]


def main(example: str, store: str, files: str) -> None:
    """Read the example, then write and measure that."""
    with sqlite3.connect(f"file:{example}?mode=ro", uri=True) as source:
        names = _column(source, f"SELECT name FROM sqlite_master WHERE type = 'table' AND {OURS}")
        schema = _column(
            source,
            f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND {OURS} ORDER BY type DESC, rowid",
        )
        tables = {name: _rows(source, name) for name in names}
    of_files = tables.pop("file")
    target = sqlite3.connect(store, isolation_level=None)
    for pragma in PRAGMAS:
        target.execute(f"PRAGMA {pragma}")
    for sql in schema:
        target.execute(sql)
    with section() as figures:
        target.execute("BEGIN IMMEDIATE")
        for rows in tables.values():
            target.executemany(rows.statement, rows.values)
        for start in range(0, len(of_files.values), int(files)):
            if start:
                target.execute("BEGIN IMMEDIATE")
            target.executemany(of_files.statement, of_files.values[start : start + int(files)])
            target.execute("COMMIT")
    target.close()
    json.dump({**figures, "files": len(of_files.values)}, sys.stdout)


def _column(source: sqlite3.Connection, query: str) -> list[str]:
    return [value for (value,) in source.execute(query)]


def _rows(source: sqlite3.Connection, table: str) -> Rows:
    columns = _column(source, f"SELECT name FROM pragma_table_info('{table}')")
    counts = source.execute(
        f"SELECT {', '.join(f'count({each})' for each in columns)} FROM {table}"
    )
    used = [
        name for name, count in zip(columns, counts.fetchone(), strict=True) if count
    ] or columns
    chosen = ", ".join(used)
    return Rows(
        f"INSERT INTO {table} ({chosen}) VALUES ({', '.join('?' * len(used))})",
        source.execute(f"SELECT {chosen} FROM {table}").fetchall(),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
