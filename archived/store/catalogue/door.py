"""Opening a store to read it: nothing is ever written, and no more is needed than the permission to read."""

from __future__ import annotations

import threading
from typing import Any

import apsw

from archived.errors import StoreError, StoreTooNewError
from archived.store.address import Address
from archived.store.connection import Door, Row
from archived.store.failures import cause
from archived.store.fields import from_text
from archived.store.header import read_header
from archived.store.opening import HISTORY, examine_file, known_migrations, missing, tables_of
from archived.store.plain import PlainDatabase
from archived.store.troubles import damaged

TRIES = 20
"""How often a store that changes while it is read is read again."""

_WAL_FORMAT = 2
"""What the 19th byte of a SQLite file says where it has a write-ahead log."""

Fingerprint = tuple[int | None, ...]


class ReadOnlyDoor(Door):
    """The door of somebody who only reads.

    A SQLite store with a write-ahead log cannot be opened without a file beside it, which SQLite would make. Where
    there is none, nobody writes at this moment: the file is then read as it stands, and read again if it turns
    out that somebody began to write meanwhile. A store that was put in the place of another is opened in its stead.
    """

    def __init__(self, address: Address) -> None:
        self._file = None if address.path is None else _ReadOnlyDatabase(address)
        super().__init__(address, self._file)
        if self._file is not None:
            return
        if self.kind.name == "postgresql":
            self.on_connect = self._forbid("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        else:
            self.on_connect = self._forbid("SET SESSION TRANSACTION READ ONLY")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows that a query finds, as they were at one moment."""
        if self._file is None:
            return super().rows(sql, *values)
        for _ in range(TRIES):
            try:
                if self._file.is_closed() or self._file.undisturbed():
                    found = super().rows(sql, *values)
                    if self._file.undisturbed():
                        return found
            except StoreError as error:
                if not _is_passing(error):
                    raise
            # The next statement opens a connection that fits what is there then.
            self._hang_up()
            _look_for(self.address)
        raise StoreError(
            f"the store {self.address.shown} cannot be read just now: other programs keep changing it",
            what_to_do="try again; give this user permission to write its folder if it happens often",
        )

    def _connected(self) -> None:
        """Whoever only reads mixes nothing up: it may be another file than before."""
        if self.on_connect is not None:
            self.on_connect()

    def _forbid(self, sql: str) -> Any:
        return lambda: self.database.execute_sql(sql)


class _ReadOnlyDatabase(PlainDatabase):
    """SQLite without any permission to write."""

    def __init__(self, address: Address) -> None:
        assert address.path is not None
        self._shown, self._path = address.shown, address.path.absolute()
        self._seen = threading.local()
        super().__init__(
            str(address.path), {"query_only": 1, "trusted_schema": 0, "cache_size": -16_384}
        )

    def undisturbed(self) -> bool:
        """Whether what this thread's connection reads is still all there is."""
        try:
            return bool(self._seen.fingerprint == self._fingerprint(alone=self._seen.alone))
        except OSError:
            return False

    def _opened(self) -> apsw.Connection:
        """Where others write at this moment SQLite keeps us apart; where nobody does there is nothing to keep apart."""
        try:
            alone = self._seen.alone = self._is_alone()
            self._seen.fingerprint = self._fingerprint(alone=alone)
        except OSError as error:
            raise StoreError(
                f"the store {self._shown} cannot be used just now: {error.strerror}; nothing was changed in it"
            ) from error
        rights = "mode=ro&immutable=1" if alone else "mode=ro"
        return self._prepared(
            apsw.Connection(
                f"{self._path.as_uri()}?{rights}",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
            )
        )

    def _is_alone(self) -> bool:
        """Whether nobody writes at this moment, so that SQLite has no file by which it could keep us apart."""
        header = read_header(self._path, 20)
        return header[18:19] == bytes([_WAL_FORMAT]) and self._log() is None

    def _fingerprint(self, *, alone: bool) -> Fingerprint:
        """Which files they are, and where SQLite does not look after that, whether they are unchanged."""
        stat = self._path.stat()
        which = (stat.st_dev, stat.st_ino, self._log())
        return (*which, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) if alone else which

    def _log(self) -> int | None:
        """Which file the write-ahead log is; None where there is none."""
        try:
            return self._path.with_name(self._path.name + "-wal").stat().st_ino
        except FileNotFoundError:
            return None


def open_door(address: Address) -> ReadOnlyDoor:
    """Open a store that is there and of this release.

    Raises `StoreMissingError`, `StoreDamagedError`, `StoreTooNewError` and `StoreError`.
    """
    _look_for(address)
    door = ReadOnlyDoor(address)
    try:
        door.connect()
        _examine_release(door)
    except BaseException:
        door.close()
        raise
    return door


def _look_for(address: Address) -> None:
    try:
        examine_file(address, create=False)
    except OSError as error:
        raise StoreError(
            f"the store {address.shown} cannot be read: {error.strerror}",
            what_to_do="give this user permission to read it and to enter its folder",
        ) from error


def _examine_release(door: Door) -> None:
    tables = tables_of(door)
    if HISTORY not in tables:
        if door.is_sqlite and tables:
            raise damaged(door.address, "it is a database of another program")
        raise missing(door.address)
    applied = {from_text(row[0]) for row in door.rows(f"SELECT name FROM {HISTORY}")}
    known = known_migrations()
    if newer := sorted(applied - known):
        raise StoreTooNewError(
            f"the store {door.address.shown} was written by a newer release (it has {', '.join(newer)})",
            what_to_do="install that release here too",
        )
    if known - applied:
        raise StoreError(
            f"the store {door.address.shown} was written by an older release, and must be brought up to date "
            "before it can be read",
            what_to_do="restart its daemon in this release, or type `archivedctl status` as its user"
            if door.is_sqlite
            else "restart the daemons of all rigs in this release (docs/UPGRADES.md)",
        )


def _is_passing(error: StoreError) -> bool:
    """Whether SQLite could not begin to read because another program came or went at this very moment."""
    own = cause(error.__cause__) if error.__cause__ is not None else None
    return isinstance(own, (apsw.CantOpenError, apsw.ReadOnlyError))
