"""A watched root, and how it is told apart from another folder that happens to be in its place (safety rule 6)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import RootUnavailableError
from archived.rig.folders import GONE, Folder, open_top
from archived.rig.mounts import (
    expected_mount_points,
    file_system_number,
    read_mounts,
    written_by_others,
)

MARKER = ".archived-root"
"""A file that a person may put into a root, with any content of its own; the program never writes it."""

MARKER_LIMIT = 65_536

UNTIL_THEN = "until then nothing changes state, and nothing counts as missing"


@dataclass(frozen=True)
class RootIdentity:
    """What makes a root the one it is.

    `device` numbers the file system (by its UUID where that can be had, so that it outlives a reboot), `inode` is
    the root folder's own, `file_system` the type as the kernel names it ("" where it does not say), and `marker`
    the SHA-256 of what is in the marker file, "" where there is none.
    """

    device: int
    inode: int
    file_system: str
    marker: str


class Root:
    """One folder that is watched. It is opened anew for every look, so that a mount is never held busy."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Root({self.path!r})"

    def real_path(self) -> str:
        """Where the root is now, with links resolved; only the root itself may be reached through links."""
        return os.path.realpath(self.path)

    @contextlib.contextmanager
    def open(self) -> Iterator[Folder]:
        """The open root. Raises `RootUnavailableError` where it cannot be opened."""
        try:
            folder = open_top(self.path)
        except (OSError, ValueError) as error:
            raise self._unavailable(error) from error
        try:
            yield folder
        finally:
            folder.close()

    def identify(self) -> RootIdentity:
        """Which folder this is at the moment.

        Raises `RootUnavailableError` where it is missing, not a folder or not readable, or where `/etc/fstab`
        says that a file system belongs there and none is mounted.
        """
        with self.open() as folder:
            try:
                return self._identity(folder)
            except OSError as error:
                raise self._unavailable(error) from error

    def confirm(self, expected: RootIdentity) -> None:
        """Make sure that the root is still the one that `identify` told.

        With a marker, the marker, the inode and the type of file system decide: a device number may change when
        the machine starts anew. On network file systems, where it changes with every mount, it never decides;
        nor does the inode on FUSE, which makes them up. Raises `RootUnavailableError`.
        """
        now = self.identify()
        difference = _difference(expected, now)
        if difference:
            raise RootUnavailableError(
                f"{printable(self.path)} is not the folder it was: {difference}; perhaps a disk is not mounted, "
                f"or another one is mounted in its place; {UNTIL_THEN}",
                what_to_do=f"see what is mounted on {printable(self.path)} and mount what belongs there; "
                f"if its disk was replaced on purpose, type: archivedctl accept --root {printable(self.path)}; "
                f"do not put a {MARKER} file there to silence this",
            )

    def _identity(self, folder: Folder) -> RootIdentity:
        real_path = self.real_path()
        mounts = read_mounts()
        missing = mounts.missing_for(real_path, expected_mount_points())
        if missing is not None:
            raise RootUnavailableError(
                f"{printable(self.path)} is not there: nothing is mounted on {printable(missing)}, "
                f"where /etc/fstab says that something belongs; {UNTIL_THEN}",
                what_to_do=f"mount {printable(missing)}",
            )
        status, mount = folder.status(), mounts.of(real_path)
        return RootIdentity(
            device=file_system_number(real_path, mount, status.st_dev),
            inode=status.st_ino,
            file_system=mount.file_system if mount else "",
            marker=self._marker(folder),
        )

    def _marker(self, folder: Folder) -> str:
        try:
            descriptor = folder.open_file(MARKER)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return ""
            raise self._marker_trouble(error.strerror or str(error)) from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self._marker_trouble("it is not a regular file")
            return hashlib.sha256(os.read(descriptor, MARKER_LIMIT)).hexdigest()
        finally:
            os.close(descriptor)

    def _marker_trouble(self, why: str) -> RootUnavailableError:
        return RootUnavailableError(
            f"whether {printable(self.path)} is the right folder cannot be told, as its marker file {MARKER} "
            f"cannot be read: {why}; {UNTIL_THEN}",
            what_to_do=f"let the service's user read {MARKER} and enter the folder",
        )

    def _unavailable(self, error: OSError | ValueError) -> RootUnavailableError:
        path, code = printable(self.path), getattr(error, "errno", None)
        if code == errno.ENOTDIR:
            happened, to_do = "is not a folder", "set local_endpoint_local_path to the folder"
        elif code in GONE or code in (None, errno.ENAMETOOLONG):
            happened = "does not exist"
            to_do = "mount the disk that holds it, or correct local_endpoint_local_path"
        elif code in (errno.EACCES, errno.EPERM):
            happened = "cannot be read: permission denied"
            to_do = "let the service's user read and enter the folder"
        else:
            happened = f"cannot be read: {getattr(error, 'strerror', None) or error}"
            to_do = "see whether its disk or its server is in order"
        return RootUnavailableError(f"{path} {happened}; {UNTIL_THEN}", what_to_do=to_do)


def _difference(expected: RootIdentity, now: RootIdentity) -> str:
    """In words what tells the two apart; "" where they are the same."""
    if expected.file_system != now.file_system:
        return (
            f"it was on a file system of type {expected.file_system or 'unknown'} "
            f"and is on one of type {now.file_system or 'unknown'}"
        )
    if expected.marker and not now.marker:
        return f"its marker file {MARKER} is missing"
    if expected.marker and expected.marker != now.marker:
        return f"its marker file {MARKER} has another content"
    if expected.inode != now.inode and not now.file_system.startswith("fuse"):
        return f"another folder is in its place (inode {expected.inode} before, {now.inode} now)"
    device_decides = not expected.marker and not written_by_others(now.file_system)
    if device_decides and expected.device != now.device:
        return "it is on another disk, although of the same kind"
    return ""
