"""The one door to what lies below a root: opens folders and files without ever following a link.

On POSIX every step is taken relative to an open folder (`openat` with `O_NOFOLLOW`), so that a folder which is
exchanged for a link in the meantime leads nowhere. Elsewhere paths are checked component by component, which
leaves a moment between the check and the use. Everything is opened for reading only.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from operator import attrgetter, methodcaller
from typing import NamedTuple, Protocol

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


Inode = tuple[int, int, int, int, int]
"""Of a file: its mode, its number, its size, and when it was modified and changed, in nanoseconds."""


class Listing(NamedTuple):
    """The names in a folder by what they are, without following them, each in the order in which the system gave them.

    What is gone by now is left out.
    """

    files: list[str]
    inodes: list[Inode]
    """Of the files, in their order. What was a file in the listing may be something else by now, as its mode tells."""
    folders: list[str]
    others: list[str]
    failures: list[tuple[str, OSError]]
    """Files that are there, and about which the system says nothing more."""


class Folder(Protocol):
    """An open folder. Every method raises `OSError` as the system gives it."""

    def status(self) -> os.stat_result:
        """The folder's own inode."""

    def listing(self) -> Listing:
        """What is in it, with the inodes of its files."""

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

    def listing(self) -> Listing:
        """See `Folder.listing`."""
        with os.scandir(self._descriptor) as entries:
            return _sorted_out(entries, _STATUS)

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

    def listing(self) -> Listing:
        """See `Folder.listing`.

        Asks for each path and not for the listing's entry, which on NTFS is stale while a file is being written.
        """
        with os.scandir(self._path) as entries:
            return _sorted_out(entries, lambda entry: self.status_of(entry.name))

    def status_of(self, name: str) -> os.stat_result:
        """See `Folder.status_of`."""
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
    if not all(plain(part) for part in parts):
        raise OSError(errno.EINVAL, "not a plain path inside the root")
    return parts


def plain(part: str) -> bool:
    """Whether it could be the name of one file or folder, which leads nowhere else."""
    if part in ("", ".", "..") or "\0" in part or (os.sep != "/" and set(part) & set("\\:")):
        return False
    if part.isascii():
        return True
    try:
        os.fsencode(part)
    except UnicodeEncodeError:
        return False
    return True


_NAME: Callable[[os.DirEntry[str]], str] = attrgetter("name")
_IS_FILE: Callable[[os.DirEntry[str]], bool] = methodcaller("is_file", follow_symlinks=False)
_STATUS: Callable[[os.DirEntry[str]], os.stat_result] = methodcaller("stat", follow_symlinks=False)
inode_of: Callable[[os.stat_result], Inode] = attrgetter(
    "st_mode", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns"
)
"""The part of what the system says of a file that is of interest."""


def _sorted_out(
    listed: Iterable[os.DirEntry[str]], status_of: Callable[[os.DirEntry[str]], os.stat_result]
) -> Listing:
    """A look at everything comes by here with every file, so whatever is done for each is done by `map`."""
    entries = list(listed)
    files = list(filter(_IS_FILE, entries))
    rest = entries if len(files) < len(entries) else []
    folders = [each for each in rest if _is_folder(each)]
    others = [each for each in rest if not _is_folder(each) and not _IS_FILE(each)]
    failures: list[tuple[str, OSError]] = []
    try:
        inodes = list(map(inode_of, map(status_of, files)))
    except OSError:
        files, inodes, failures = _one_by_one(files, status_of)
    return Listing(
        list(map(_NAME, files)),
        inodes,
        list(map(_NAME, folders)),
        list(map(_NAME, others)),
        failures,
    )


def _one_by_one(
    files: Iterable[os.DirEntry[str]], status_of: Callable[[os.DirEntry[str]], os.stat_result]
) -> tuple[list[os.DirEntry[str]], list[Inode], list[tuple[str, OSError]]]:
    """The files about which the system says something, what it says, and the others that are there."""
    there, inodes, failures = [], [], []
    for each in files:
        try:
            inodes.append(inode_of(status_of(each)))
        except OSError as error:
            if error.errno not in GONE:
                failures.append((each.name, error))
        else:
            there.append(each)
    return there, inodes, failures


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, and no mount point of Windows that leads elsewhere."""
    if entry.is_symlink() or not entry.is_dir(follow_symlinks=False):
        return False
    return os.name != "nt" or not _leads_elsewhere(entry.stat(follow_symlinks=False))


def _leads_elsewhere(status: os.stat_result) -> bool:
    """Whether it is a link or one of Windows' mount points (junctions)."""
    tag = getattr(status, "st_reparse_tag", 0)
    return stat.S_ISLNK(status.st_mode) or tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
