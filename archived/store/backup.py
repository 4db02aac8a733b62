"""A copy of a store in a file, made while it is in use, read through and compared before it gets its name.

Only this module and `restoring` know how a copy looks. SQLite's own way of copying is used: whoever copies the file
itself gets half of a transaction, and leaves out what still lies in the -wal file.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import apsw

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import StoreDamagedError, StoreError, StoreMissingError
from archived.store.address import BUSY_TIMEOUT, Address
from archived.store.fields import from_text, from_time, to_time
from archived.store.opening import COPY_MARK, HISTORY
from archived.store.placing import NameTakenError, place, sweep, sync, sync_folder, temporary_name
from archived.store.troubles import damaged

PRIVATE = 0o600
PAGES_AT_ONCE = 1_000
MAGIC = b"SQLite format 3\x00"
WITHOUT_WAL = b"\x01\x01"
FORMAT_VERSIONS = 18
"""Where a SQLite file says whether it has a WAL (sqlite.org/fileformat2.html, 1.3.3). A file that rests has none."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A copy of a store that was read through. Sizes are bytes."""

    path: Path
    bytes: int
    rigs: tuple[str, ...]
    schema: str
    """The last migration that it has been through."""
    datasets: int
    files: int
    events: int
    made_at: datetime | None
    """When it was copied; None of a store that is no copy."""


def copy_of(
    store: Path,
    target: Path,
    now: datetime | None,
    *,
    going_on: Callable[[], None] = lambda: None,
) -> BackedUp:
    """Copy the SQLite store `store` to `target`, which must not be there yet, and prove the copy.

    The copy is of one moment, whoever writes meanwhile. It is private to this account, on the disk for good, and
    has its name only when it was read through and holds the same rows. `going_on` is called between pages and may
    raise to stop. Raises `StoreError` where it cannot be written, or is there already; `StoreMissingError`; and
    `StoreDamagedError` where the store itself is not sound.
    """
    if os.path.lexists(target):
        raise _taken(target)
    with copying(store, target):
        temporary = _new_file(target)
        try:
            counts = _copy(store, temporary, now, going_on)
            found = _proved(store, temporary, counts)
            sync(temporary)
            place(temporary, target)
        except NameTakenError:
            raise _taken(target) from None
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(target.parent)
    return replace(found, path=target)


def _proved(store: Path, temporary: Path, counts: dict[str, int]) -> BackedUp:
    try:
        return examine(temporary, counts=counts, shown=store)
    except StoreDamagedError as error:
        raise _fault_of_copy(store, temporary) from error


def _fault_of_copy(store: Path, copy: Path) -> StoreError:
    """A copy that is wrong may have been made wrong by its own disk: the store itself is asked."""
    try:
        source = apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READWRITE)
        with contextlib.closing(source):
            source.set_busy_timeout(BUSY_TIMEOUT * 1_000)
            found = str(_value(source, "PRAGMA integrity_check(1)"))
    except (apsw.CorruptError, apsw.NotADBError) as error:
        found = str(error)
    if found != "ok":
        return damaged(Address("sqlite", str(store), store), " ".join(found.split()))
    return StoreError(
        f"the copy {printable(str(copy))} does not read back as it was written, and was not kept; the store itself is sound",
        what_to_do="see whether the disk of the copy is full or failing, or name another place",
    )


def examine(
    path: Path, *, counts: dict[str, int] | None = None, shown: Path | None = None
) -> BackedUp:
    """Read a copy through that nobody writes: sound, ours, and with so many rows where that is known.

    `shown` is what people know it by. Raises `StoreDamagedError`, and `apsw.Error` where it cannot be read at all.
    Changes nothing, not even beside it.
    """
    shown = path if shown is None else shown
    with contextlib.closing(_connection(path, "immutable=1", apsw.SQLITE_OPEN_READONLY)) as copy:
        _insist_on_soundness(copy, shown)
        tables = _tables(copy)
        if HISTORY not in tables or "rig" not in tables:
            raise unsound(shown, "it is a database of another program")
        held = _counts(copy)
        if counts is not None and counts != held:
            raise unsound(shown, "it does not hold the same as the store")
        schema = _value(copy, f"SELECT max(name) FROM {HISTORY}")
        return BackedUp(
            path=path,
            bytes=path.stat().st_size,
            rigs=_rigs(copy),
            schema=str(schema or ""),
            datasets=held.get("dataset", 0),
            files=held.get("file", 0),
            events=held.get("event", 0),
            made_at=_made_at(copy),
        )


def glance(path: Path) -> tuple[tuple[str, ...], datetime | None, int]:
    """Of whose stores a file is a copy, of when, and how long it is; it is not read through.

    Raises `StoreDamagedError`, and `apsw.Error` where it cannot be read at all.
    """
    with contextlib.closing(_connection(path, "immutable=1", apsw.SQLITE_OPEN_READONLY)) as copy:
        size = int(str(_value(copy, "PRAGMA page_count"))) * int(
            str(_value(copy, "PRAGMA page_size"))
        )
        if size != path.stat().st_size:
            raise unsound(path, "it is not as long as it says")
        return _rigs(copy), _made_at(copy), size


def migrations_of(path: Path) -> set[str]:
    """The migrations that a copy has been through."""
    with contextlib.closing(_connection(path, "immutable=1", apsw.SQLITE_OPEN_READONLY)) as copy:
        return {str(row[0]) for row in copy.execute(f"SELECT name FROM {HISTORY}")}


def is_database(path: Path) -> bool:
    """Whether a file begins as a SQLite database does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def without_wal(path: Path) -> None:
    """Say in a file of SQLite's that it has no log beside it. Only for one that rests."""
    with path.open("r+b") as file:
        file.seek(FORMAT_VERSIONS)
        file.write(WITHOUT_WAL)


def unsound(path: Path, why: str) -> StoreDamagedError:
    """The error about a copy that must not be used."""
    return StoreDamagedError(
        f"{printable(str(path))} is no sound copy of a store ({why}); it is not used, and was left as it is",
        what_to_do="take another backup",
    )


def _copy(
    store: Path, temporary: Path, now: datetime | None, going_on: Callable[[], None]
) -> dict[str, int]:
    """Copy page by page within one reading transaction; return how many rows each table has at that moment."""
    source = apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READWRITE)
    with contextlib.closing(source):
        source.set_busy_timeout(BUSY_TIMEOUT * 1_000)
        source.execute("BEGIN")
        counts = _counts(source)
        copy = _connection(temporary, "nolock=1", apsw.SQLITE_OPEN_READWRITE)
        with contextlib.closing(copy):
            copy.execute("PRAGMA journal_mode = OFF").fetchall()
            copy.execute("PRAGMA synchronous = OFF")
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    going_on()
                    backup.step(PAGES_AT_ONCE)
    without_wal(temporary)
    with contextlib.closing(_connection(temporary, "nolock=1", apsw.SQLITE_OPEN_READWRITE)) as copy:
        copy.execute("PRAGMA journal_mode = MEMORY").fetchall()
        copy.execute("PRAGMA synchronous = OFF")
        copy.execute(f"DELETE FROM setting WHERE name = '{COPY_MARK}'")
        copy.execute(
            "INSERT INTO setting (rig_id, name, text) SELECT id, ?, ? FROM rig",
            (COPY_MARK, json.dumps({"made_at": to_time(now)})),
        )
        counts["setting"] = int(str(_value(copy, "SELECT count(*) FROM setting")))
    return counts


def _new_file(target: Path) -> Path:
    """An empty file of ours beside the target, that nobody else may read from the start."""
    temporary = temporary_name(target, secrets.token_hex(4))
    os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE))
    sweep(temporary)
    return temporary


def _connection(path: Path, how: str, flags: int) -> apsw.Connection:
    """A connection without locks: nobody else knows the file yet, and network disks may have none."""
    return apsw.Connection(f"{path.absolute().as_uri()}?{how}", flags=flags | apsw.SQLITE_OPEN_URI)


def _insist_on_soundness(connection: apsw.Connection, path: Path) -> None:
    found = _value(connection, "PRAGMA integrity_check(1)")
    if found != "ok":
        raise unsound(path, " ".join(str(found).split()))


def _tables(connection: apsw.Connection) -> list[str]:
    return [
        str(row[0])
        for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if not str(row[0]).startswith("sqlite_")
    ]


def _counts(connection: apsw.Connection) -> dict[str, int]:
    return {
        name: int(str(_value(connection, f'SELECT count(*) FROM "{name}"')))
        for name in _tables(connection)
    }


def _rigs(connection: apsw.Connection) -> tuple[str, ...]:
    rows = connection.execute("SELECT name FROM rig ORDER BY name")
    return tuple(from_text(row[0]) for row in rows)


def _made_at(connection: apsw.Connection) -> datetime | None:
    text = _value(connection, f"SELECT text FROM setting WHERE name = '{COPY_MARK}' LIMIT 1")
    return None if text is None else from_time(json.loads(str(text))["made_at"])


def _value(connection: apsw.Connection, sql: str) -> object:
    row = connection.execute(sql).fetchone()
    return None if row is None else row[0]


def _taken(target: Path) -> StoreError:
    return StoreError(
        f"{printable(str(target))} is there already, and is never written over; nothing was copied",
        what_to_do="give another name, or a folder: then a name is found",
    )


@contextlib.contextmanager
def copying(store: Path, target: Path) -> Iterator[None]:
    """Failures of SQLite and of the disk leave this block as errors of ours, about copying a store to a place."""
    where = printable(str(target))
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        if store == target:
            raise unsound(store, str(error)) from error
        raise _fault_of_copy(store, target) from error
    except apsw.CantOpenError as error:
        if not store.exists():
            raise StoreMissingError(f"there is no store at {store} to be copied") from error
        raise StoreError(f"the store {store} cannot be copied: {error}") from error
    except apsw.FullError as error:
        raise _not_written(where, "the disk is full") from error
    except apsw.Error as error:
        raise StoreError(f"the store {store} cannot be copied to {where}: {error}") from error
    except OSError as error:
        raise _not_written(where, error.strerror or str(error)) from error


def _not_written(where: str, why: str) -> StoreError:
    return StoreError(
        f"the copy {where} cannot be written: {why}; the store is as it was",
        what_to_do="make room there, or name another place",
    )
