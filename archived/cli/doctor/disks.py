"""The watched folders, and the archives that are directories of this machine: there, mounted, not full."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from archived.cli.doctor.catalogue import pending_migrations
from archived.cli.doctor.visit import Visit
from archived.cli.finding import Checked, fail, failed_by, from_finding, ok, warn
from archived.core.model import DirectoryArchive
from archived.core.paths import printable
from archived.core.units import format_size
from archived.errors import ArchivedError

if TYPE_CHECKING:
    from archived.rig.root import RootIdentity

LITTLE = 0.05
"""The part of a rig's disk below which it counts as nearly full."""


def roots(visit: Visit) -> Iterator[Checked]:
    """Each watched folder: readable, mounted, the one it was, with room, and whether changes in it raise events."""
    from archived.rig.root import Root
    from archived.rig.watchability import unwatchable

    noted = _noted_identities(visit)
    for path in visit.roots:
        root = Root(path)
        shown = printable(path)
        try:
            identity = root.identify()
            if path in noted:
                root.confirm(noted[path])
            with os.scandir(path) as entries:
                empty = next(entries, None) is None
        except ArchivedError as error:
            yield failed_by("root", error)
            continue
        except OSError as error:
            what = f"{shown} cannot be read: {error.strerror}"
            yield fail("root", what, "let the service's user read and enter it")
            continue
        kind = identity.file_system or "unknown"
        yield ok("root", f"{shown} can be read, on a file system of type {kind}", file_system=kind)
        if empty:
            yield warn("root", f"{shown} is empty", "see whether its disk is mounted")
        if reason := unwatchable(root.real_path()):
            yield warn("root", f"{shown} raises no events: {reason}")
        yield from _room(path)


def _room(path: str) -> Iterator[Checked]:
    """How full the disk is that recordings are written to."""
    usage = shutil.disk_usage(path)
    part = usage.free / usage.total if usage.total else 0.0
    said = f"{format_size(usage.free)} free on the disk of {printable(path)} ({part:.0%})"
    if part < LITTLE:
        yield warn(
            "disk",
            said,
            "see `archivedctl list --state archived` for what is safe, and make room",
            means="the rig will soon be unable to record; archiving is not affected",
        )
    else:
        yield ok("disk", said, free=str(usage.free), total=str(usage.total))


def _noted_identities(visit: Visit) -> Mapping[str, RootIdentity]:
    """The roots as the daemon first saw them."""
    from archived.rig.root import RootIdentity

    noted: dict[str, RootIdentity] = {}
    try:
        if pending_migrations(visit):
            return {}
        with visit.store() as opened:
            for path in visit.roots:
                text = opened.get_setting(f"root:{path}")
                if text is not None:
                    noted[path] = RootIdentity(**json.loads(text))
    except ArchivedError:
        # What is wrong with the store is told where the store is looked at.
        return {}
    return noted


def directories(visit: Visit) -> Iterator[Checked]:
    """Archives in directories: mounted where /etc/fstab says so, and what their movers say of them."""
    from archived import movers

    with movers.opened(visit.configuration) as made:
        for each in visit.configuration.locations:
            location = each.location
            if not isinstance(location.archive, DirectoryArchive):
                continue
            yield from _unmounted(location.name, location.archive.path)
            for finding in made.of(location).check():
                yield from_finding(location.name, finding)


def _unmounted(name: str, path: str) -> Iterator[Checked]:
    """A daemon knows a mount that was there when it began; one that never was only this file knows."""
    from archived.rig.mounts import expected_mount_points, mounts_if_known

    real = os.path.realpath(path)
    missing = mounts_if_known().missing_for(real, expected_mount_points())
    if missing is not None:
        yield fail(
            name,
            f"nothing is mounted on {printable(missing)}, where /etc/fstab says that something belongs",
            f"mount {printable(missing)}",
            means=f"what went to {printable(path)} now would fill this machine's own disk, and be hidden by the mount",
        )
