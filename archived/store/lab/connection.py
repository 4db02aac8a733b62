"""The door to the lab's DataJoint database: statements, transactions, and errors in our words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import peewee

from archived.core.paths import printable
from archived.errors import ConfigurationError, LabDatabaseError, LabTablesError
from archived.store.drivers import found
from archived.store.lab.address import (
    LabAddress,
    LabSettings,
    mysql_options,
    parse,
    postgresql_options,
)

found()

Row = tuple[Any, ...]


class LabConnection:
    """One connection, of one thread. Values stand as `%s` in statements, a percent sign as `%%`.

    Every failure leaves as a `LabDatabaseError`: `RefusedRowError` where a row breaks a rule of its table,
    `LabTablesError` where a statement speaks of a table or a column that is not there.
    """

    def __init__(self, settings: LabSettings) -> None:
        self.address = parse(settings)
        self.prefix = settings.prefix
        self._database: Any = _database(self.address, tls=settings.tls)
        self._tls = settings.tls

    @property
    def backend(self) -> str:
        """ "mysql" (MariaDB too) or "postgresql"."""
        return self.address.backend

    def table(self, schema: str, table: str) -> str:
        """A table as statements name it; `schema` is without the prefix, such as "lab"."""
        return f"{self.quoted(self.prefix + schema)}.{self.quoted(table)}"

    def quoted(self, name: str) -> str:
        """A name as statements have it. Names come from this package alone, and from the checked prefix."""
        return f"`{name}`" if self.backend == "mysql" else f'"{name}"'

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows that a query finds."""
        with self._translated():
            return [tuple(row) for row in self._database.execute_sql(sql, values or None)]

    def change(self, sql: str, *values: Any) -> int:
        """Run a statement, and return how many rows it changed."""
        with self._translated():
            cursor = self._database.execute_sql(sql, values or None)
            return max(0, int(cursor.rowcount))

    def many(self, sql: str, values: Iterable[Sequence[Any]]) -> int:
        """Run one statement for many rows, and return how many rows it changed."""
        values = list(values)
        if not values:
            return 0
        with self._translated(), peewee.__exception_wrapper__:  # type: ignore[attr-defined]
            cursor = self._database.cursor()
            cursor.executemany(sql, values)
            return max(0, int(cursor.rowcount))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; within another, as much of it as the block did."""
        first: LabDatabaseError | None = None
        try:
            with self._translated(), self._database.atomic():
                try:
                    yield
                except LabDatabaseError as error:
                    first = error
                    raise
        except LabDatabaseError as error:
            # A connection that was lost cannot be rolled back either, and that says nothing about why it was.
            raise first or error from None

    def connect(self) -> None:
        """Connect. Raises `LabDatabaseError`, and `ConfigurationError` where the driver is not installed."""
        with self._translated():
            self._database.connect()
        if self._tls and self.backend == "mysql":
            self._confirm_encryption()

    def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(peewee.PeeweeException):
            self._database.close()

    def _confirm_encryption(self) -> None:
        """Older drivers carried on in clear where the server had no TLS."""
        if not any(row[1] for row in self.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")):
            self.close()
            raise self._unavailable("the connection would not be encrypted")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except peewee.ImproperlyConfigured as error:
            raise ConfigurationError(
                f"[datajoint] address = {self.address.shown}: {error}",
                what_to_do="pip install 'archived[datajoint]'",
            ) from error
        except (peewee.IntegrityError, peewee.DataError) as error:
            raise RefusedRowError(self._words(error)) from None
        except peewee.ProgrammingError as error:
            raise LabTablesError(
                f"the lab's database {self.address.shown} has not what was looked for: {self._words(error)}; nothing "
                "was changed in it, and the catalogue is not affected",
                what_to_do=f"see `prefix` in [datajoint], which is {self.prefix}, and what the server grants this user",
            ) from None
        except peewee.PeeweeException as error:
            raise self._unavailable(self._words(error)) from None

    def _unavailable(self, words: str) -> LabDatabaseError:
        return LabDatabaseError(
            f"the lab's database {self.address.shown} cannot be used just now: {words}; nothing was changed in it, "
            "and the catalogue is not affected",
            what_to_do=_what_to_do(words),
        )

    def _words(self, error: BaseException) -> str:
        """The database's own words, on one line, without the password should they ever hold it."""
        cause: Any = getattr(error, "orig", None) or error
        # PyMySQL's errors are a number and a text.
        text = str(cause.args[-1]) if cause.args else type(cause).__name__
        if self.address.password:
            text = text.replace(self.address.password, "(not shown)")
        return printable(" ".join(text.split())) or type(cause).__name__


class RefusedRowError(LabDatabaseError):
    """The database refuses what a statement would write: a rule of its table speaks against it."""

    permanent = True


def _database(address: LabAddress, *, tls: bool) -> Any:
    if address.backend == "mysql":
        # A schema is a database there, and each statement names its own; this one is open to everybody.
        options = mysql_options(address, tls=tls)
        return peewee.MySQLDatabase("information_schema", autoconnect=False, **options)
    options = postgresql_options(address, tls=tls)
    return peewee.PostgresqlDatabase(address.database, autoconnect=False, **options)


def _what_to_do(words: str) -> str:
    lower = words.lower()
    if "ssl" in lower or "encrypted" in lower:
        return "turn on TLS at the server, or, where the network to it is trusted, say `tls = no` in [datajoint]"
    if "denied" in lower or "authentication" in lower or "permission" in lower:
        return "check user and password in [datajoint], and what the server grants that user (docs/DATAJOINT.md)"
    return ""


@contextlib.contextmanager
def connected(settings: LabSettings) -> Iterator[LabConnection]:
    """A connection until the block ends. Raises `ConfigurationError` and `LabDatabaseError`."""
    connection = LabConnection(settings)
    connection.connect()
    try:
        yield connection
    finally:
        connection.close()
