"""The backups in one folder: what the next one is called, which there are, and which are old enough to go."""

from __future__ import annotations

import contextlib
import glob
import re
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import apsw

from archived.core.dataclass import dataclass
from archived.errors import StoreDamagedError, StoreError
from archived.store.backup import copy_of, glance

STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"archived-(.+)-(\d{8}T\d{6}Z)\.db")
_ODD = re.compile(r"[^0-9A-Za-z._-]")


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup that was made into a folder; `made_at` is what it says itself. `bytes` is its size."""

    path: Path
    made_at: datetime
    bytes: int


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """The folder that the daemon of a rig puts copies of its store into, of which `keep` stay."""

    store: Path
    folder: Path
    rig: str
    keep: int

    def last(self) -> datetime | None:
        """When the newest that is there was made. Raises `OSError`."""
        return next((each.made_at for each in backups_in(self.folder, self.rig)), None)

    def add(self, now: datetime, stopped: Callable[[], bool]) -> str:
        """Make one, and let the oldest go; its path. Raises `StoreError` and `OSError`."""

        def going_on() -> None:
            if stopped():
                raise StoreError("the daemon ended before the copy was complete")

        made = copy_of(self.store, self.folder / name_of(self.rig, now), now, going_on=going_on)
        prune(self.folder, self.rig, self.keep)
        return str(made.path)


def name_of(rig: str, now: datetime) -> str:
    """What a backup of this moment is called in a folder."""
    return f"archived-{_ODD.sub('_', rig)}-{now.astimezone(UTC):{STAMP}}.db"


def backups_in(folder: Path, rig: str) -> list[Backup]:
    """The backups of a rig that were made into this folder, the newest first; of anything else nothing is said.

    Each is called as one is, says of itself that it is a copy of that moment and of that rig's store, and is as long
    as it says. Raises `OSError` where the folder cannot be read.
    """
    found = list(_found(folder, rig))
    return sorted(found, key=lambda each: each.made_at, reverse=True)


def _found(folder: Path, rig: str) -> Iterator[Backup]:
    ours = _ODD.sub("_", rig)
    for path in folder.iterdir():
        named = _NAME.fullmatch(path.name)
        if named is None or named[1] != ours or not stat.S_ISREG(path.lstat().st_mode):
            continue
        with contextlib.suppress(StoreDamagedError, apsw.Error, OSError):
            rigs, made_at, size = glance(path)
            if rig in rigs and made_at is not None and f"{made_at:{STAMP}}" == named[2]:
                yield Backup(path, made_at, size)


def all_backups(store: Path, folder: Path | None, rig: str) -> list[Backup]:
    """What could be put in the place of a store, the newest first: in the folder for backups, and beside the store.

    Beside it lie the copies that are kept before a new release changes it. What cannot be read is left out.
    """
    found = []
    for each in dict.fromkeys((folder, store.parent)):
        if each is not None:
            with contextlib.suppress(OSError):
                found += backups_in(each, rig)
    with contextlib.suppress(OSError):
        for path in store.parent.glob(f"{glob.escape(store.name)}.before-*"):
            with contextlib.suppress(StoreDamagedError, apsw.Error, OSError):
                _rigs, made_at, size = glance(path)
                if made_at is not None:
                    found.append(Backup(path, made_at, size))
    return sorted(found, key=lambda each: each.made_at, reverse=True)


def prune(folder: Path, rig: str, keep: int) -> list[Path]:
    """Remove the oldest backups of a rig, so that `keep` remain; what was removed.

    Only what `backups_in` knows is counted, and removed. The caller has made and proved one a moment ago.
    """
    removed = []
    for each in backups_in(folder, rig)[max(1, keep) :]:
        each.path.unlink(missing_ok=True)
        removed.append(each.path)
    return removed
