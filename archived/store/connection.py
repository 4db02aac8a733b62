"""The door to the database: statements, one transaction per write, and errors in our words."""

from __future__ import annotations

import contextlib
import copy
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from archived.errors import ArchivedError, ConfigurationError, StoreError
from archived.store.address import BUILD_WITHIN, KINDS, Address
from archived.store.databases import Databases
from archived.store.failures import is_timeout
from archived.store.plain import PlainDatabase, plain
from archived.store.presence import Presence
from archived.store.troubles import Trouble, damage_of, damaged, is_lack_of_driver, trouble_of

Row = tuple[Any, ...]

_EXTRAS = {"postgresql": "postgres", "mysql": "mysql"}
"""What has to be installed for a kind of server."""


class Door:
    """A store's connections, one for each thread that comes by.

    Statements are SQL that all databases understand, with `?` for values. Every failure of the database leaves
    as a `StoreError`; what breaks a rule of the schema is a bug and leaves as it is.
    """

    def __init__(self, address: Address, reading: PlainDatabase | None = None) -> None:
        """`reading` is how a store in a file is read, unless in the usual way."""
        self.address = address
        self.kind = KINDS[address.kind]
        if reading is None and address.path is not None:
            reading = plain(address)
        self._databases = Databases(address, reading)
        self.rig_id: int | None = None
        """Whose row writers queue up at; None until the store is open."""
        self.on_connect: Callable[[], None] | None = None
        """Called after every new connection; whoever holds a lock of the connection takes it again here."""
        self.refusal: Callable[[], StoreError] | None = None
        """Why nothing may be written through this door; None where it may."""
        self._presence = Presence(address)
        self._connections: list[Any] = []
        self._statements: dict[str, str] = {}
        self._lock = threading.Lock()
        self._here = _Here()

    @property
    def database(self) -> Any:
        """The database as peewee has it, which writes."""
        return self._databases.library

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is a file of this machine."""
        return self.kind.name == "sqlite"

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside of `write`."""
        return self._databases.in_transaction

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows that a query finds."""
        return self._decoded(self._twice(lambda: self._fetched(sql, values, "fetchall")))

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row that a query finds."""
        row = self._twice(lambda: self._fetched(sql, values, "fetchone"))
        return None if row is None else self._decoded([row])[0]

    def change(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it found; on its own it is a transaction of its own."""
        with self.write():
            found: int = self.database.rows_affected(self._execute(sql, values))
            return found

    def insert(self, sql: str, *values: Any) -> int:
        """Insert one row and return its id."""
        with self.translated():
            database = self.database
            if self.kind.name == "postgresql":
                return int(self._execute(sql + " RETURNING id", values).fetchone()[0])
            return int(database._last_insert_rowid(self._execute(sql, values)))

    def many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows; much faster than one by one."""
        values = list(values)
        if not values:
            return
        with self.translated():
            database = self._ready(self.database)
            with _as_of_library():
                database.cursor().executemany(self._statement(sql), values)

    @contextlib.contextmanager
    def write(self) -> Iterator[None]:
        """One transaction, in which no other process writes to this rig's rows; a failure changes nothing.

        Within another it joins that one.
        """
        if self.refusal is not None:
            raise self.refusal()
        if self.in_transaction:
            yield
            return
        transaction = self._twice(self._begin)
        try:
            with self.translated(), contextlib.ExitStack() as stack:
                stack.push(transaction)
                counted = self.rig_id is not None
                yield
                self._here.committing = True
            self._here.changes += counted
        finally:
            self._here.committing = False

    def changes(self) -> tuple[int, int] | None:
        """A number that is another after every transaction of others, and one after those of this thread.

        None where the store does not know this rig.
        """
        if self.is_sqlite:
            row = self.row("PRAGMA data_version")
            assert row is not None
            own: int = self.database.connection().total_changes()
            return row[0], own
        row = self.row("SELECT COALESCE(changes, 0) FROM rig WHERE id = ?", self.rig_id)
        return None if row is None else (row[0] - self._here.changes, self._here.changes)

    @contextlib.contextmanager
    def part(self) -> Iterator[None]:
        """A part of a transaction: a failure in it undoes this part, and whoever catches it goes on with the rest."""
        with self.database.savepoint():
            yield

    def _begin(self) -> Any:
        """Begin a transaction, and wait until it is the only one that writes."""
        database = self._ready(self.database)
        self._presence.insist()
        transaction = database.atomic()
        transaction.__enter__()
        if not self.is_sqlite and self.rig_id is not None:
            try:
                # The same rule that SQLite has for the whole file: one writer at a time, and a number that tells
                # everybody of it.
                self._execute(COUNT_CHANGE, (self.rig_id,))
            except BaseException:
                transaction.__exit__(*sys.exc_info())
                raise
        return transaction

    def _twice(self, ask: Callable[[], Any]) -> Any:
        """Ask, and once more where the connection was lost while nobody used it, which nobody was told of.

        It begins a transaction or stands alone, so that nothing can happen twice. While tables are built it is not
        asked again: the lock that lets only one process do so went with the connection.
        """
        rested = not (
            self.is_sqlite or not self.connected or self.in_transaction or self.database.building
        )
        try:
            with self.translated():
                return ask()
        except StoreError:
            if not (rested and self._here.cut):
                raise
        with self.translated():
            return ask()

    def glance(self, refusal: Callable[[], StoreError]) -> Door:
        """The same door with the same connections, through which nothing is written."""
        other = copy.copy(self)
        other.refusal = refusal
        return other

    def server(self) -> str:
        """What the server says that it is: `PostgreSQL 15.18`, `MariaDB 10.11.19`."""
        row = self.row("SELECT version()")
        words = str(row[0] if row else "").replace(",", " ").split()
        if self.kind.name == "postgresql":
            return " ".join(words[:2])
        number, _, more = (words or [""])[0].partition("-")
        return f"{'MariaDB' if 'MariaDB' in more else 'MySQL'} {number}"

    @property
    def connected(self) -> bool:
        """Whether this thread has a connection just now, as far as it knows."""
        return not self._databases.current.is_closed()

    @contextlib.contextmanager
    def patiently(self) -> Iterator[None]:
        """While tables are built, a statement may take hours. Outside of a transaction only."""
        if self.is_sqlite:
            yield
            return
        usual = self.database.answer_within
        self.database.answer_within, self.database.building = BUILD_WITHIN, True
        try:
            self._hang_up()
            self.connect()
            yield
        finally:
            self.database.answer_within, self.database.building = usual, False
            self._hang_up()

    def rest(self) -> None:
        """Let go of what is kept in memory of a file, for all threads; it is read again when it is asked for.

        It waits for a query that another thread is in the middle of.
        """
        if not self.is_sqlite:
            return
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(Exception):
                connection.cursor().execute("PRAGMA shrink_memory")

    def connect(self) -> None:
        """Connect this thread now, rather than with its first statement."""
        with self.translated():
            self._ready(self._databases.current)

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            connections, self._connections = self._connections, []
        database = self._databases.current
        if not database.is_closed():
            with contextlib.suppress(Exception):
                database.close()
        for connection in connections:
            # Those of other threads, which may be closed already or in the middle of a query.
            with contextlib.suppress(Exception):
                connection.close()

    def _fetched(self, sql: str, values: Sequence[Any], fetch: str) -> Any:
        """What a query finds. SQLite reads most of it only now, and may fail at it only now."""
        cursor = self._execute(sql, values)
        with contextlib.nullcontext() if self.is_sqlite else _as_of_library():
            return getattr(cursor, fetch)()

    def _execute(self, sql: str, values: Sequence[Any]) -> Any:
        return self._ready(self._databases.current).execute_sql(self._statement(sql), values)

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

    def _ready(self, database: Any) -> Any:
        """The database, to which this thread is connected."""
        if not database.is_closed():
            return database
        try:
            database.connect()
        except BaseException:
            # It may have come as far as a connection, which nobody would close.
            self._hang_up()
            raise
        self._here.dead = self._here.cut = False
        connection = database.connection()
        with self._lock:
            # Peewee takes over what is known already.
            known = any(each is connection for each in self._connections)
            if not known:
                self._connections.append(connection)
        if not known:
            try:
                self._connected()
            except BaseException:
                self._hang_up()
                raise
        return database

    def _connected(self) -> None:
        """A connection was made. Raises where it is none to the store that was opened."""
        self._presence.note()
        if self.on_connect is not None:
            self.on_connect()

    def _hang_up(self) -> None:
        """Close this thread's connection; the next statement makes a new one."""
        database = self._databases.current
        if database.is_closed():
            return
        connection = database.connection()
        with self._lock, contextlib.suppress(ValueError):
            self._connections.remove(connection)
        with contextlib.suppress(Exception):
            database.close()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Errors of the database leave this block as errors of ours."""
        try:
            yield
        except UnicodeDecodeError as error:
            # Every text that is stored is UTF-8 (`fields.to_text`).
            raise damaged(self.address, "a text in it is none") from error
        except Exception as error:
            if (translated := self._in_our_words(error)) is None:
                raise
            raise translated from error
        finally:
            if self._here.dead and not self.in_transaction:
                self._hang_up()

    def _in_our_words(self, error: Exception) -> ArchivedError | None:
        """The error to raise, or None where it is our own mistake, or in our words already."""
        if isinstance(error, ArchivedError):
            return None
        if is_lack_of_driver(error):
            return ConfigurationError(
                f"store: {self.address.shown}: {error}",
                what_to_do=f"pip install 'archived[{_EXTRAS.get(self.kind.name, '')}]'",
            )
        if damage := damage_of(error, self.address):
            return damage
        if (trouble := trouble_of(error, self.address)) is None:
            return None
        if trouble.lost:
            self._here.dead, self._here.cut = True, not is_timeout(error)
        return self._unavailable(trouble)

    def _unavailable(self, trouble: Trouble) -> StoreError:
        meaning = "nothing was changed in it"
        if self._here.committing and self._here.dead:
            meaning = "whether it noted the last change shows when it is back"
        return StoreError(
            f"the store {self.address.shown} cannot be used just now: {trouble.what}; {meaning}",
            what_to_do=trouble.what_to_do,
        )


@contextlib.contextmanager
def _as_of_library() -> Iterator[None]:
    """What drivers raise here becomes what peewee raises for it elsewhere."""
    import peewee

    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        yield


COUNT_CHANGE = "UPDATE rig SET changes = COALESCE(changes, 0) + 1 WHERE id = ?"
"""What every transaction on a server begins with: it waits until it is the only one that writes to the rig's rows."""


class _Here(threading.local):
    """What is true of this thread's connection."""

    dead = False
    """It is of no use any more, and to be closed as soon as its transaction is left."""
    cut = False
    """It ended while nobody waited for an answer."""
    committing = False
    """The last transaction was being committed, so that a failure leaves open whether it was."""
    changes = 0
    """How many transactions this thread has counted in its rig's row, on a server."""
