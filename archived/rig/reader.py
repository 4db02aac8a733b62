"""Opens one file below a root for reading its bytes: regular files only, through no link, never waiting."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from typing import Self

from archived.core.formats.reading import DiskTroubleError, UnreadableError
from archived.rig.folders import GONE, Folder, open_below, parts_of, plain
from archived.rig.root import Root

PERMANENT = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENXIO, errno.ENODEV, errno.EINVAL, errno.ENAMETOOLONG}
)
"""What the system says of a file that cannot be read as it is, rather than of a disk that fails just now."""

CHECKSUM_PORTION = 1 << 18
"""Bytes read at a time: more does not fit into a core's own cache, and is slower."""


FORGOTTEN_AFTER = 1 << 25
"""Bytes after which memory lets go of what was read: nobody wants it a second time, and recorders need the room."""

WINDOW = 4096
"""Bytes read at once where fewer are asked for: what a format says of itself stands close together."""


class OpenFile:
    """A regular file held open until its `with` block ends. `size` is what it had when it was opened."""

    __slots__ = ("_descriptor", "_position", "_window", "size")

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._position = threading.Lock() if not hasattr(os, "pread") else None
        self._window = (0, b"")
        """The offset of bytes that were read, and the bytes."""
        self.size = size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        """See `Readable.read`."""
        begins, window = self._window
        skipped = offset - begins
        if skipped >= 0 and skipped + length <= len(window):
            return window[skipped : skipped + length]
        try:
            if length >= WINDOW:
                return self._read_on(b"", offset, length)
            window = self._read_once(offset, WINDOW)
            if len(window) < length:
                window = self._read_on(window, offset, length)
        except OSError as error:
            raise _unreadable(error) from error
        self._window = (offset, window)
        return window[:length]

    def forget(self, upto: int) -> None:
        """Have memory let go of the first bytes, where the system can."""
        if hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(self._descriptor, 0, upto, os.POSIX_FADV_DONTNEED)

    def _read_on(self, found: bytes, offset: int, length: int) -> bytes:
        """As many bytes as asked for, of which some were read already, or all to the end of the file."""
        while len(found) < length:
            piece = self._read_once(offset + len(found), length - len(found))
            if not piece:
                break
            found += piece
        return found

    def _read_once(self, offset: int, length: int) -> bytes:
        """One read; it may bring less than asked for, as after a signal or beyond 2 GiB."""
        if self._position is None:
            return os.pread(self._descriptor, length, offset)
        with self._position:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, length)


@contextlib.contextmanager
def reading(root: Root) -> Iterator[Files]:
    """What opens files below a root, as many as there are. Raises `RootUnavailableError`."""
    with root.open() as top:
        files = Files(top)
        try:
            yield files
        finally:
            files.close()


@contextlib.contextmanager
def open_readable(root: Root, path: str) -> Iterator[OpenFile]:
    """Open one file by its path from the root; raises as `reading` and `Files` do."""
    with reading(root) as files, files(path) as file:
        yield file


class Files:
    """The files below an open root. The folder of the last one stays open, as the next is mostly in the same."""

    def __init__(self, top: Folder) -> None:
        self._top = self._folder = top
        self._above: str | None = None
        """What the paths of files in the open folder begin with."""
        self.last = ""
        """The path of the file that was opened last, or was to be."""

    def __call__(self, path: str) -> OpenFile:
        """Open a file by its path from the root.

        Raises `UnreadableError` where there is no such regular file (a link in any place of the path, a pipe, a
        folder) or the disk refuses it (`DiskTroubleError` where that may pass).
        """
        self.last = path
        try:
            descriptor = self._descriptor(path)
        except OSError as error:
            raise _unreadable(error) from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError("it is not a regular file; only those are archived")
            return OpenFile(descriptor, status.st_size)
        except BaseException:
            os.close(descriptor)
            raise

    def _descriptor(self, path: str) -> int:
        name = path[path.rfind("/") + 1 :]
        above = path[: len(path) - len(name)]
        if above != self._above or not plain(name):
            parts = parts_of(path)
            self.close()
            self._folder = open_below(self._top, parts[:-1])
            self._above = above
            name = parts[-1] if parts else "."
        return self._folder.open_file(name)

    def close(self) -> None:
        """Close the folder; the root stays open."""
        folder, self._folder, self._above = self._folder, self._top, None
        if folder is not self._top:
            folder.close()


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
            if offset and offset % FORGOTTEN_AFTER == 0:
                file.forget(offset)
        file.forget(file.size)
    return digest.hexdigest()


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
