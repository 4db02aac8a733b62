"""Reads one file of a directory for its checksums: through no link, and without filling memory with what it reads."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from archived.core.formats import UnreadableError
from archived.core.model import Checksum
from archived.errors import TransferUnavailableError
from archived.transfer.folders import folder_below
from archived.transfer.hashing import BUFFER, PROOF, Digests, can_compute
from archived.transfer.source import fingerprint, forget
from archived.transfer.trouble import of_source

_FORGET = 32 * 1024 * 1024
"""After how many bytes memory lets go of what was read; nobody wants it a second time."""


@dataclass(frozen=True, slots=True)
class ContentRead:
    """What was read: how many bytes, and their checksums by algorithm; that of `PROOF` is always among them."""

    size: int
    checksums: Mapping[str, Checksum]


def computable(checksums: Iterable[Checksum]) -> tuple[Checksum, ...]:
    """Those that can be compared with what is read here."""
    return tuple(each for each in checksums if can_compute(each.algorithm))


def read_content(
    root: str, path: str, algorithms: Iterable[str], *, going_on: Callable[[int], None]
) -> ContentRead:
    """Read a file from the disk, rather than what memory holds of it.

    `going_on` is told after each read how many bytes it brought, and may wait or raise. Raises `UnreadableError`
    where it cannot be read, is no regular file, or changed meanwhile, and `TransferUnavailableError` where that is no
    fault of the file: the directory is gone, or its disk.
    """
    *names, name = path.split("/")
    try:
        with folder_below(root, names) as folder:
            descriptor = folder.open_to_read(name)
        with io.FileIO(descriptor, "rb") as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise UnreadableError("it is not a regular file")
            forget(descriptor, 0)
            found = _read(file, tuple(algorithms), going_on)
            if fingerprint(os.fstat(descriptor)) != fingerprint(before):
                raise UnreadableError("it changed while it was read")
    except OSError as error:
        trouble = of_source(error, root)
        if trouble.stops:
            raise TransferUnavailableError(str(trouble)) from error
        raise UnreadableError(str(trouble)) from error
    return found


def _read(
    file: io.FileIO, algorithms: Sequence[str], going_on: Callable[[int], None]
) -> ContentRead:
    digests = Digests(PROOF, *algorithms)
    buffer = memoryview(bytearray(BUFFER))
    size = forgotten = 0
    while count := file.readinto(buffer):
        digests.update(buffer[:count])
        size += count
        if size - forgotten >= _FORGET:
            forget(file.fileno(), size)
            forgotten = size
        going_on(count)
    forget(file.fileno(), 0)
    wanted = {PROOF, *(each.upper() for each in algorithms)}
    return ContentRead(size, {each: digests.checksum(each) for each in sorted(wanted)})
