"""What is mounted where, and what may be expected of a file system: events, times of folders, an identity.

Reads Linux' `/proc/self/mountinfo` and `/etc/fstab`; elsewhere nothing is known, and nothing is relied on.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Sequence
from datetime import timedelta

from archived.core.dataclass import dataclass

MOUNTINFO = "/proc/self/mountinfo"
FSTAB = "/etc/fstab"
UDEV_DATA = "/run/udev/data"

WRITTEN_BY_OTHERS = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse", "gfs2", "glusterfs", "gpfs", "lustre",
        "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf",
        "virtiofs", "vmhgfs",
    }
)  # fmt: skip
"""File systems that other machines write to as well: their writes raise no event here."""

UUID_IN_FSID = frozenset({"btrfs", "ext2", "ext3", "ext4", "tmpfs", "zfs"})
"""File systems whose `f_fsid` the kernel makes from their UUID, so that it outlives a reboot."""

NO_FOLDER_TIMES = frozenset({"exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vfat"})
"""File systems that do not always move a folder's time when an entry comes or goes, or only by two seconds."""

FAILING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EINTR})
"""What the system says where it fails just now, rather than that a file is not to be had."""

LOCAL_MARGIN = timedelta(seconds=2)
DISTANT_MARGIN = timedelta(minutes=5)
"""A folder that changed as recently as this may change again without its time moving; for file systems whose
times another machine's clock gives, the difference between the clocks comes on top."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo. `device` is the kernel's `major:minor`."""

    point: str
    file_system: str
    device: str


class MountTable:
    """The mounts of this process, asked by path."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        # Of several mounts on one point the last is the one that is seen.
        self._by_point = {mount.point: mount for mount in mounts}

    def of(self, path: str) -> Mount | None:
        """The mount that holds `path` (absolute, without links), or None where nothing is known."""
        for point in _upwards(path):
            if point in self._by_point:
                return self._by_point[point]
        return None

    def below(self, path: str) -> list[Mount]:
        """The mounts somewhere below `path`."""
        prefix = path.rstrip("/") + "/"
        return [
            mount
            for point, mount in self._by_point.items()
            if point.startswith(prefix) and point != path
        ]

    def missing_for(self, path: str, expected: Iterable[str]) -> str | None:
        """The first of `expected` that `path` lies in or under and on which nothing is mounted."""
        wanted = set(expected)
        for point in _upwards(path):
            if point in wanted and point not in self._by_point:
                return point
        return None


def read_mounts() -> MountTable:
    """The mounts as they are now; empty where the system does not say. Raises `OSError` where it fails."""
    return MountTable(parse_mountinfo(_text_of(MOUNTINFO)))


def mounts_if_known() -> MountTable:
    """The same for those who rely on nothing where nothing is known; never raises."""
    try:
        return read_mounts()
    except OSError:
        return MountTable(())


def expected_mount_points() -> list[str]:
    """Where `/etc/fstab` says that something is to be mounted."""
    return parse_fstab(_text_of(FSTAB))


def parse_mountinfo(text: str) -> list[Mount]:
    """The lines of mountinfo (proc(5)): optional fields end with a dash, then comes the type."""
    mounts = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if dash and len(fields) >= 5:
            mounts.append(Mount(_unescaped(fields[4]), rest[0], fields[2]))
    return mounts


def parse_fstab(text: str) -> list[str]:
    """The mount points of fstab(5), without swap and other things that have none."""
    points = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 2 and not fields[0].startswith("#") and fields[1].startswith("/"):
            points.append(os.path.normpath(_unescaped(fields[1])))
    return points


def written_by_others(file_system: str) -> bool:
    """Whether events on this type of file system are missing for what other machines (or a FUSE server) do."""
    return file_system in WRITTEN_BY_OTHERS or file_system.startswith("fuse.")


def folder_time_margin(file_system: str) -> timedelta | None:
    """How old a folder's time must be to be relied on; None where it must never be."""
    if not file_system or file_system in NO_FOLDER_TIMES:
        return None
    if file_system in ("nfs", "nfs4", "ceph", "lustre", "gpfs", "beegfs"):
        return DISTANT_MARGIN
    return None if written_by_others(file_system) else LOCAL_MARGIN


def file_system_number(path: str, mount: Mount | None, device: int) -> int:
    """A number that names the file system itself, as stable as can be had.

    Device numbers are dealt out in order of appearance: another disk may get the number of the one that was
    there, and the same disk another one after a reboot. So the file system's UUID is preferred: through `f_fsid`
    where the kernel makes that from it, else as udev noted it; only then the device number.
    """
    if mount is None:
        return device
    if mount.file_system in UUID_IN_FSID and hasattr(os, "statvfs"):
        return os.statvfs(path).f_fsid
    uuid = _udev_uuid(mount.device)
    return int(uuid, 16) if uuid else device


def _udev_uuid(device: str) -> str:
    found = re.search(r"^E:ID_FS_UUID=(.+)$", _text_of(f"{UDEV_DATA}/b{device}"), re.MULTILINE)
    digits = re.sub(r"[^0-9a-fA-F]", "", found[1]) if found else ""
    # Sixteen digits: enough to tell disks apart, and still a number that any database holds as text or JSON.
    return digits[:16]


def _text_of(path: str) -> str:
    """The content of a system file, bytes-safe; "" where there is none that may be read.

    Raises `OSError` where the machine fails (too many open files): a disk must not seem to be another one for that.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError as error:
        if error.errno in FAILING:
            raise
        return ""


def _unescaped(field: str) -> str:
    """Blanks, tabs, newlines and backslashes are written as octal numbers in both files."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _upwards(path: str) -> Iterable[str]:
    while True:
        yield path
        above = os.path.dirname(path)
        if above == path:
            return
        path = above
