"""A connection to MariaDB or MySQL, secured as asked for. Imported only where such a store is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import pymysql
from pymysql import MySQLError
from pymysql.constants import CLIENT, CR

from archived.store.address import BUSY_TIMEOUT
from archived.store.security import Security

__all__ = ["MySQLError", "connect"]

SETTINGS = (
    f"SET SESSION innodb_lock_wait_timeout={BUSY_TIMEOUT}, wait_timeout=600",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)
"""What every connection begins with. A machine that lost its power must not hold up the others for long."""

SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"


HAND_IT_OVER = (
    "mysql_clear_password",
    "dialog",
    "sha256_password",
    "caching_sha2_password",
)
"""Ways of logging in by which whoever answers can have the password itself; the last two encrypt it, for him."""


class Refused:
    """Stands for such a way, where it need not be the server that answers."""

    def __init__(self, _connection: object) -> None:
        pass

    def authenticate(self, _packet: object) -> NoReturn:
        """Called with what the server asks, before anything is sent."""
        raise pymysql.OperationalError(
            CR.CR_AUTH_PLUGIN_ERR, "the server asks for the password itself"
        )


class Cautious(pymysql.connections.Connection):  # type: ignore[misc] # the driver has no types
    """A connection that says to nobody what the password is."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(auth_plugin_map=dict.fromkeys(HAND_IT_OVER, Refused), **parameters)

    def _request_authentication(self) -> None:
        driver: Any = super()
        greeted: Any = self
        # Of the ways to greet with, this one has the driver send it at once.
        if greeted._auth_plugin_name == "sha256_password":
            Refused(self).authenticate(None)
        driver._request_authentication()


def connect(security: Security, *, guarded: bool, **parameters: Any) -> tuple[Any, Security]:
    """A connection, and how it is secured. Raises `ConfigurationError` and the errors of the driver.

    Where it is `guarded`, the server may have the password itself.
    """
    kind = pymysql.connections.Connection if guarded else Cautious
    if security.mode not in ("prefer", "allow"):
        return _connected(kind, security, parameters), security
    try:
        return _connected(kind, replace(security, mode="require"), parameters), security
    except pymysql.OperationalError as error:
        if error.args[0] != CR.CR_SSL_CONNECTION_ERROR:
            raise
    # It offers none, and need not be asked again.
    security = replace(security, mode="disable")
    return _connected(kind, security, parameters), security


def _connected(kind: type[Any], security: Security, parameters: dict[str, Any]) -> Any:
    plain = security.mode == "disable"
    tls: dict[str, Any] = {"ssl_disabled": True} if plain else {"ssl": security.context()}
    connection = kind(
        autocommit=True,
        charset="utf8mb4",
        sql_mode=SQL_MODE,
        # A compare-and-set counts the rows that it found, not those that look different now.
        client_flag=CLIENT.FOUND_ROWS,
        **tls,
        **parameters,
    )
    try:
        with connection.cursor() as cursor:
            for statement in SETTINGS:
                cursor.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection
