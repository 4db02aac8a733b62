"""The databases of servers: connections on which nothing waits for ever, the same however a server is set up."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import peewee

from archived.core.paths import printable
from archived.errors import ConfigurationError
from archived.secrecy.files import NotPrivateError, read_private
from archived.secrecy.hidden import HiddenBytes
from archived.store.address import BUSY_TIMEOUT, Address, is_local
from archived.store.drivers import found
from archived.store.failures import is_already_done
from archived.store.security import Security

found()

CONNECT_WITHIN = 10
"""Seconds after which a server counts as not there."""

ANSWER_WITHIN = 30
"""Seconds after which a statement counts as lost, whatever the connection looks like; longer than any wait for a
lock, and far shorter than systemd's watchdog."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""How a connection may be secured, in the words of PostgreSQL."""
MAY_BE_PLAIN = ("disable", "allow", "prefer")
"""Those with which it need not be encrypted, as whoever answers in the server's place sees to."""

POSTGRES_SETTINGS = (
    f"lock_timeout={BUSY_TIMEOUT}s",
    r"default_transaction_isolation=read\ committed",
    # A machine that lost its power in the middle of something must not hold up the others, nor its own next start.
    "idle_in_transaction_session_timeout=60s",
    "tcp_keepalives_idle=60",
    "tcp_keepalives_interval=15",
    "tcp_keepalives_count=4",
)


class ServedDatabase(peewee.Database):
    """What both kinds of server have in common."""

    answer_within: float = ANSWER_WITHIN
    building = False
    """Whether tables are being built."""
    guarded = False
    """Whether nobody listens: within this machine, or where the address says that it must be encrypted.

    Else whoever answers is not told the password itself, however he asks for it.
    """

    def rollback(self) -> Any:
        """What a connection that is gone had begun, its server rolls back by itself."""
        with contextlib.suppress(peewee.PeeweeException):
            return super().rollback()


class PostgresDatabase(ServedDatabase, peewee.PostgresqlDatabase):
    """PostgreSQL through psycopg 3."""

    def _connect(self) -> Any:
        try:
            from archived.store.postgres import Connection, Error, no_clear_password
        except ImportError as error:
            raise peewee.ImproperlyConfigured("the driver psycopg is not installed") from error
        parameters = self.connect_params
        if not self.guarded:
            parameters = {**no_clear_password(parameters), **parameters}
        try:
            connection = Connection.connect(dbname=self.database, autocommit=True, **parameters)
        except Error as error:
            failure = error.with_traceback(None)
        else:
            connection.answer_within = self.answer_within
            return connection
        # Out of the `except`, and without the driver's frames: they hold the whole address with its password.
        raise failure


class MySqlDatabase(ServedDatabase, peewee.MySQLDatabase):
    """MariaDB and MySQL through PyMySQL."""

    security = Security()

    def _connect(self) -> Any:
        try:
            from archived.store.mysql import MySQLError, connect
        except ImportError as error:
            raise peewee.ImproperlyConfigured("the driver PyMySQL is not installed") from error
        parameters = {
            name: self.connect_params[name] for name in self.connect_params if name != "charset"
        }
        _insist_on_privacy(parameters.get("read_default_file"), self.security.key)
        try:
            connection, self.security = connect(
                self.security,
                guarded=self.guarded,
                database=self.database,
                read_timeout=self.answer_within,
                write_timeout=self.answer_within,
                **parameters,
            )
        except MySQLError as error:
            failure = error.with_traceback(None)
        else:
            return connection
        # As for PostgreSQL: a password from `read_default_file` would be in them.
        raise failure

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement; a table is made as it has to be, whatever the defaults of the server are.

        No statement that builds tables can be taken back there, so that a run which was interrupted is gone through
        again, and what it had done already is done.
        """
        if sql.startswith("CREATE TABLE"):
            # Byte by byte, blanks at the end included; MySQL, which has no release 10, has another name for that.
            compared = "utf8mb4_nopad_bin" if self.server_version >= (10,) else "utf8mb4_0900_bin"
            sql += f" ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE {compared}"
        try:
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]
        except peewee.DatabaseError as error:
            if self.building and is_already_done(error):
                return None
            raise


def served(address: Address, field_types: Mapping[str, str]) -> Any:
    """A database object for the address of a server, not connected yet.

    Raises `ConfigurationError` for parameters that make no sense.
    """
    mode = address.parameters.get("sslmode", "prefer")
    if mode not in SSL_MODES:
        raise ConfigurationError(f"store: sslmode={mode} is none of {', '.join(SSL_MODES)}")
    common: dict[str, Any] = {"autoconnect": False, "connect_timeout": CONNECT_WITHIN}
    who = {"host": address.host, "port": address.port, "user": address.user}
    common |= {name: value for name, value in who.items() if value is not None}
    if address.kind == "mysql":
        return _mysql(address, field_types, common)
    if address.password is not None:
        common["password"] = address.password
    common = {**address.parameters, **common}
    database = PostgresDatabase(
        address.database,
        field_types=field_types,
        prefer_psycopg3=True,
        client_encoding="utf8",
        options=" ".join(f"-c {each}" for each in POSTGRES_SETTINGS),
        **common,
    )
    database.guarded = is_local(address) or mode not in MAY_BE_PLAIN
    return database


def _insist_on_privacy(*files: str | None) -> None:
    """Refuse a file with a password, or a key, that others may read; PostgreSQL's library does so by itself."""
    for file in files:
        if file is None:
            continue
        try:
            read_private(Path(file).expanduser())
        except NotPrivateError as error:
            raise ConfigurationError(
                f"store: its address names {printable(file)}, which {error}, so it is not used",
                what_to_do=error.what_to_do,
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"store: its address names {printable(file)}, which cannot be read: {error.strerror}"
            ) from error


def _mysql(address: Address, field_types: Mapping[str, str], common: dict[str, Any]) -> Any:
    given: dict[str, Any] = dict(address.parameters)
    ca, certificate, key = (given.pop(name, None) for name in ("ssl_ca", "ssl_cert", "ssl_key"))
    mode = given.pop("sslmode", "prefer" if ca is None else "verify-full")
    if mode.startswith("verify") and ca is None:
        raise ConfigurationError(f"store: sslmode={mode} takes an ssl_ca=FILE to verify against")
    for file in (ca, certificate, key, given.get("read_default_file")):
        if file is not None and not Path(file).is_file():
            raise ConfigurationError(f"store: its address names {file}, which is not there")
    if address.password is not None:
        # The driver would write it in Latin 1, if it can be written so at all.
        given["password"] = HiddenBytes(address.password.encode())
    # A TEXT of theirs ends at 64 kB, which the names in one folder may exceed.
    database = MySqlDatabase(
        address.database, field_types={"TEXT": "LONGTEXT", **field_types}, **common, **given
    )
    database.security = Security(mode, ca, certificate, key)
    database.guarded = is_local(address) or mode not in MAY_BE_PLAIN
    return database
