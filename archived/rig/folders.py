"""The one door to what lies below a root: opens folders and files without ever following a link.

On POSIX every step is taken relative to an open folder (`openat` with `O_NOFOLLOW`), so that a folder which is
exchanged for a link in the meantime leads nowhere. Elsewhere paths are checked component by component, which
leaves a moment between the check and the use. Everything is opened for reading only.
"""

from __future__ import annotations

import errno
import os
import stat
from enum import Enum
from typing import Protocol

READ_FILE = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    # A pipe would otherwise wait for its writer when it is opened.
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
READ_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""What the system says where no such file or folder is in the tree: also where a link or a file is in its place."""

BY_DESCRIPTOR = (
    os.scandir in os.supports_fd
    and {os.open, os.stat} <= os.supports_dir_fd
    and hasattr(os, "O_NOFOLLOW")
)


class Kind(Enum):
    """What an entry of a folder is, without following it."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


class Folder(Protocol):
    """An open folder. Every method raises `OSError` as the system gives it."""

    def status(self) -> os.stat_result:
        """The folder's own inode."""

    def entries(self) -> list[tuple[str, Kind]]:
        """The names in it, in no order."""

    def status_of(self, name: str) -> os.stat_result:
        """The inode of one entry; that of a link itself."""

    def open(self, name: str) -> Folder:
        """A folder in it; refuses links (one of `GONE`)."""

    def open_file(self, name: str) -> int:
        """A descriptor, for reading, of whatever is there but a link; never waits for a pipe's writer."""

    def close(self) -> None:
        """Let go of it."""


class DescriptorFolder:
    """A folder held open by its descriptor: POSIX."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def status(self) -> os.stat_result:
        """See `Folder.status`."""
        return os.fstat(self._descriptor)

    def entries(self) -> list[tuple[str, Kind]]:
        """See `Folder.entries`."""
        with os.scandir(self._descriptor) as listing:
            return [(entry.name, _kind(entry)) for entry in listing]

    def status_of(self, name: str) -> os.stat_result:
        """See `Folder.status_of`."""
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def open(self, name: str) -> DescriptorFolder:
        """See `Folder.open`."""
        flags = READ_FOLDER | os.O_NOFOLLOW
        return DescriptorFolder(os.open(name, flags, dir_fd=self._descriptor))

    def open_file(self, name: str) -> int:
        """See `Folder.open_file`."""
        return os.open(name, READ_FILE, dir_fd=self._descriptor)

    def close(self) -> None:
        """See `Folder.close`."""
        os.close(self._descriptor)


class PathFolder:
    """A folder known by its path, where the system cannot open relative to a folder: Windows."""

    def __init__(self, path: str) -> None:
        self._path = path

    def status(self) -> os.stat_result:
        """See `Folder.status`."""
        return os.stat(self._path)

    def entries(self) -> list[tuple[str, Kind]]:
        """See `Folder.entries`."""
        with os.scandir(self._path) as listing:
            return [(entry.name, _kind(entry)) for entry in listing]

    def status_of(self, name: str) -> os.stat_result:
        """See `Folder.status_of`.

        Asks for the path and not for the listing's entry, which on NTFS is stale while a file is being written.
        """
        return os.stat(os.path.join(self._path, name), follow_symlinks=False)

    def open(self, name: str) -> PathFolder:
        """See `Folder.open`."""
        path = os.path.join(self._path, name)
        status = self.status_of(name)
        if _leads_elsewhere(status) or not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        return PathFolder(path)

    def open_file(self, name: str) -> int:
        """See `Folder.open_file`."""
        path = os.path.join(self._path, name)
        if _leads_elsewhere(self.status_of(name)):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        return os.open(path, READ_FILE)

    def close(self) -> None:
        """See `Folder.close`."""


def open_top(path: str) -> Folder:
    """Open a root. The root itself, and only it, may be reached through links. Raises `OSError`."""
    if BY_DESCRIPTOR:
        return DescriptorFolder(os.open(path, READ_FOLDER))
    if not stat.S_ISDIR(os.stat(path).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return PathFolder(path)


def open_below(top: Folder, parts: tuple[str, ...]) -> Folder:
    """Open the folder that `parts` lead to from `top`, one step at a time. Raises `OSError`."""
    here = top
    try:
        for part in parts:
            deeper = here.open(part)
            if here is not top:
                here.close()
            here = deeper
    except BaseException:
        if here is not top:
            here.close()
        raise
    return here


def parts_of(path: str) -> tuple[str, ...]:
    """The components of a path from the root; () for "", the root itself.

    Raises `OSError` (EINVAL) for what is no plain path inside the root (`..`, an absolute path, a NUL): such a
    path comes from no look of ours.
    """
    if not path:
        return ()
    parts = tuple(path.split("/"))
    if not all(_plain(part) for part in parts):
        raise OSError(errno.EINVAL, "not a plain path inside the root")
    return parts


def _plain(part: str) -> bool:
    if part in ("", ".", "..") or "\0" in part or (os.sep != "/" and set(part) & set("\\:")):
        return False
    try:
        os.fsencode(part)
    except UnicodeEncodeError:
        return False
    return True


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return Kind.OTHER
    if entry.is_dir(follow_symlinks=False):
        if os.name == "nt" and _leads_elsewhere(entry.stat(follow_symlinks=False)):
            return Kind.OTHER
        return Kind.FOLDER
    return Kind.FILE if entry.is_file(follow_symlinks=False) else Kind.OTHER


def _leads_elsewhere(status: os.stat_result) -> bool:
    """Whether it is a link or one of Windows' mount points (junctions)."""
    tag = getattr(status, "st_reparse_tag", 0)
    return stat.S_ISLNK(status.st_mode) or tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
