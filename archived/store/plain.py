"""SQLite as reading takes it: connections of apsw, and nothing that takes long to load.

`archivedctl status` reads a few rows, and loading peewee would take longer than everything else that it does.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from archived.store.address import BUSY_TIMEOUT, Address, journal


class PlainDatabase:
    """A connection for each thread. Has as much of a peewee database as a `Door` needs to read."""

    def __init__(self, name: str, pragmas: Mapping[str, object]) -> None:
        self.name = name
        self._pragmas = pragmas
        self._here = threading.local()

    def is_closed(self) -> bool:
        """Whether this thread has no connection."""
        return self._found() is None

    def connect(self) -> None:
        """Connect this thread."""
        self._here.connection = self._opened()

    def connection(self) -> apsw.Connection:
        """The connection of this thread, which must have one."""
        connection: apsw.Connection = self._here.connection
        return connection

    def close(self) -> None:
        """Close the connection of this thread."""
        connection, self._here.connection = self._found(), None
        if connection is not None:
            connection.close()

    def handed_over(self) -> apsw.Connection:
        """The connection of this thread, or a new one, for somebody else to keep."""
        connection, self._here.connection = self._found(), None
        return connection or self._opened()

    def execute_sql(self, sql: str, values: Sequence[Any] = ()) -> apsw.Cursor:
        """Run a statement."""
        return self.connection().execute(sql, values)

    def _found(self) -> apsw.Connection | None:
        return getattr(self._here, "connection", None)

    def _opened(self) -> apsw.Connection:
        return self._prepared(apsw.Connection(self.name))

    def _prepared(self, connection: apsw.Connection) -> apsw.Connection:
        """Patient with other processes, and set as its pragmas say."""
        connection.set_busy_timeout(BUSY_TIMEOUT * 1000)
        try:
            for name, value in self._pragmas.items():
                connection.execute(f"PRAGMA {name} = {value}").fetchall()
        except BaseException:
            connection.close()
            raise
        return connection


def plain(address: Address) -> PlainDatabase:
    """A database object for a store in a file, not connected yet."""
    mode, synchronous = journal()
    pragmas = {
        "journal_mode": mode,
        "synchronous": synchronous,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cache_size": -16_384,
    }
    return PlainDatabase(str(address.path), pragmas)
