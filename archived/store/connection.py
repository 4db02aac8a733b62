"""The door to the database: statements, one transaction per write, and errors in our words."""

from __future__ import annotations

import contextlib
import copy
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apsw
import peewee

from archived.errors import ConfigurationError, StoreDamagedError, StoreError
from archived.store.address import KINDS, Address, database
from archived.store.failures import (
    cause,
    is_asking_for_the_password,
    is_lost,
    is_refusal,
    is_timeout,
)
from archived.store.filesystem import trouble_of_disk
from archived.store.presence import Presence
from archived.store.servers import BUILD_WITHIN

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
        self.refusal: Callable[[], StoreError] | None = None
        """Why nothing may be written through this door; None where it may."""
        self._presence = Presence(address)
        self._connections: list[Any] = []
        self._statements: dict[str, str] = {}
        self._lock = threading.Lock()
        self._here = _Here()

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
        if self.refusal is not None:
            raise self.refusal()
        if self.in_transaction:
            yield
            return
        transaction = self._twice(self._begin)
        try:
            with self.translated(), contextlib.ExitStack() as stack:
                stack.push(transaction)
                yield
                self._here.committing = True
        finally:
            self._here.committing = False

    @contextlib.contextmanager
    def part(self) -> Iterator[None]:
        """A part of a transaction: a failure in it undoes this part, and whoever catches it goes on with the rest."""
        with self.database.savepoint():
            yield

    def _begin(self) -> Any:
        """Begin a transaction, and wait until it is the only one that writes."""
        self._ensure()
        self._presence.insist()
        transaction = self.database.atomic()
        transaction.__enter__()
        if not self.is_sqlite and self.rig_id is not None:
            try:
                # The same rule that SQLite has for the whole file: one writer at a time.
                self._execute("SELECT id FROM rig WHERE id = ? FOR UPDATE", (self.rig_id,))
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
            self.is_sqlite
            or self.database.is_closed()
            or self.in_transaction
            or self.database.building
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
        return not self.database.is_closed()

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

    def _fetched(self, sql: str, values: Sequence[Any], fetch: str) -> Any:
        """What a query finds. SQLite reads most of it only now, and may fail at it only now."""
        cursor = self._execute(sql, values)
        with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
            return getattr(cursor, fetch)()

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
        try:
            self.database.connect()
        except BaseException:
            # It may have come as far as a connection, which nobody would close.
            self._hang_up()
            raise
        self._here.dead = self._here.cut = False
        with self._lock:
            self._connections.append(self.database.connection())
        try:
            self._connected()
        except BaseException:
            self._hang_up()
            raise

    def _connected(self) -> None:
        """A connection was made. Raises where it is none to the store that was opened."""
        self._presence.note()
        if self.on_connect is not None:
            self.on_connect()

    def _hang_up(self) -> None:
        """Close this thread's connection; the next statement makes a new one."""
        if self.database.is_closed():
            return
        connection = self.database.connection()
        with self._lock, contextlib.suppress(ValueError):
            self._connections.remove(connection)
        with contextlib.suppress(peewee.PeeweeException):
            self.database.close()

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
        except UnicodeDecodeError as error:
            # Every text that is stored is UTF-8 (`fields.to_text`).
            raise damaged(self.address, "a text in it is none") from error
        except (peewee.DatabaseError, peewee.InterfaceError) as error:
            if (translated := self._in_our_words(error)) is None:
                raise
            raise translated from error
        finally:
            if self._here.dead and not self.in_transaction:
                self._hang_up()

    def _in_our_words(self, error: peewee.PeeweeException) -> StoreError | None:
        """The error to raise, or None where it is our own mistake."""
        own = cause(error)
        if isinstance(own, (apsw.CorruptError, apsw.NotADBError)) or type(own).__name__ in (
            "DataCorrupted",
            "IndexCorrupted",
        ):
            return damaged(self.address, _words(error))
        if isinstance(own, apsw.SQLError):
            # The tables of a store that was opened are known, unless what it says of them was damaged.
            return damaged(self.address, _words(error)) if _NO_SUCH.search(str(own)) else None
        if trouble := self._trouble_of_disk(own):
            return self._unavailable(*trouble)
        if isinstance(own, (apsw.BusyError, apsw.LockedError)):
            return self._unavailable("another process has kept it locked")
        if isinstance(own, (apsw.ReadOnlyError, apsw.PermissionsError)):
            return self._unavailable(f"it cannot be written: {_words(error)}", NOT_WRITABLE)
        if not self.is_sqlite:
            return self._in_words_of_servers(error)
        if isinstance(
            error, (peewee.OperationalError, peewee.InternalError, peewee.InterfaceError)
        ):
            return self._unavailable(_words(error))
        return None

    def _trouble_of_disk(self, own: BaseException) -> tuple[str, str] | None:
        """What is wrong with the disk, and what to do; SQLite has other words where it cannot make its files."""
        path = self.address.path
        if isinstance(own, apsw.FullError):
            return "its disk is full", "make room on that disk"
        fails = isinstance(own, (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError))
        return trouble_of_disk(path.parent) if fails and path is not None else None

    def _in_words_of_servers(self, error: peewee.PeeweeException) -> StoreError | None:
        if is_refusal(error):
            return self._unavailable(
                f"this user may not do that there: {_words(error)}",
                "give it the permissions that docs/SHARED-STORE.md lists",
            )
        if not isinstance(
            error, (peewee.OperationalError, peewee.InternalError, peewee.InterfaceError)
        ):
            return None
        if is_asking_for_the_password(error):
            return self._unavailable(ASKED, VERIFY)
        if not is_lost(error):
            return self._unavailable(_words(error))
        self._here.dead, self._here.cut = True, not is_timeout(error)
        return self._unavailable(_words(error), AWAY)

    def _unavailable(self, what: str, what_to_do: str = "") -> StoreError:
        meaning = "nothing was changed in it"
        if self._here.committing and self._here.dead:
            meaning = "whether it noted the last change shows when it is back"
        return StoreError(
            f"the store {self.address.shown} cannot be used just now: {what}; {meaning}",
            what_to_do=what_to_do,
        )


class _Here(threading.local):
    """What is true of this thread's connection."""

    dead = False
    """It is of no use any more, and to be closed as soon as its transaction is left."""
    cut = False
    """It ended while nobody waited for an answer."""
    committing = False
    """The last transaction was being committed, so that a failure leaves open whether it was."""


AWAY = (
    "see whether that server runs and can be reached from here; recordings and archive are not affected, and the "
    "daemon goes on by itself as soon as the server is back"
)
"""What a person is told where a server does not answer."""

ASKED = (
    "its server, or who answers in its place, asks for the password itself, which it was not told, as the address does "
    "not say that the connection must be encrypted"
)
VERIFY = (
    "see who answers there. If that is how the server logs in, write sslmode=verify-full in the address of the store, or "
    "at least sslmode=require (docs/SHARED-STORE.md); recordings and archive are not affected, and a daemon goes on by itself"
)
"""The same where it must not be told the password."""

NOT_WRITABLE = (
    "use the account that the store belongs to (its daemon's), which must be able to write the file and its folder; "
    "see also whether that disk is mounted read-only. A store of an older release is brought up to date by that "
    "account's first command, or by the daemon's next start"
)
"""What a person is told who may only read a store in a file: even reading leaves marks beside it."""

_NO_SUCH = re.compile(r"no such (table|column|index)")

_EXTRAS = {"postgresql": "postgres", "mysql": "mysql"}


WAY_OUT = (
    "stop the daemon and type: archivedctl restore; it lists the backups that are found, and puts one back. Without "
    "any, move the store aside (with its -wal file) and type: archivedctl discover; that begins a fresh store and "
    "fills it from the archive (docs/BACKUP.md)"
)
"""What a person can do about a store that is not sound."""


def damaged(address: Address, what: str) -> StoreDamagedError:
    """The error for a store that is not sound; nothing of ours writes to it any more."""
    return StoreDamagedError(
        f"the store {address.shown} is damaged ({what}); it was left as it is, and nothing is archived until "
        "it is sound again. Recordings and archive are not affected",
        what_to_do=WAY_OUT,
    )


def _words(error: BaseException) -> str:
    """The database's own words, on one line."""
    own = cause(error)
    return " ".join(str(own).split()) or type(own).__name__
