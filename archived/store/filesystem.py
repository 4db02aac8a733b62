"""Which kind of file system a folder lies on, read from what Linux says about its mounts."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import NamedTuple

MOUNTINFO = Path("/proc/self/mountinfo")

NETWORK = frozenset(
    {
        "9p",
        "acfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "prl_fs",
        "pvfs2",
        "smb2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)
"""Shared between machines, or without the shared memory and the locks that SQLite's WAL builds on."""

NEXT_TO_NOTHING = 65_536
"""In bytes; SQLite needs as much at the least to begin with its log."""

_OCTAL = r"\\([0-7]{3})"


class Mount(NamedTuple):
    """Where a file system is mounted, and its type as Linux names it."""

    point: str
    type: str


def is_network(file_system: str) -> bool:
    """Whether SQLite must not be used there ("WAL does not work over a network filesystem")."""
    return file_system in NETWORK or file_system.startswith("fuse.")


def mounts(mountinfo: str) -> list[Mount]:
    """The mounts that /proc/self/mountinfo lists, in order (proc(5)); lines of another form are left out."""
    found = []
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        before, after = left.split(" "), right.split(" ")
        if separator and len(before) >= 6 and after[0]:
            found.append(Mount(_without_escapes(before[4]), after[0]))
    return found


def _without_escapes(point: str) -> str:
    """Blanks and such are written there by their octal numbers."""
    return re.sub(_OCTAL, lambda octal: chr(int(octal[1], 8)), point) if "\\" in point else point


def mount_of(folder: str, mountinfo: str) -> Mount | None:
    """The mount that an absolute, resolved folder lies on; of several at one place the last one is on top."""
    path = PurePosixPath(folder)
    best: Mount | None = None
    for mount in mounts(mountinfo):
        point = PurePosixPath(mount.point)
        if not path.is_relative_to(point):
            continue
        if best is None or len(point.parts) >= len(PurePosixPath(best.point).parts):
            best = mount
    return best


def trouble_of_disk(folder: Path) -> tuple[str, str] | None:
    """What keeps files from being made in a folder, and what to do about it; None where nothing is known."""
    if is_full(folder):
        return "its disk is full", "make room on that disk"
    read_only = getattr(os, "ST_RDONLY", 0)
    try:
        if read_only and os.statvfs(folder).f_flag & read_only:
            return (
                "its disk is mounted read-only",
                "see why (a failing disk is often mounted so), then mount it for writing",
            )
    except OSError:
        pass
    return None


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has next to no room: for bytes, or for the names of files."""
    try:
        if not hasattr(os, "statvfs"):
            from shutil import disk_usage

            return disk_usage(folder).free < NEXT_TO_NOTHING
        disk = os.statvfs(folder)
    except OSError:
        return False
    bytes_left = disk.f_bavail * disk.f_frsize
    # Some file systems make room for names as they need it, and number none.
    return bytes_left < NEXT_TO_NOTHING or (disk.f_files > 0 and disk.f_favail == 0)


def mount_here(folder: Path) -> Mount | None:
    """The mount that a folder of this machine lies on; None where the machine does not say."""
    try:
        text = os.fsdecode(MOUNTINFO.read_bytes())
    except OSError:
        return None
    return mount_of(str(folder.resolve()), text)
