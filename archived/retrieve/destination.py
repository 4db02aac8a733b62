"""The folder that files are brought to: what lies in their places, and whether it is what was archived.

It is only looked at here; movers write. No link below the folder is ever followed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from archived.core.model import Checksum, parent
from archived.core.retrieving import Lying
from archived.retrieve.values import StoppedError
from archived.rig.folders import Folder, open_below, parts_of
from archived.rig.reader import CHECKSUM_PORTION, open_readable
from archived.rig.root import Root, RootIdentity


class Destination:
    """One folder, which has to stay the one that it was when this was made.

    `stop` ends reading with `StoppedError`. Every verb raises `RootUnavailableError` where the folder is not there.
    """

    def __init__(self, folder: str, stop: threading.Event) -> None:
        self._root = Root(folder)
        self._stop = stop
        self._identity: RootIdentity = self._root.identify()

    def look(self, paths: Iterable[str]) -> dict[str, Lying | None]:
        """What lies in the places of these files; None where nothing does."""
        self._root.confirm(self._identity)
        by_folder: defaultdict[str, list[str]] = defaultdict(list)
        for path in paths:
            by_folder[parent(path)].append(path)
        found: dict[str, Lying | None] = {}
        with self._root.open() as top:
            for folder, members in by_folder.items():
                found.update(_members(top, folder, members))
        self._root.confirm(self._identity)
        return found

    def checksum(
        self, path: str, algorithm: str, *, read: Callable[[int], None] = lambda _count: None
    ) -> str:
        """The checksum of a file's bytes as they are on the disk; `read` is told how many were read.

        Raises `UnreadableError`, and `StoppedError` when it is to end.
        """
        digest = hashlib.new(algorithm.lower(), usedforsecurity=False)
        with open_readable(self._root, path) as file:
            for offset in range(0, file.size, CHECKSUM_PORTION):
                if self._stop.is_set():
                    raise StoppedError
                data = file.read(offset, CHECKSUM_PORTION)
                digest.update(data)
                read(len(data))
        return digest.hexdigest()

    def free(self) -> tuple[int, int]:
        """The number of its file system, and how many bytes are free on it."""
        return os.stat(self._root.path).st_dev, shutil.disk_usage(self._root.path).free


def can_compute(checksum: Checksum) -> bool:
    """Whether this machine computes checksums of that kind."""
    return checksum.algorithm.lower() in hashlib.algorithms_available


def _members(top: Folder, folder_path: str, members: list[str]) -> Mapping[str, Lying | None]:
    try:
        folder = open_below(top, parts_of(folder_path))
    except OSError as error:
        return dict.fromkeys(members, _obstacle(error))
    try:
        return {path: _member(folder, path) for path in members}
    finally:
        if folder is not top:
            folder.close()


def _member(folder: Folder, path: str) -> Lying | None:
    try:
        status = folder.status_of(parts_of(path)[-1])
    except OSError as error:
        return _obstacle(error)
    if stat.S_ISREG(status.st_mode):
        return Lying(status.st_size, status.st_mtime_ns)
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symbolic link"}
    kind = kinds.get(stat.S_IFMT(status.st_mode), "something that is no file")
    return Lying(obstacle=f"{kind} of this name is there")


def _obstacle(error: OSError) -> Lying | None:
    if error.errno == errno.ENOENT:
        return None
    if error.errno in (errno.ENOTDIR, errno.ELOOP):
        why = "a link or a file is there in place of a folder of its path"
        return Lying(obstacle=f"{why}; links are not followed")
    return Lying(obstacle=f"its place cannot be looked at: {error.strerror or error}")
