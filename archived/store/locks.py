"""The locks that one process holds at a time: a locked file beside a SQLite store, an advisory lock of a server's
session. A daemon has one, and so has whoever retrieves."""

from __future__ import annotations

from typing import Protocol

from archived.store.connection import Door
from archived.store.locked_file import LockedFile
from archived.store.opening import session_lock

LOCK_CLASS = 0x61726368
RETRIEVE_LOCK_CLASS = LOCK_CLASS + 1
VERIFY_LOCK_CLASS = LOCK_CLASS + 2

FORGOTTEN_AFTER = 120
"""Seconds without a word after which a server lets go of a claim: a machine that lost its power, or its network,
must not be kept from claiming again. A daemon says something every few seconds."""


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


class PostgresLock:
    """A session-level advisory lock; one of a class for each rig of the database."""

    bound_to_connection = True

    def __init__(self, door: Door, rig_id: int, lock_class: int = LOCK_CLASS) -> None:
        self._door, self._key = door, (lock_class, rig_id)

    def acquire(self) -> bool:
        """See `DaemonLock.acquire`."""
        row = self._door.row("SELECT pg_try_advisory_lock(?, ?)", *self._key)
        if not (row and row[0]):
            return False
        # Older servers have no such setting, and none to put in its place.
        self._door.row(
            "SELECT set_config(name, ?, false) FROM pg_settings WHERE name = 'idle_session_timeout'",
            f"{FORGOTTEN_AFTER}s",
        )
        return True

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
    """A named lock of the session."""

    bound_to_connection = True

    def __init__(self, door: Door, subject: str) -> None:
        self._door = door
        self._name = session_lock(door.database.database, subject)

    def acquire(self) -> bool:
        """See `DaemonLock.acquire`."""
        row = self._door.row("SELECT GET_LOCK(?, 0)", self._name)
        if not (row and row[0]):
            return False
        self._door.row(f"SET SESSION wait_timeout = {FORGOTTEN_AFTER}")
        return True

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
    return MySqlLock(door, str(rig_id))


def retrieval_lock(door: Door, rig_id: int) -> DaemonLock:
    """The lock of whoever brings files back to this rig; beside a SQLite store there is one for all rigs."""
    if door.address.path is not None:
        return LockedFile(door.address.path, "retrieve")
    if door.kind.name == "postgresql":
        return PostgresLock(door, rig_id, RETRIEVE_LOCK_CLASS)
    return MySqlLock(door, f"retrieve-{rig_id}")


def verification_lock(door: Door, rig_id: int) -> DaemonLock:
    """The lock of the person who has this rig's files verified; beside a SQLite store there is one for all rigs."""
    if door.address.path is not None:
        return LockedFile(door.address.path, "verify")
    if door.kind.name == "postgresql":
        return PostgresLock(door, rig_id, VERIFY_LOCK_CLASS)
    return MySqlLock(door, f"verify-{rig_id}")
