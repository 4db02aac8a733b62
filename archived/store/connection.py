"""The door to the database: statements, one transaction per write, and errors in our words."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apsw
import peewee

from archived.errors import ConfigurationError, StoreDamagedError, StoreError
from archived.store.address import KINDS, Address, database

Row = tuple[Any, ...]


class Door:
    """A store's connections, one for each thread that comes by.

    Statements are SQL that all databases understand, with `?` for values. Every failure of the database leaves
    as a `StoreError`; what breaks a rule of the schema is a bug and leaves as it is.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.kind = KINDS[address.kind]
        self.database: Any = database(address)
        self.rig_id: int | None = None
        """Whose row writers queue up at; None until the store is open."""
        self.on_connect: Callable[[], None] | None = None
        """Called after every new connection; whoever holds a lock of the connection takes it again here."""
        self._connections: list[Any] = []
        self._statements: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is a file of this machine."""
        return self.kind.name == "sqlite"

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside of `write`."""
        return bool(self.database.in_transaction())

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows that a query finds."""
        with self.translated():
            return self._decoded(self._execute(sql, values).fetchall())

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row that a query finds."""
        with self.translated():
            row = self._execute(sql, values).fetchone()
        return None if row is None else self._decoded([row])[0]

    def change(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it found; on its own it is a transaction of its own."""
        with self.write():
            found: int = self.database.rows_affected(self._execute(sql, values))
            return found

    def insert(self, sql: str, *values: Any) -> int:
        """Insert one row and return its id."""
        with self.translated():
            if self.kind.name == "postgresql":
                return int(self._execute(sql + " RETURNING id", values).fetchone()[0])
            return int(self.database._last_insert_rowid(self._execute(sql, values)))

    def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows; much faster than one by one."""
        values = list(values)
        if not values:
            return
        with self.translated():
            self._ensure()
            with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
                self.database.cursor().executemany(self._statement(sql), values)

    @contextlib.contextmanager
    def write(self) -> Iterator[None]:
        """One transaction, in which no other process writes to this rig's rows; a failure changes nothing.

        Within another it joins that one.
        """
        if self.in_transaction:
            yield
            return
        with self.translated():
            self._ensure()
            with self.database.atomic():
                if not self.is_sqlite and self.rig_id is not None:
                    # The same rule that SQLite has for the whole file: one writer at a time.
                    self._execute("SELECT id FROM rig WHERE id = ? FOR UPDATE", (self.rig_id,))
                yield

    def connect(self) -> None:
        """Connect this thread now, rather than with its first statement."""
        with self.translated():
            self._ensure()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            connections, self._connections = self._connections, []
        if not self.database.is_closed():
            with contextlib.suppress(peewee.PeeweeException):
                self.database.close()
        for connection in connections:
            # Those of other threads, which may be closed already or in the middle of a query.
            with contextlib.suppress(Exception):
                connection.close()

    def _execute(self, sql: str, values: Sequence[Any]) -> Any:
        self._ensure()
        return self.database.execute_sql(self._statement(sql), values)

    def _statement(self, sql: str) -> str:
        if self.is_sqlite:
            return sql
        statement = self._statements.get(sql)
        if statement is None:
            statement = self._statements[sql] = sql.replace("?", "%s")
        return statement

    def _decoded(self, rows: list[Row]) -> list[Row]:
        if self.kind.name != "mysql":
            return rows
        return [
            tuple(value.decode() if isinstance(value, bytes) else value for value in row)
            for row in rows
        ]

    def _ensure(self) -> None:
        if not self.database.is_closed():
            return
        self.database.connect()
        with self._lock:
            self._connections.append(self.database.connection())
        if self.on_connect is not None:
            try:
                self.on_connect()
            except BaseException:
                self.database.close()
                raise

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Errors of the database leave this block as errors of ours."""
        try:
            yield
        except peewee.ImproperlyConfigured as error:
            raise ConfigurationError(
                f"store: {self.address.shown}: {error}",
                what_to_do=f"pip install 'archived[{_EXTRAS.get(self.kind.name, '')}]'",
            ) from error
        except peewee.DatabaseError as error:
            self._drop_if_dead()
            if (translated := self._in_our_words(error)) is None:
                raise
            raise translated from error
        except peewee.InterfaceError as error:
            self._drop_if_dead()
            raise self._unavailable(_words(error)) from error

    def _drop_if_dead(self) -> None:
        """A server that went away leaves a connection that never works again; the next statement makes a new one."""
        if self.is_sqlite or self.in_transaction:
            return
        if not self.database.is_connection_usable():
            with contextlib.suppress(peewee.PeeweeException):
                self.database.close()

    def _in_our_words(self, error: peewee.DatabaseError) -> StoreError | None:
        """The error to raise, or None where it is our own mistake."""
        cause = _cause(error)
        if isinstance(cause, (apsw.CorruptError, apsw.NotADBError)) or type(cause).__name__ in (
            "DataCorrupted",
            "IndexCorrupted",
        ):
            return damaged(self.address, _words(error))
        if isinstance(cause, apsw.SQLError):
            return None
        if isinstance(cause, apsw.FullError):
            return self._unavailable("its disk is full", "make room on that disk")
        if isinstance(cause, (apsw.BusyError, apsw.LockedError)):
            return self._unavailable("another process has kept it locked")
        if isinstance(error, (peewee.OperationalError, peewee.InternalError)):
            return self._unavailable(_words(error))
        return None

    def _unavailable(self, what: str, what_to_do: str = "") -> StoreError:
        return StoreError(
            f"the store {self.address.shown} cannot be used just now: {what}; "
            "nothing was changed in it",
            what_to_do=what_to_do,
        )


_EXTRAS = {"postgresql": "postgres", "mysql": "mysql"}


def damaged(address: Address, what: str) -> StoreDamagedError:
    """The error for a store that is not sound; nothing of ours writes to it any more."""
    return StoreDamagedError(
        f"the store {address.shown} is damaged ({what}); it was left as it is, and nothing is archived until "
        "it is sound again. Recordings and archive are not affected",
        what_to_do="move the store aside (with its -wal file), then put a backup back, or let a fresh store be "
        "created and fill it from the archive with `archivedctl discover`",
    )


def _cause(error: BaseException) -> BaseException:
    """The driver's own exception; peewee wraps it in one of its own."""
    return getattr(error, "orig", None) or error


def _words(error: BaseException) -> str:
    """The database's own words, on one line."""
    cause = _cause(error)
    return " ".join(str(cause).split()) or type(cause).__name__
