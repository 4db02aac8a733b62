"""A copy of a file in a folder of our own, for a mover to compare with: never a link, as movers write in place."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

from archived.core.formats import UnreadableError
from archived.transfer.folders import Folder, folder_below
from archived.transfer.hashing import BUFFER

_PORTION = 64 * 1024 * 1024

_NO_SHARING = {
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EBADF,
    errno.EPERM,
    errno.ETXTBSY,
}
"""What file systems say that cannot copy by themselves, where the bytes go through this process instead."""


def copy_apart(
    source_root: str,
    path: str,
    root: str,
    *,
    size: int,
    mtime_ns: int,
    mark_ns: int,
    going_on: Callable[[int], None],
) -> None:
    """Copy a file that has this size and time to the same path below `root`, and give the copy the time `mark_ns`.

    A copy that is there already, and marked, is left as it is. Shares the blocks where the file system can. Raises
    `UnreadableError` where the source is not that file (any more), or cannot be read, and `OSError` for the copy.
    """
    *names, name = path.split("/")
    with folder_below(root, names, make=True) as folder:
        if is_marked(folder.stat(name), size=size, mark_ns=mark_ns):
            return
        try:
            with folder_below(source_root, names) as source:
                descriptor = source.open_to_read(name)
        except OSError as error:
            raise UnreadableError(error.strerror or str(error)) from error
        try:
            _insist(descriptor, size, mtime_ns)
            _copy(descriptor, folder, name, going_on)
            _insist(descriptor, size, mtime_ns)
            with os.fdopen(folder.open_to_read(name), "rb") as copy:
                folder.keep_times(copy.fileno(), name, (mark_ns, mark_ns))
        finally:
            os.close(descriptor)


def is_marked(found: os.stat_result | None, *, size: int, mark_ns: int) -> bool:
    """Whether nobody wrote to a copy since it was made. File systems may keep times to two seconds only."""
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    return found.st_size == size and abs(found.st_mtime_ns - mark_ns) <= 2 * 10**9


def _insist(descriptor: int, size: int, mtime_ns: int) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or (found.st_size, found.st_mtime_ns) != (size, mtime_ns):
        raise UnreadableError("it is not on the rig any more as it was archived")


def _copy(source: int, folder: Folder, name: str, going_on: Callable[[int], None]) -> None:
    folder.remove(name)
    target = folder.open_to_write(name)
    try:
        if not _shared(source, target, going_on):
            os.lseek(source, 0, os.SEEK_SET)
            os.ftruncate(target, 0)
            os.lseek(target, 0, os.SEEK_SET)
            while data := os.read(source, BUFFER):
                view = memoryview(data)
                while view:
                    view = view[os.write(target, view) :]
                going_on(len(data))
    finally:
        os.close(target)


def _shared(source: int, target: int, going_on: Callable[[int], None]) -> bool:
    """Let the file system copy; False where it cannot."""
    if not hasattr(os, "copy_file_range"):
        return False
    try:
        while count := os.copy_file_range(source, target, _PORTION):
            going_on(count)
    except OSError as error:
        if error.errno in _NO_SHARING:
            return False
        raise
    return os.fstat(target).st_size == os.fstat(source).st_size
