"""The databases of servers: connections on which nothing waits for ever, the same however a server is set up."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import peewee

from archived.errors import ConfigurationError
from archived.store.address import BUSY_TIMEOUT, Address

CONNECT_WITHIN = 10
"""Seconds after which a server counts as not there."""

ANSWER_WITHIN = 30
"""Seconds after which a statement counts as lost, whatever the connection looks like; longer than any wait for a
lock, and far shorter than systemd's watchdog."""

BUILD_WITHIN = 6 * 60 * 60
"""The same while the tables are built or rebuilt."""

CLIENT_ERRORS = range(2000, 3000)
"""What PyMySQL numbers so did not come from the server: the connection is gone, or was never made."""

SERVER_ENDS = frozenset({0, 1053, 1077, 1079, 1080, 1152, 1184, 1927, 4031})
"""Errors of MariaDB and MySQL after which the connection is gone: shutdown, killed, idle for too long."""

ALREADY_DONE = frozenset({1050, 1060, 1061, 1091, 1826})
"""A table, column, index or reference that is there already, or gone already."""

SSL_MODES = {
    "disable": None,
    "prefer": {},
    "require": {"check_hostname": False, "verify_mode": "none"},
    "verify-ca": {"check_hostname": False, "verify_mode": "required"},
    "verify-full": {"check_hostname": True, "verify_mode": "required"},
}
"""The words of PostgreSQL, and what they are for PyMySQL."""


class ServedDatabase(peewee.Database):
    """What both kinds of server have in common."""

    answer_within: float = ANSWER_WITHIN

    def rollback(self) -> Any:
        """What a connection that is gone had begun, its server rolls back by itself."""
        with contextlib.suppress(peewee.PeeweeException):
            return super().rollback()


class PostgresDatabase(ServedDatabase, peewee.PostgresqlDatabase):
    """PostgreSQL through psycopg 3."""

    def _connect(self) -> Any:
        try:
            from archived.store.postgres import Connection
        except ImportError as error:
            raise peewee.ImproperlyConfigured("the driver psycopg is not installed") from error
        connection = Connection.connect(
            dbname=self.database, autocommit=True, **self.connect_params
        )
        connection.answer_within = self.answer_within
        return connection


class MySqlDatabase(ServedDatabase, peewee.MySQLDatabase):
    """MariaDB and MySQL through PyMySQL."""

    building = False
    """Whether tables are being built. No statement of that can be taken back there, so that a run which was
    interrupted is gone through again, and what it had done already is done."""

    def _connect(self) -> Any:
        try:
            import pymysql
        except ImportError as error:
            raise peewee.ImproperlyConfigured("the driver PyMySQL is not installed") from error
        try:
            connection = pymysql.connect(
                database=self.database,
                autocommit=True,
                read_timeout=self.answer_within,
                write_timeout=self.answer_within,
                **self.connect_params,
            )
        except OSError as error:
            # What goes wrong on the network, the driver tells in errors of its own.
            raise ConfigurationError(
                f"store: a certificate or key of its address cannot be used: {error}"
            ) from error
        try:
            with connection.cursor() as cursor:
                for statement in _MYSQL_SETTINGS:
                    cursor.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement; a table is made as it has to be, whatever the defaults of the server are."""
        if sql.startswith("CREATE TABLE"):
            sql += " ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        try:
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]
        except peewee.DatabaseError as error:
            if self.building and _already_done(cause(error)):
                return None
            raise


def served(address: Address, field_types: Mapping[str, str]) -> Any:
    """A database object for the address of a server, not connected yet.

    Raises `ConfigurationError` for parameters that make no sense.
    """
    common: dict[str, Any] = {"autoconnect": False, "connect_timeout": CONNECT_WITHIN}
    who = {"host": address.host, "port": address.port, "user": address.user}
    common |= {name: value for name, value in who.items() if value is not None}
    mode = address.parameters.get("sslmode")
    if mode is not None and mode not in {*SSL_MODES, "allow"}:
        raise ConfigurationError(f"store: sslmode={mode} is none of {', '.join(SSL_MODES)}")
    if address.kind == "postgresql":
        common |= address.parameters
        if address.password is not None:
            common["password"] = address.password
        return PostgresDatabase(
            address.database,
            field_types=field_types,
            prefer_psycopg3=True,
            client_encoding="utf8",
            options=" ".join(f"-c {each}" for each in _POSTGRES_SETTINGS),
            **common,
        )
    common |= _mysql_parameters(address)
    if address.password is not None:
        # The driver would write it in Latin 1, if it can be written so at all.
        common["password"] = address.password.encode()
    return MySqlDatabase(
        address.database,
        # A TEXT of theirs ends at 64 kB, which the names in one folder may exceed.
        field_types={"TEXT": "LONGTEXT", **field_types},
        # FOUND_ROWS: a compare-and-set counts the rows that it found, not those that look different now.
        client_flag=2,
        sql_mode="STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO",
        **common,
    )


_POSTGRES_SETTINGS = (
    f"lock_timeout={BUSY_TIMEOUT}s",
    r"default_transaction_isolation=read\ committed",
    # A machine that lost its power in the middle of something must not hold up the others, nor its own next start.
    "idle_in_transaction_session_timeout=60s",
    "tcp_keepalives_idle=60",
    "tcp_keepalives_interval=15",
    "tcp_keepalives_count=4",
)

_MYSQL_SETTINGS = (
    f"SET SESSION innodb_lock_wait_timeout={BUSY_TIMEOUT}, wait_timeout=600",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)


def _mysql_parameters(address: Address) -> dict[str, Any]:
    """The parameters of the address as PyMySQL wants them."""
    given = dict(address.parameters)
    files = {name: given.pop(name) for name in ("ssl_ca", "ssl_cert", "ssl_key") if name in given}
    mode = given.pop("sslmode", "verify-full" if "ssl_ca" in files else "prefer")
    if mode.startswith("verify") and "ssl_ca" not in files:
        raise ConfigurationError(f"store: sslmode={mode} takes an ssl_ca=FILE to verify against")
    for file in (*files.values(), *filter(None, [given.get("read_default_file")])):
        if not Path(file).is_file():
            raise ConfigurationError(f"store: its address names {file}, which is not there")
    wanted = SSL_MODES.get(mode, {})
    if wanted is None:
        return {**given, "ssl_disabled": True}
    named = {name.removeprefix("ssl_"): value for name, value in files.items()}
    tls = {**wanted, **named}
    return {**given, "ssl": tls} if tls else given


def cause(error: BaseException) -> BaseException:
    """The driver's own exception; peewee wraps it in one of its own."""
    return getattr(error, "orig", None) or error


def is_lost(error: BaseException) -> bool:
    """Whether the connection on which this went wrong is of no use any more."""
    own = cause(error)
    if hasattr(own, "sqlstate"):
        state = own.sqlstate
        # Without a state it was not the server that spoke. 57P0x: it ends or starts; 25P03: idle for too long.
        return state is None or state[:2] == "08" or state[:3] == "57P" or state == "25P03"
    number = _number(own)
    return number is None or number in CLIENT_ERRORS or number in SERVER_ENDS


def is_timeout(error: BaseException) -> bool:
    """Whether it took too long, so that it is not to be tried again at once."""
    own = cause(error)
    return type(own).__name__ == "AnswerTimeout" or "timed out" in str(own)


def is_refusal(error: BaseException) -> bool:
    """Whether the server does not permit it to this user."""
    own = cause(error)
    return getattr(own, "sqlstate", None) == "42501" or _number(own) in (1044, 1142, 1143, 1227)


def _already_done(error: BaseException) -> bool:
    # MariaDB tells of a reference that is there already in words alone.
    number = _number(error)
    return number in ALREADY_DONE or (number == 1005 and "errno: 121" in str(error))


def _number(error: BaseException) -> int | None:
    """The number that MariaDB and MySQL give to an error."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else None
