"""A connection to MariaDB or MySQL, secured as asked for. Imported only where such a store is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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


def connect(security: Security, **parameters: Any) -> tuple[Any, Security]:
    """A connection, and how it is secured. Raises `ConfigurationError` and the errors of the driver."""
    if security.mode not in ("prefer", "allow"):
        return _connected(security, parameters), security
    try:
        return _connected(replace(security, mode="require"), parameters), security
    except pymysql.OperationalError as error:
        if error.args[0] != CR.CR_SSL_CONNECTION_ERROR:
            raise
    # It offers none, and need not be asked again.
    security = replace(security, mode="disable")
    return _connected(security, parameters), security


def _connected(security: Security, parameters: dict[str, Any]) -> Any:
    plain = security.mode == "disable"
    tls: dict[str, Any] = {"ssl_disabled": True} if plain else {"ssl": security.context()}
    connection = pymysql.connect(
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
