"""What all verbs of the store share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archived.store.connection import Door
from archived.store.locks import DaemonLock


class Verbs:
    """A part of the store. Every verb that writes is one transaction."""

    def __init__(self, door: Door, rig_id: int, rig: str, lock: DaemonLock) -> None:
        self._door = door
        self._rig_id = rig_id
        self._rig = rig
        self._lock = lock

    @contextmanager
    def together(self) -> Iterator[None]:
        """All verbs in the block are one transaction: what they write is stored as a whole or not at all."""
        with self._door.write():
            yield

    def _upsert(self, table: str, keys: dict[str, object], values: dict[str, object]) -> None:
        """Set the values of the row with these keys, or insert it. The names are ours, never a user's."""
        where = " AND ".join(f"{key} = ?" for key in keys)
        settings = ", ".join(f"{name} = ?" for name in values)
        found = self._door.change(
            f"UPDATE {table} SET {settings} WHERE {where}", *values.values(), *keys.values()
        )
        if not found:
            self._put(table, {**keys, **values})

    def _put(self, table: str, values: dict[str, object]) -> None:
        """Insert a row that is certainly not there. The names are ours, never a user's."""
        self._door.change(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            *values.values(),
        )
