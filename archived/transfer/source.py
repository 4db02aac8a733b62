"""The file that is copied, as it was when it was opened; what is read of it is void if it changed meanwhile."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterator

from archived.core.model import Checksum
from archived.ports import TransferItem
from archived.transfer.folders import folder_below
from archived.transfer.hashing import BUFFER, PROOF, Digests, can_compute
from archived.transfer.trouble import Trouble, of_source

Progress = Callable[[int], None]
"""Told how many bytes were written, 0 while only reading; raises to end the work."""

Fingerprint = tuple[int, int, int, int]


class Source:
    """An open source file."""

    def __init__(self, root: str, item: TransferItem, file: io.FileIO) -> None:
        self._root = root
        self._file = file
        self.item = item
        found = os.fstat(file.fileno())
        self.fingerprint = fingerprint(found)
        self.times = (found.st_atime_ns, found.st_mtime_ns)
        external = item.external_checksum
        self._external = external if external and can_compute(external.algorithm) else None

    def digests(self) -> Digests:
        """What is to be computed of its bytes: our proof, and what the acquisition program noted."""
        return Digests(PROOF, *([self._external.algorithm] if self._external else []))

    def chunks(self) -> Iterator[memoryview]:
        """Its bytes from the beginning. Errors are raised as troubles of the source, never of the destination."""
        buffer = memoryview(bytearray(BUFFER))
        read = 0
        try:
            self._file.seek(0)
            while count := self._file.readinto(buffer):
                read += count
                yield buffer[:count]
        except OSError as error:
            raise of_source(error, self._root) from error
        if read != self.item.size:
            raise Trouble("FILE_SIZE_CHANGED", f"{read} bytes instead of {self.item.size}")

    def insist(self, digests: Digests) -> None:
        """Raise `Trouble` if it changed while it was read, or is not what the acquisition program noted."""
        try:
            after = fingerprint(os.fstat(self._file.fileno()))
        except OSError as error:
            raise of_source(error, self._root) from error
        if after != self.fingerprint:
            raise Trouble("FILE_SIZE_CHANGED", "it changed while it was read")
        if self._external is None:
            return
        found = digests.checksum(self._external.algorithm)
        if found.value != self._external.value.lower():
            raise Trouble(
                "EXTERNAL_CHECKSUM_MISMATCH",
                f"its {found.algorithm} is {found.value}, the acquisition program noted {self._external.value}",
            )

    def checksum(self, progress: Progress) -> Checksum:
        """The proof's checksum of its bytes."""
        digests = self.digests()
        for data in self.chunks():
            progress(0)
            digests.update(data)
        self.insist(digests)
        return digests.checksum()

    def forget(self, upto: int) -> None:
        """Let memory forget the bytes that were copied."""
        forget(self._file, upto)


@contextlib.contextmanager
def open_source(root: str, item: TransferItem) -> Iterator[Source]:
    """Open a file for reading only, through no link. Raises `Trouble` for anything but a file of the item's size."""
    *names, name = item.path.split("/")
    try:
        with folder_below(root, names) as folder:
            descriptor = folder.open_to_read(name)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise Trouble("NOT_A_FILE", "it is not a regular file")
        file = io.FileIO(descriptor, "rb")
    except OSError as error:
        raise of_source(error, root) from error
    with file:
        if found.st_size != item.size:
            raise Trouble("FILE_SIZE_CHANGED", f"{found.st_size} bytes instead of {item.size}")
        if item.mtime_ns not in (None, found.st_mtime_ns):
            # Perhaps that of another disk, mounted there for a while, of which no later look would tell.
            raise Trouble("FILE_SIZE_CHANGED", "it is not the file that it was when it was planned")
        yield Source(root, item, file)


def fingerprint(found: os.stat_result) -> Fingerprint:
    """What must be equal for a file to count as unchanged."""
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def forget(file: io.FileIO, upto: int) -> None:
    """Let memory forget the first bytes of a file (0: all), where the system can."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, upto, os.POSIX_FADV_DONTNEED)
