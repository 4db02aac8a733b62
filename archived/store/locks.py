"""The lock that one daemon holds: a locked file beside a SQLite store, an advisory lock of a server's session."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from archived.store.connection import Door

LOCK_CLASS = 0x61726368

PATIENCE = 1.0
"""How long claiming waits, in seconds: somebody may be looking whether the lock is held."""


class DaemonLock(Protocol):
    """A lock that ends with the process that holds it, however that ends."""

    bound_to_connection: bool
    """Whether it is lost with the connection that took it."""

    def acquire(self) -> bool:
        """Take it; False where another process has it."""

    def release(self) -> None:
        """Let go of it."""

    def held(self) -> bool | None:
        """Whether any process has it; None where this one is not permitted to know."""


class LockedFile:
    """A file that the operating system keeps locked. The file itself stays and means nothing."""

    bound_to_connection = False

    def __init__(self, store: Path) -> None:
        self.path = store.with_name(store.name + ".daemon-lock")
        self._lock = FileLock(self.path, thread_local=False)

    def acquire(self) -> bool:
        """See `DaemonLock.acquire`."""
        try:
            self._lock.acquire(timeout=PATIENCE, poll_interval=0.05)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """See `DaemonLock.release`."""
        self._lock.release()

    def held(self) -> bool | None:
        """See `DaemonLock.held`."""
        if not self.path.exists():
            return False
        if self._lock.is_locked:
            return True
        try:
            with FileLock(self.path, timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return None


class PostgresLock:
    """A session-level advisory lock; one for each rig of the database."""

    bound_to_connection = True

    def __init__(self, door: Door, rig_id: int) -> None:
        self._door, self._key = door, (LOCK_CLASS, rig_id)

    def acquire(self) -> bool:
        """See `DaemonLock.acquire`."""
        row = self._door.row("SELECT pg_try_advisory_lock(?, ?)", *self._key)
        return bool(row and row[0])

    def release(self) -> None:
        """See `DaemonLock.release`."""
        self._door.row("SELECT pg_advisory_unlock(?, ?)", *self._key)

    def held(self) -> bool | None:
        """See `DaemonLock.held`."""
        row = self._door.row(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND classid = ? AND objid = ? AND objsubid = 2",
            *self._key,
        )
        return bool(row and row[0])


class MySqlLock:
    """A named lock of the session; its name holds the database, as such names are the server's."""

    bound_to_connection = True

    def __init__(self, door: Door, rig_id: int) -> None:
        self._door, self._name = door, f"archived-{door.database.database}-{rig_id}"[:64]

    def acquire(self) -> bool:
        """See `DaemonLock.acquire`."""
        row = self._door.row("SELECT GET_LOCK(?, 0)", self._name)
        return bool(row and row[0])

    def release(self) -> None:
        """See `DaemonLock.release`."""
        self._door.row("SELECT RELEASE_LOCK(?)", self._name)

    def held(self) -> bool | None:
        """See `DaemonLock.held`."""
        row = self._door.row("SELECT IS_USED_LOCK(?)", self._name)
        return bool(row and row[0] is not None)


def daemon_lock(door: Door, rig_id: int) -> DaemonLock:
    """The lock of this kind of store. A SQLite store belongs to one machine, so it has one lock for all rigs."""
    if door.address.path is not None:
        return LockedFile(door.address.path)
    if door.kind.name == "postgresql":
        return PostgresLock(door, rig_id)
    return MySqlLock(door, rig_id)
