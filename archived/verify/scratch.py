"""The scratch folder: below the spool, one folder for each batch of comparisons, removed when that has ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import zlib
from collections.abc import Callable, Container

from archived.core.exporting import elsewhere
from archived.core.model import StorageLocation
from archived.core.verifying import Wanted
from archived.records.files import make_folder
from archived.transfer.folders import folder_below
from archived.transfer.private_copy import copy_apart, is_marked

SCRATCH = "verify"

ROOM_LEFT = 0.2
"""This part of what is free in the spool is left to others."""


class Scratch:
    """The scratch folder of one spool."""

    def __init__(self, spool: str) -> None:
        self.top = os.path.join(spool, SCRATCH)

    def place(self, location: StorageLocation, batch_id: str) -> StorageLocation:
        """The location with the batch's folder in place of its root.

        Raises `PathError` where the location's collection does not export the spool.
        """
        return elsewhere(location, os.path.join(self.top, batch_id))

    def make(self, batch_id: str) -> None:
        """Make the batch's folder. Raises `OSError`."""
        make_folder(os.path.join(self.top, batch_id))

    def room(self) -> int:
        """How many bytes may be put there. Raises `OSError`."""
        make_folder(self.top)
        return int(shutil.disk_usage(self.top).free * (1 - ROOM_LEFT))

    def sweep(self, live: Container[str]) -> None:
        """Remove what is there of batches that are not under way any more, however they ended."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self.top):
                if name not in live:
                    shutil.rmtree(os.path.join(self.top, name), ignore_errors=True)
            os.rmdir(self.top)

    def copy(
        self, root: str, wanted: Wanted, batch_id: str, going_on: Callable[[int], None]
    ) -> None:
        """Put a copy of the rig's file there. Raises `UnreadableError`, and `OSError` for the spool."""
        assert wanted.mtime_ns is not None
        copy_apart(
            root,
            wanted.path,
            os.path.join(self.top, batch_id),
            size=wanted.size,
            mtime_ns=wanted.mtime_ns,
            mark_ns=mark_of(batch_id),
            going_on=going_on,
        )

    def is_untouched(self, wanted: Wanted, batch_id: str) -> bool:
        """Whether a copy is there that nobody wrote to since. Raises `OSError`."""
        *names, name = wanted.path.split("/")
        with folder_below(os.path.join(self.top, batch_id), names) as folder:
            return is_marked(folder.stat(name), size=wanted.size, mark_ns=mark_of(batch_id))

    def folder(self, batch_id: str) -> str:
        """Where the batch's files lie."""
        return os.path.join(self.top, batch_id)


def mark_of(batch_id: str) -> int:
    """The time, in nanoseconds, that copies of a batch have: decades ago, and hardly that of any recording."""
    return (300_000_000 + zlib.crc32(batch_id.encode()) % 100_000_000) * 10**9 + 123_456_789
