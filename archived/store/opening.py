"""Opening a store: is it there, is it ours, is it sound, is it of this release; and bringing it up to date."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from archived.errors import (
    ConfigurationError,
    StoreError,
    StoreMissingError,
    StoreTooNewError,
)
from archived.store.address import Address
from archived.store.connection import Door
from archived.store.filesystem import is_network, mount_here
from archived.store.header import read_header
from archived.store.troubles import damaged

MIGRATIONS = Path(__file__).parent / "migrations"
HISTORY = "archived_schema"
"""The table that lists the migrations which the store has been through; it is what makes a store ours."""

COPY_MARK = "copy"
"""The setting by which a store says that it is a copy, and of when: whoever puts it in place, however, can be told."""

SQLITE_HEADER = b"SQLite format 3\x00"

HEADER = 20
WAL = b"\x02\x02"
"""The last two of the first twenty bytes of a file with a write-ahead log (sqlite.org/fileformat2.html, section 1.3)."""

FOREIGN = "it is a database of another program"

SCHEMA_LOCK = 0x61726368
"""Taken on a server while migrations run."""


def examine_file(address: Address, *, create: bool) -> None:
    """Look at a SQLite store before SQLite does, which would make an empty one where there is none.

    Raises `ConfigurationError` for a place where no store can be, `StoreMissingError` and `StoreDamagedError`.
    """
    if address.path is not None:
        with _reading(address):
            _examine(address, address.path, create=create)


def _examine(address: Address, path: Path, *, create: bool) -> None:
    if not path.parent.is_dir():
        raise StoreMissingError(
            f"the folder {path.parent} for the store does not exist; nothing was created",
            what_to_do="create it, or mount the disk that it belongs to",
        )
    mount = mount_here(path.parent)
    if mount is not None and is_network(mount.type):
        raise ConfigurationError(
            f"the store {path} would lie on {mount.point}, which is {mount.type}: SQLite loses data on file "
            "systems of that kind",
            what_to_do="put the store on a local disk, or use the address of a server (docs/SHARED-STORE.md)",
        )
    if path.is_dir():
        raise ConfigurationError(f"the store {path} is a folder; give the path of a file")
    if not path.exists():
        if path.with_name(path.name + "-wal").exists():
            raise damaged(address, "its -wal file is there, the store itself is not")
        if not create:
            raise missing(address)
        return
    header = read_header(path, HEADER)
    if not header and not create:
        raise missing(address)
    if header and not header.startswith(SQLITE_HEADER):
        raise damaged(address, "it is not a SQLite database")
    if header and not header.endswith(WAL) and _is_of_another_program(path):
        raise damaged(address, FOREIGN)


def _is_of_another_program(path: Path) -> bool:
    """Whether a database has tables and none of ours. To connect to it as to a store would change how it keeps its journal."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        with contextlib.closing(connection):
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in found}
    except apsw.Error:
        # Whoever opens it next tells what is wrong with it.
        return False
    return bool(tables) and HISTORY not in tables


@contextlib.contextmanager
def _reading(address: Address) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the store {address.shown} cannot be read: {error.strerror}",
            what_to_do="give this user permission to read and write it and its folder",
        ) from error


def missing(address: Address) -> StoreMissingError:
    """The error where there is no store yet and none may be begun."""
    return StoreMissingError(
        f"there is no store at {address.shown} yet",
        what_to_do="start the daemon, or type: archivedctl discover; either creates it. If there was one, put it back",
    )


def lost(address: Address) -> StoreMissingError:
    """The error where there is no store, although a daemon has had one: beginning an empty one would hide that."""
    return StoreMissingError(
        f"there is no store at {address.shown} any more, although a daemon has used one there; nothing was created. "
        "Recordings and archive are not affected",
        what_to_do="mount its disk, or put it back; archivedctl restore puts a backup in its place. If all is lost, "
        "type: archivedctl discover; that begins a new one with what the archive holds (docs/BACKUP.md)",
    )


def bring_up_to_date(
    door: Door,
    *,
    create: bool,
    daemon_runs: bool,
    before: Callable[[Sequence[str]], None] = lambda _migrations: None,
) -> None:
    """Run the migrations that the store has not been through; `create` allows the first of all.

    `before` is called with their names, unless the store is a new one, and may refuse. Raises `StoreMissingError` for
    an empty database without `create`, `StoreDamagedError` for a database of another program, `StoreTooNewError` for
    one of a newer release, and `StoreError` while a daemon of an older release uses it.
    """
    if is_current(door):
        return
    from playhouse.migrations import Runner

    with door.translated():
        runner = Runner(door.database, str(MIGRATIONS), table_name=HISTORY)  # type: ignore[no-untyped-call]
        if _pending(door, runner, create=create):
            if daemon_runs:
                raise StoreError(
                    f"the store {door.address.shown} must be brought up to date, but a daemon of an older "
                    "release uses it",
                    what_to_do="restart the daemon, then try again",
                )
            with door.patiently(), exclusively(door):
                # Another process may have done it while this one waited.
                if pending := _pending(door, runner, create=create):
                    if runner.applied():  # type: ignore[no-untyped-call]
                        before(pending)
                    runner.up()  # type: ignore[no-untyped-call]


def is_current(door: Door) -> bool:
    """Whether a store in a file has been through everything that this release has; that takes two glances at it.

    Of what is on a server it is not known so: there the migrations' own runner looks.
    """
    if not door.is_sqlite or HISTORY not in tables_of(door):
        return False
    rows = door.rows(f"SELECT name, applied FROM {HISTORY}")
    return all(applied for _, applied in rows) and {name for name, _ in rows} == known_migrations()


def pending_on(door: Door) -> list[str]:
    """The migrations of this release that a store in a file has not been through; none where it is not ours."""
    if not door.is_sqlite or HISTORY not in tables_of(door):
        return []
    applied = {
        name for name, applied in door.rows(f"SELECT name, applied FROM {HISTORY}") if applied
    }
    return sorted(known_migrations() - applied) if applied else []


def known_migrations() -> set[str]:
    """The names of the migrations of this release."""
    return {
        name[:-3] for name in os.listdir(MIGRATIONS) if name[0].isdigit() and name[-3:] == ".py"
    }


def tables_of(door: Door) -> set[str]:
    """The tables that there are. Raises `StoreError`."""
    if door.is_sqlite:
        return {row[0] for row in door.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    with door.translated():
        return set(door.database.get_tables())


def _pending(door: Door, runner: Any, *, create: bool) -> list[str]:
    tables = tables_of(door)
    try:
        status = runner.status()
    except TypeError as error:
        raise damaged(door.address, "what it has been through cannot be read") from error
    applied = [each.name for each in status if each.applied]
    if unknown := [each.name for each in status if each.path is None]:
        raise StoreTooNewError(
            f"the store {door.address.shown} was written by a newer release (it has {', '.join(unknown)}); "
            "this one leaves it alone",
            what_to_do="install that release again, or put back what was kept from before it (docs/UPGRADES.md)",
        )
    if not applied:
        if door.is_sqlite and tables - {HISTORY}:
            raise damaged(door.address, FOREIGN)
        if not create:
            raise missing(door.address)
    return [each.name for each in status if not each.applied]


@contextlib.contextmanager
def exclusively(door: Door) -> Iterator[None]:
    """Be the only process that builds up the store; one transaction where the database can do so."""
    database = door.database
    if door.is_sqlite:
        # Rebuilding a table would delete what refers to it; the pragma works only outside of a transaction.
        database.pragma("foreign_keys", 0)
        try:
            with database.atomic():
                yield
        finally:
            database.pragma("foreign_keys", 1)
    elif door.kind.name == "postgresql":
        with database.atomic():
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
            yield
    else:
        name = session_lock(database.database, "schema")
        if door.row("SELECT GET_LOCK(?, 10)", name) != (1,):
            raise StoreError(
                f"the store {door.address.shown} is being built by another process; nothing was changed in it"
            )
        try:
            yield
        finally:
            with contextlib.suppress(StoreError):
                door.row("SELECT RELEASE_LOCK(?)", name)


def session_lock(database: str, what: str) -> str:
    """The name of a lock of MariaDB or MySQL, whose names are the whole server's and at most 64 characters long."""
    from hashlib import sha256

    return f"archived-{sha256(database.encode()).hexdigest()[:32]}-{what}"


def check_soundness(door: Door) -> None:
    """Read the whole store, its indexes too, and see that it is sound; takes about five seconds for a million files.

    An index that lost a row would have a file taken for new. SQLite only. Raises `StoreDamagedError`.
    """
    if door.is_sqlite:
        found = door.row("PRAGMA integrity_check(1)")
        if found is None or found[0] != "ok":
            raise damaged(door.address, str(found[0] if found else "no answer"))
