"""How written files are brought to the disk: each by itself, or many at one stroke where the system can do that.

A disk needs about as long for one file as for hundreds: what takes the time is the journal, and the disk's own cache.
Linux brings a whole file system to the disk with `syncfs`, and says whether anything in it failed: since 5.8 whether
some file could not be written, since 5.17 also whether the journal could not. It does so for file systems of local
disks, which are named here; others, older releases and other systems are asked file by file.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Protocol

WORTH_IT = 24
"""From how many files on: whatever else waits to be written to that file system is waited for as well."""

_TELLS_OF_FAILURES = (5, 17)
_LOCAL = frozenset({0xEF53, 0x58465342, 0x9123683E})
"""ext2 to ext4, XFS and Btrfs, by the numbers that `statfs` gives them."""
_LARGER_THAN_ANY_STATFS = 512


class Barrier(Protocol):
    """Whatever was written before `reached` returns outlasts a power failure. Both raise `OSError`."""

    def written(self, descriptor: int) -> None:
        """A file was written, and is about to be closed."""

    def reached(self) -> None:
        """Nothing more is written."""


class OneByOne:
    """Each file is brought to the disk as soon as it was written."""

    def written(self, descriptor: int) -> None:
        """See `Barrier.written`."""
        os.fsync(descriptor)

    def reached(self) -> None:
        """See `Barrier.reached`."""


class Together:
    """All files at one stroke, with everything else on their file system.

    `descriptor` is of any file or folder in it, opened before the first was written: it is told what fails from then
    on, and stays open until the end.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._device = os.fstat(descriptor).st_dev

    def written(self, descriptor: int) -> None:
        """See `Barrier.written`. A folder of the archive may be another file system."""
        if os.fstat(descriptor).st_dev != self._device:
            os.fsync(descriptor)

    def reached(self) -> None:
        """See `Barrier.reached`."""
        if _system("syncfs")(ctypes.c_int(self._descriptor)):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))


def barrier_for(descriptor: int | None) -> Barrier:
    """The best that there is for many files below an open folder (None where the system has no such descriptors)."""
    if descriptor is not None and _can_sync_together(descriptor):
        return Together(descriptor)
    return OneByOne()


def _can_sync_together(descriptor: int) -> bool:
    """Whether its file system can be brought to the disk at one stroke, and tells of failures."""
    if not _can_sync():
        return False
    answer = ctypes.create_string_buffer(_LARGER_THAN_ANY_STATFS)
    if _system("fstatfs")(ctypes.c_int(descriptor), answer):
        return False
    kind = ctypes.c_long.from_buffer(answer).value & 0xFFFFFFFF
    return kind in _LOCAL


@cache
def _can_sync() -> bool:
    if sys.platform != "linux":
        return False
    release = os.uname().release.split(".")
    version = tuple(int("".join(filter(str.isdigit, each)) or 0) for each in release[:2])
    return version >= _TELLS_OF_FAILURES and hasattr(_libc(), "syncfs")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _system(name: str) -> Callable[..., int]:
    found: Callable[..., int] = getattr(_libc(), name)
    return found
