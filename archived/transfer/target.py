"""Where a copy is to lie: a temporary name until it was proved, then its own at one stroke."""

from __future__ import annotations

import errno
import os

from archived.core.dataclass import dataclass
from archived.core.model import Checksum
from archived.transfer.barrier import Barrier
from archived.transfer.folders import Folder
from archived.transfer.hashing import digest
from archived.transfer.source import Progress, Source, expect, forget, write_all
from archived.transfer.streaming import stream
from archived.transfer.trouble import Trouble

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is read back while it is still being written, by threads of its own."""

_CANNOT_SYNC = {errno.EBADF, errno.EINVAL, errno.ENOTSUP}
"""What systems say that bring only files to the disk which are open for writing."""


@dataclass(frozen=True, slots=True)
class Written:
    """A temporary file: the checksums of what was read for it, and of what was read of it from the disk."""

    sent: Checksum
    read_back: Checksum | None
    """None while nobody has read it."""


NOT_YET = Written(Checksum("", ""), None)
"""A temporary file that is being written."""


@dataclass(frozen=True, slots=True)
class Target:
    """A name in a folder, and the temporary name that the file has until it is proved."""

    folder: Folder
    name: str
    temporary: str
    progress: Progress

    def stat(self) -> os.stat_result | None:
        """What lies there now."""
        return self.folder.stat(self.name)

    def write(self, source: Source, barrier: Barrier) -> Written:
        """Write the temporary file, which outlasts a power failure as soon as the barrier is reached."""
        digests, back = source.digests(), None
        descriptor = self._made()
        try:
            if source.item.size >= LARGE:
                reading = self.folder.open_to_read(self.temporary)
                back = stream(source, digests, descriptor, reading, self.progress)
            else:
                data = source.whole()
                self.progress(len(data))
                digests.update(data)
                write_all(descriptor, data)
            source.insist(digests)
            self.folder.keep_times(descriptor, self.temporary, source.times)
            barrier.written(descriptor)
        finally:
            os.close(descriptor)
        return Written(digests.checksum(), back)

    def _made(self) -> int:
        try:
            return self.folder.open_to_write(self.temporary)
        except FileExistsError:
            self.folder.remove(self.temporary)
            return self.folder.open_to_write(self.temporary)

    def reading_back(self) -> int:
        """A descriptor of the temporary file, which the system begins to read from the disk."""
        descriptor = self.folder.open_to_read(self.temporary)
        forget(descriptor, 0)
        expect(descriptor)
        return descriptor

    def checksum(self) -> Checksum:
        """Of what is under the file's own name, read from the disk, whoever put it there and however lately.

        Its content outlasts a power failure from then on; its name does so once the folder is brought to the disk.
        """
        descriptor = self.folder.open_to_read(self.name)
        try:
            _bring_to_disk(descriptor)
            forget(descriptor, 0)
            return self.digest(descriptor)
        finally:
            os.close(descriptor)

    def digest(self, descriptor: int) -> Checksum:
        """The checksum of an open file."""
        return digest(descriptor, going_on=lambda: self.progress(0))

    def place(self, content: Checksum, *, replace: bool) -> bool:
        """Give the temporary file its name; False where a file of this content came there meanwhile.

        Raises `Trouble` for a different one, which stays.
        """
        try:
            self.folder.place(self.temporary, self.name, replace=replace)
        except FileExistsError:
            if self.checksum() != content:
                raise Trouble(
                    "DESTINATION_DIFFERS", "the destination holds a different file"
                ) from None
            return False
        return True


def _bring_to_disk(descriptor: int) -> None:
    """What is still to be written cannot be forgotten by memory, and would be read from there."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
