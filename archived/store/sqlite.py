"""SQLite through apsw, as peewee's database: what writes. Two SQLite libraries on one WAL store can corrupt it, so no
process uses another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from playhouse.apsw_ext import APSWDatabase

from archived.store.plain import PlainDatabase


class SqliteDatabase(APSWDatabase):
    """Takes over the connections with which threads have read."""

    def __init__(self, plain: PlainDatabase, field_types: Mapping[str, str]) -> None:
        self._plain = plain
        super().__init__(  # type: ignore[no-untyped-call]
            plain.name, autoconnect=False, lock_type="IMMEDIATE", field_types=field_types
        )

    def _connect(self) -> Any:
        connection = self._plain.handed_over()
        connection.convert_binding = _bind
        return connection


def _bind(_cursor: Any, _number: int, value: Any) -> Any:
    """What apsw does not bind by itself: the migrations' runner notes when it ran."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    raise TypeError(f"the store cannot hold a {type(value).__name__}")
