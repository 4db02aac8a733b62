"""The store: there, ours, sound, of this release, writable; the daemon that uses it; and the alarms in it."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archived import __version__
from archived.cli.doctor.visit import Visit
from archived.cli.finding import Checked, Level, fail, failed_by, from_finding, ok, warn
from archived.core.paths import printable
from archived.core.units import format_size
from archived.errors import ArchivedError, StoreMissingError

if TYPE_CHECKING:
    from archived.store import Reader

LITTLE_SPACE = 1_000_000_000
"""Bytes. A store grows by well under that in a year; with less the disk is about to be full for another reason."""

ENDINGS = ("-wal", "-shm", "-journal", ".daemon-lock")
"""Of the files beside a store that whoever opens it may make."""


def store(visit: Visit) -> Iterator[Checked]:
    """Everything about the store, and what it says of the rig as a whole."""
    try:
        if pending := pending_migrations(visit):
            yield _older(pending)
            return
        with visit.store() as opened:
            library = opened.library()
            level = Level.OK if library.ok else Level.WARN
            yield Checked("store", level, library.what, library.what_to_do, library.fields)
            yield from_finding("store", opened.soundness())
            yield ok("store", "its tables are those of this release")
            yield from _files(visit)
            yield from _daemon(opened)
            for alarm in opened.alarms():
                yield fail("alarm", alarm.message, alarm.what_to_do)
    except StoreMissingError as error:
        yield warn("store", str(error), error.what_to_do)
    except ArchivedError as error:
        yield failed_by("store", error)


def pending_migrations(visit: Visit) -> list[str]:
    """What the store has not been through yet; looks only. Raises `StoreError` and its children."""
    from archived.store.reading import pending_in

    return pending_in(visit.configuration.store)


def _older(pending: list[str]) -> Checked:
    return warn(
        "store",
        f"the store is of an older release ({', '.join(pending)} is still to come)",
        "start the daemon of this release (docs/UPGRADES.md), then type: archivedctl check",
        means="it was not opened, as that would bring it up to date; a copy of what it was is kept then",
    )


def _files(visit: Visit) -> Iterator[Checked]:
    """The disk below a store in a file, and whose files they are."""
    if "://" in visit.configuration.store:
        return
    path = Path(visit.configuration.store)
    free = shutil.disk_usage(path.parent).free
    said = f"{format_size(free)} free where the store is ({printable(str(path.parent))})"
    if free < LITTLE_SPACE:
        yield warn("store", said, "make room: with a full disk nothing more is archived")
    else:
        yield ok("store", said, free=str(free))
    if os.name == "posix":
        yield from _owners(path)


def _owners(path: Path) -> Iterator[Checked]:
    """A command typed as root may have left files behind that the daemon's user cannot write."""
    owner = path.parent.stat().st_uid
    files = [path, *(path.with_name(path.name + ending) for ending in ENDINGS)]
    strange = [each for each in files if each.exists() and each.stat().st_uid != owner]
    if strange and owner != 0:
        shown = [printable(str(each)) for each in strange]
        names = ", ".join(shown)
        yield warn(
            "store",
            f"{names} and the folder around it belong to different users",
            shlex.join(["chown", f"--reference={printable(str(path.parent))}", *shown]),
            means="the daemon, which runs as the folder's owner, may not be able to write its store",
        )


def _daemon(opened: Reader) -> Iterator[Checked]:
    daemon = opened.daemon()
    if not daemon.running:
        hint = "`systemctl start archived`, or `archived`"
        yield warn("daemon", "the daemon is not running, so nothing is archived", hint)
        return
    rig = opened.this_rig()
    theirs = None if rig is None else rig.version
    yield ok("daemon", f"the daemon is running (pid {daemon.pid})")
    if theirs and theirs != __version__:
        yield warn(
            "daemon",
            f"the daemon that runs is release {theirs}, this program is {__version__}",
            "systemctl restart archived",
            means="the daemon was not restarted after an upgrade; what was mended since is not in effect",
        )
