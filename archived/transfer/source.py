"""The file that is copied, as it was when it was opened; what is read of it is void if it changed meanwhile."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Self

from archived.core.model import Checksum
from archived.ports import TransferItem
from archived.transfer.folders import OpenFolders
from archived.transfer.hashing import BUFFER, PROOF, Digests, can_compute
from archived.transfer.trouble import Trouble, of_source

Progress = Callable[[int], None]
"""Told how many bytes were written, 0 while only reading; raises to end the work."""

Fingerprint = tuple[int, int, int, int]


class Source:
    """An open source file; a block that ends closes it."""

    __slots__ = ("_descriptor", "_external", "_root", "fingerprint", "item", "times")

    def __init__(
        self, root: str, item: TransferItem, descriptor: int, found: os.stat_result
    ) -> None:
        self._root = root
        self._descriptor = descriptor
        self.item = item
        self.fingerprint = fingerprint(found)
        self.times = (found.st_atime_ns, found.st_mtime_ns)
        external = item.external_checksum
        self._external = external if external and can_compute(external.algorithm) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def digests(self) -> Digests:
        """What is to be computed of its bytes: our proof, and what the acquisition program noted."""
        return Digests(PROOF, *([self._external.algorithm] if self._external else []))

    def whole(self) -> bytes:
        """All of its bytes, for a file that memory easily holds. Errors are raised as in `chunks`."""
        size = self.item.size
        try:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            # One byte more than there should be, so that a single read shows whether it grew.
            data = os.read(self._descriptor, size + 1)
            while len(data) < size and (more := os.read(self._descriptor, size + 1 - len(data))):
                data += more
        except OSError as error:
            raise of_source(error, self._root) from error
        self._insist_on_size(len(data))
        return data

    def chunks(self, buffers: int = 1) -> Iterator[memoryview]:
        """Its bytes from the beginning, in so many buffers by turns: each is used again after that many.

        Errors are raised as troubles of the source, never of the destination.
        """
        ring = cycle([memoryview(bytearray(BUFFER)) for _ in range(buffers)])
        read = 0
        try:
            with io.FileIO(self._descriptor, "rb", closefd=False) as file:
                file.seek(0)
                for buffer in ring:
                    count = file.readinto(buffer)
                    if not count:
                        break
                    read += count
                    yield buffer[:count]
        except OSError as error:
            raise of_source(error, self._root) from error
        self._insist_on_size(read)

    def _insist_on_size(self, read: int) -> None:
        if read != self.item.size:
            raise Trouble("FILE_SIZE_CHANGED", f"{read} bytes instead of {self.item.size}")

    def insist(self, digests: Digests) -> None:
        """Raise `Trouble` if it changed while it was read, or is not what the acquisition program noted."""
        try:
            after = fingerprint(os.fstat(self._descriptor))
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
        forget(self._descriptor, upto)


def open_source(folders: OpenFolders, item: TransferItem) -> Source:
    """Open a file for reading only, through no link. Raises `Trouble` for anything but a file of the item's size."""
    folder, _, name = item.path.rpartition("/")
    try:
        descriptor = folders.at(folder).open_to_read(name)
        try:
            found = os.fstat(descriptor)
            _insist_on_what_was_planned(item, found)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise of_source(error, folders.root) from error
    return Source(folders.root, item, descriptor, found)


def _insist_on_what_was_planned(item: TransferItem, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Trouble("NOT_A_FILE", "it is not a regular file")
    if found.st_size != item.size:
        raise Trouble("FILE_SIZE_CHANGED", f"{found.st_size} bytes instead of {item.size}")
    if item.mtime_ns not in (None, found.st_mtime_ns):
        # Perhaps that of another disk, mounted there for a while, of which no later look would tell.
        raise Trouble("FILE_SIZE_CHANGED", "it is not the file that it was when it was planned")


def fingerprint(found: os.stat_result) -> Fingerprint:
    """What must be equal for a file to count as unchanged."""
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def forget(descriptor: int, upto: int, since: int = 0) -> None:
    """Let memory forget the bytes of a file between two places (`upto` 0: to the end), where the system can.

    What waits to be written stays in memory; the system begins to write it.
    """
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            length = upto - since if upto else 0
            os.posix_fadvise(descriptor, since, length, os.POSIX_FADV_DONTNEED)


def expect(descriptor: int) -> None:
    """Have the system begin to read a file that will be read in a moment, where it can."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of the bytes, however many the system takes at a time. Raises `OSError`."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])
