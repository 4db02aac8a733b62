"""What the errors of the drivers of servers mean: is the connection gone, was it a timeout, is it forbidden."""

from __future__ import annotations

CLIENT_ERRORS = range(2000, 3000)
"""What PyMySQL numbers so did not come from the server: the connection is gone, or was never made."""

SERVER_ENDS = frozenset({0, 1053, 1077, 1079, 1080, 1152, 1184, 1927, 4031})
"""Errors of MariaDB and MySQL after which the connection is gone: shutdown, killed, idle for too long."""

REFUSALS = frozenset({1044, 1142, 1143, 1227})
"""Their errors about permissions."""

ASKS_FOR_THE_PASSWORD = 2061
"""Our own error (CR_AUTH_PLUGIN_ERR) where a server of theirs asked for the password itself and was not told."""

ALREADY_DONE = frozenset({1050, 1060, 1061, 1091, 1826})
"""Their errors about a table, column, index or reference that is there already, or gone already."""


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
    return getattr(own, "sqlstate", None) == "42501" or _number(own) in REFUSALS


def is_asking_for_the_password(error: BaseException) -> bool:
    """Whether the server asked for the password itself, and was not told."""
    own = cause(error)
    return _number(own) == ASKS_FOR_THE_PASSWORD or "requested a cleartext password" in str(own)


def is_already_done(error: BaseException) -> bool:
    """Whether what was to be built, or torn down, on MariaDB or MySQL is so already."""
    own = cause(error)
    # MariaDB tells of a reference that is there already in words alone.
    number = _number(own)
    return number in ALREADY_DONE or (number == 1005 and "errno: 121" in str(own))


def _number(error: BaseException) -> int | None:
    """The number that MariaDB and MySQL give to an error."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else None
