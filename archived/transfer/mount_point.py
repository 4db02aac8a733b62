"""Below which mount point the archive lies: an empty one is not the archive, and takes no file."""

from __future__ import annotations

import os
import threading

from archived.core.paths import printable
from archived.errors import ArchiveMissingError
from archived.transfer.local_check import is_inside


class MountPoint:
    """Remembers the innermost mount point at or above a folder, as far as it was ever seen. Safe on any thread.

    It is looked at as soon as this is made, by a thread of its own: a disk may not answer.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen = ""
        self._first = threading.Thread(target=self._look, name="mount point", daemon=True)
        self._first.start()

    def _look(self) -> None:
        self._seen = mount_of(self._path)

    def now(self) -> str:
        """What it is at this moment."""
        return mount_of(self._path)

    def insist(self) -> str:
        """What it is at this moment, which may have come since: a program may start before the disk is mounted.

        Raises `ArchiveMissingError` where the folder lies below less than before.
        """
        self._first.join()
        now = self.now()
        if now != self._seen and not is_inside(now, self._seen):
            raise ArchiveMissingError(
                f"{printable(self._path)} is not mounted any more", what_to_do="mount it again"
            )
        self._seen = now
        return now


def mount_of(path: str) -> str:
    """The nearest folder above (or at) a path that something is mounted on."""
    path = os.path.realpath(path)
    while not os.path.ismount(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path
