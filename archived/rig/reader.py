"""Opens one file below a root for reading its bytes: regular files only, through no link, never waiting."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator

from archived.core.formats.reading import DiskTroubleError, Readable, UnreadableError
from archived.rig.folders import GONE, Folder, open_below, parts_of
from archived.rig.root import Root

PERMANENT = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENXIO, errno.ENODEV, errno.EINVAL, errno.ENAMETOOLONG}
)
"""What the system says of a file that cannot be read as it is, rather than of a disk that fails just now."""

CHECKSUM_PORTION = 1 << 18
"""Bytes read at a time: more does not fit into a core's own cache, and is slower."""


class OpenFile:
    """A regular file held open. `size` is what it had when it was opened."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = threading.Lock()
        self._size = os.fstat(descriptor).st_size

    @property
    def size(self) -> int:
        """See `Readable.size`."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """See `Readable.read`."""
        pieces = []
        try:
            while length > 0 and (piece := self._read_once(offset, length)):
                pieces.append(piece)
                offset += len(piece)
                length -= len(piece)
        except OSError as error:
            raise _unreadable(error) from error
        return b"".join(pieces)

    def _read_once(self, offset: int, length: int) -> bytes:
        """One read; it may bring less than asked for, as after a signal or beyond 2 GiB."""
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, length, offset)
        with self._position:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, length)


@contextlib.contextmanager
def open_readable(root: Root, path: str) -> Iterator[Readable]:
    """Open a file by its path from the root.

    Raises `UnreadableError` where there is no such regular file (a link in any place of the path, a pipe, a
    folder) or the disk refuses it (`DiskTroubleError` where that may pass), and `RootUnavailableError` where the root itself cannot be opened.
    """
    with root.open() as top:
        try:
            descriptor = _open_file(top, path)
        except OSError as error:
            raise _unreadable(error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError("it is not a regular file; only those are archived")
        yield OpenFile(descriptor)
    finally:
        os.close(descriptor)


def checksum(
    root: Root, path: str, algorithm: str, *, going_on: Callable[[], None] = lambda: None
) -> str:
    """The checksum of a whole file, in lower-case hexadecimal; `algorithm` as in `Checksum`.

    Reads every byte, so it takes as long as the disk does. `going_on` is called before each read, and may wait or
    raise. Raises as `open_readable` does.
    """
    digest = hashlib.new(algorithm.lower(), usedforsecurity=False)
    with open_readable(root, path) as file:
        for offset in range(0, file.size, CHECKSUM_PORTION):
            going_on()
            digest.update(file.read(offset, CHECKSUM_PORTION))
    return digest.hexdigest()


def _open_file(top: Folder, path: str) -> int:
    parts = parts_of(path)
    folder = open_below(top, parts[:-1])
    try:
        return folder.open_file(parts[-1] if parts else ".")
    finally:
        if folder is not top:
            folder.close()


def _unreadable(error: OSError) -> UnreadableError:
    if error.errno in GONE:
        return UnreadableError(
            "it is not there, or there is a link in its path; links are not followed"
        )
    kind = UnreadableError if error.errno in PERMANENT else DiskTroubleError
    return kind(
        error.strerror or str(error),
        what_to_do="let the service's user read the file, or see whether the disk is in order",
    )
