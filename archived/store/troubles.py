"""What goes wrong with a database, in our words."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

import apsw

from archived.errors import StoreDamagedError
from archived.store.address import Address
from archived.store.failures import (
    cause,
    is_asking_for_the_password,
    is_lost,
    is_refusal,
)
from archived.store.filesystem import trouble_of_disk


class Trouble(NamedTuple):
    """Why a store cannot be used just now, and what to do."""

    what: str
    what_to_do: str = ""
    lost: bool = False
    """Whether the connection is of no use any more."""


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

_NO_SUCH = r"no such (table|column|index)"

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


def words_of(error: BaseException) -> str:
    """The database's own words, on one line."""
    own = cause(error)
    return " ".join(str(own).split()) or type(own).__name__


_PASSING = (
    apsw.AbortError,
    apsw.EmptyError,
    apsw.ExtensionLoadingError,
    apsw.InternalError,
    apsw.InterruptError,
    apsw.MisuseError,
    apsw.NotFoundError,
    apsw.ProtocolError,
    apsw.RangeError,
    apsw.SchemaChangeError,
)
"""What is no mistake of ours, and no damage that SQLite knows of. Everything else is."""


def damage_of(error: BaseException, address: Address) -> StoreDamagedError | None:
    """The error for a store that is not sound, if this one says so."""
    own = cause(error)
    broken = isinstance(own, (apsw.CorruptError, apsw.NotADBError))
    # The tables of a store that was opened are known, unless what it says of them was damaged.
    lacking = isinstance(own, apsw.SQLError) and re.search(_NO_SUCH, str(own))
    of_server = type(own).__name__ in ("DataCorrupted", "IndexCorrupted")
    return damaged(address, words_of(error)) if broken or lacking or of_server else None


def trouble_of(error: BaseException, address: Address) -> Trouble | None:
    """What a person is told of an error of the database; None where it is our own mistake."""
    own = cause(error)
    if isinstance(own, apsw.Error):
        return _of_file(own, address.path)
    if address.path is None:
        return _of_server(error)
    return Trouble(words_of(error)) if _is_trouble_of_library(error) else None


def is_lack_of_driver(error: BaseException) -> bool:
    """Whether the library for this kind of server is not installed."""
    return type(error).__name__ == "ImproperlyConfigured"


def _of_file(own: apsw.Error, path: Path | None) -> Trouble | None:
    """SQLite has other words where it cannot make its files."""
    if isinstance(own, apsw.FullError):
        return Trouble("its disk is full", "make room on that disk")
    fails = isinstance(own, (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError))
    if fails and path is not None and (of_disk := trouble_of_disk(path.parent)):
        return Trouble(*of_disk)
    if isinstance(own, (apsw.BusyError, apsw.LockedError)):
        return Trouble("another process has kept it locked")
    if isinstance(own, (apsw.ReadOnlyError, apsw.PermissionsError)):
        return Trouble(f"it cannot be written: {words_of(own)}", NOT_WRITABLE)
    return Trouble(words_of(own)) if fails or isinstance(own, _PASSING) else None


def _of_server(error: BaseException) -> Trouble | None:
    if is_refusal(error):
        return Trouble(
            f"this user may not do that there: {words_of(error)}",
            "give it the permissions that docs/SHARED-STORE.md lists",
        )
    if not _is_trouble_of_library(error):
        return None
    if is_asking_for_the_password(error):
        return Trouble(ASKED, VERIFY)
    if not is_lost(error):
        return Trouble(words_of(error))
    return Trouble(words_of(error), AWAY, lost=True)


def _is_trouble_of_library(error: BaseException) -> bool:
    """Whether peewee calls it a trouble of the database; where it is not loaded, nothing is."""
    peewee = sys.modules.get("peewee")
    return peewee is not None and isinstance(
        error, (peewee.OperationalError, peewee.InternalError, peewee.InterfaceError)
    )
