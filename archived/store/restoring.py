"""Puts a copy in the place of the store: checked before, at one stroke, and what was there is kept under another name."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import apsw

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import StoreError, StoreMissingError, StoreTooNewError
from archived.store.address import BUSY_TIMEOUT
from archived.store.backup import (
    BackedUp,
    copying,
    examine,
    is_database,
    migrations_of,
    without_wal,
)
from archived.store.beginning import FILES
from archived.store.locked_file import LockedFile
from archived.store.opening import COPY_MARK, MIGRATIONS
from archived.store.placing import (
    NameTakenError,
    place,
    sweep,
    sync,
    sync_folder,
    temporary_name,
)

ASIDE = "replaced"


@dataclass(frozen=True, slots=True)
class PutBack:
    """What was put in place, and under which names lies what was there before."""

    copy: BackedUp
    aside: tuple[Path, ...]


def put_back(copy: Path, store: Path, now: datetime, *, rig: str | None = None) -> PutBack:
    """Put a copy, which has to be of `rig` where that is given, in the place of the store.

    It, and what lies in that place, keep existing. Killed at any moment, the store is the old one or the new one, or
    (where the old one has a log that nobody can bring in) is told to be missing while its parts lie there under dated
    names. Raises `StoreError` and its children; also while a daemon, or a retrieval, uses the store.
    """
    _insist_on_rest(copy)
    if not store.parent.is_dir():
        raise StoreMissingError(
            f"the folder {printable(str(store.parent))} for the store does not exist; nothing was changed",
            what_to_do="create it, or mount the disk that it belongs to",
        )
    with _alone(store), copying(copy, copy):
        temporary = _new_file(copy, store)
        try:
            found = replace(_prepared(copy, temporary, rig), path=copy)
            aside = _move_aside(store, now, temporary)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(store.parent)
    return PutBack(found, aside)


def _insist_on_rest(copy: Path) -> None:
    """A store that is in use is no copy: some of it lies in its log."""
    shown = printable(str(copy))
    if not copy.is_file():
        raise StoreMissingError(f"there is no file {shown} to be put back; nothing was changed")
    if any(os.path.lexists(str(copy) + each) for each in ("-wal", "-journal")):
        raise StoreError(
            f"{shown} has a log beside it (-wal or -journal): it is a store in use, or a part of one, and no backup; "
            "nothing was changed",
            what_to_do="take a backup of it with `archivedctl backup`, and put that back",
        )


@contextlib.contextmanager
def _alone(store: Path) -> Iterator[None]:
    """While nobody writes to it for longer than a moment."""
    with contextlib.ExitStack() as stack:
        for purpose, who in (("daemon", "a daemon"), ("retrieve", "somebody who retrieves")):
            lock = LockedFile(store, purpose)
            if not lock.acquire():
                raise StoreError(
                    f"the store {printable(str(store))} is in use by {who}; nothing was changed",
                    what_to_do="stop that first (systemctl stop archived)",
                )
            stack.callback(lock.release)
        yield


def _new_file(copy: Path, store: Path) -> Path:
    """The same bytes beside the store, under a name of their own, and with the permissions of the store."""
    temporary = temporary_name(store, secrets.token_hex(4))
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        sweep(temporary)
        shutil.copyfile(copy, temporary)
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, store.stat().st_mode & 0o777)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _prepared(copy: Path, temporary: Path, rig: str | None) -> BackedUp:
    """Read the copy through, see that it is one that may be put in place, and mark it as what it is."""
    if is_database(temporary):
        without_wal(temporary)
    found = examine(temporary, shown=copy)
    _insist_on_release(copy, temporary)
    if rig is not None and rig not in found.rigs:
        raise StoreError(
            f"{printable(str(copy))} is of rig {', '.join(map(printable, found.rigs)) or 'nobody'}, and this is {rig}; "
            "nothing was changed",
            what_to_do="take a backup of this rig; if the rig has another name now, --any-rig puts it back all the same",
        )
    _mark(temporary)
    sync(temporary)
    return found


def _insist_on_release(copy: Path, temporary: Path) -> None:
    known = {each.stem for each in MIGRATIONS.glob("[0-9]*.py")}
    if newer := sorted(migrations_of(temporary) - known):
        raise StoreTooNewError(
            f"{printable(str(copy))} was written by a newer release (it has {', '.join(newer)}); nothing was changed",
            what_to_do="install that release, or take an older backup",
        )


def _mark(path: Path) -> None:
    """A copy that was made by other means does not say of itself that it is one."""
    uri = f"{path.absolute().as_uri()}?nolock=1"
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI
    with contextlib.closing(apsw.Connection(uri, flags=flags)) as opened:
        opened.execute("PRAGMA journal_mode = MEMORY").fetchall()
        opened.execute(
            "INSERT INTO setting (rig_id, name, text) SELECT id, ?, ? FROM rig "
            "WHERE id NOT IN (SELECT rig_id FROM setting WHERE name = ?)",
            (COPY_MARK, json.dumps({"made_at": None}), COPY_MARK),
        )


def _move_aside(store: Path, now: datetime, temporary: Path) -> tuple[Path, ...]:
    """Give the old store a dated name, and the new one its own."""
    _bring_log_in(store)
    beside = [each for each in ("-wal", "-journal") if os.path.lexists(str(store) + each)]
    there = os.path.lexists(store)
    if not there and not beside:
        _place(temporary, store)
        return ()
    aside = _free_name(store, now)
    if not beside:
        # Both names at first, so that there is never a moment without a store.
        place(store, aside)
        sync_folder(store.parent)
        os.replace(temporary, store)
        return (aside,)
    # A log that nobody could bring in belongs to this store alone. The store itself goes first: a log without its
    # store is told to be damage, a store without its log would be taken for whole.
    moved = []
    for suffix in FILES:
        part, target = Path(f"{store}{suffix}"), Path(f"{aside}{suffix}")
        if os.path.lexists(part):
            os.rename(part, target)
            sync_folder(store.parent)
            moved.append(target)
    _place(temporary, store)
    return tuple(moved)


def _place(temporary: Path, store: Path) -> None:
    try:
        place(temporary, store)
    except NameTakenError:
        raise StoreError(
            f"another process has put a store at {printable(str(store))} meanwhile; it was left as it is"
        ) from None


def _bring_log_in(store: Path) -> None:
    """Make one file of a store that is sound; a damaged one, and its log, are moved as they are."""
    if not store.is_file():
        return
    with contextlib.suppress(apsw.Error):
        opened = apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READWRITE)
        with contextlib.closing(opened):
            opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            opened.set_busy_timeout(BUSY_TIMEOUT * 1_000)
            if opened.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]:
                opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)


def _free_name(store: Path, now: datetime) -> Path:
    first = f"{store.name}.{ASIDE}-{now:%Y%m%dT%H%M%SZ}"
    names = [first, *(f"{first}-{number}" for number in range(2, 100))]
    for name in names:
        path = store.with_name(name)
        if not any(os.path.lexists(f"{path}{suffix}") for suffix in FILES):
            return path
    raise StoreError(f"there are {len(names)} stores beside {store} already that were replaced now")
