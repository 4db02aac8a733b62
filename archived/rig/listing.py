"""One folder's entries, sorted into folders, files, and what is neither."""

from __future__ import annotations

import os
import stat

from archived.core.model import FileStat
from archived.core.paths import printable
from archived.core.records import OWN_FOLDER
from archived.rig.folders import GONE, Folder, Kind
from archived.rig.sights import FolderTrouble

OWN_OF_FILE_SYSTEMS = frozenset(
    {
        "lost+found",
        "$RECYCLE.BIN",
        "System Volume Information",
        ".Trashes",
        ".Spotlight-V100",
        ".fseventsd",
    }
)
"""Folders that file systems and desktops make at the top of a disk, often readable by nobody."""


class Contents:
    """What a listing turns out to hold, entry by entry."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.subfolders: list[str] = []
        self.files: list[FileStat] = []
        self.others: list[str] = []
        self.troubles: list[FolderTrouble] = []

    def add(self, folder: Folder, name: str, kind: Kind) -> None:
        """Sort in one entry; a file that is gone by now is no trouble."""
        path = f"{self._path}/{name}" if self._path else name
        if kind is Kind.FOLDER:
            # At the root: what an archive says about itself, where somebody brought it back.
            if path != OWN_FOLDER and not _of_the_file_system(name):
                self.subfolders.append(name)
        elif kind is Kind.OTHER:
            self.others.append(path)
        else:
            self._add_file(folder, name, path)

    def _add_file(self, folder: Folder, name: str, path: str) -> None:
        try:
            status = folder.status_of(name)
        except OSError as error:
            # One is enough to tell a person, however many there are.
            if error.errno not in GONE and not self.troubles:
                why = f"a file in it ({printable(name)}) cannot be looked at: {why_of(error)}"
                self.troubles.append(FolderTrouble(self._path, why))
            return
        if stat.S_ISREG(status.st_mode):
            self.files.append(file_stat(path, status))


def _of_the_file_system(name: str) -> bool:
    return name in OWN_OF_FILE_SYSTEMS or name.startswith(".Trash-")


def why_of(error: OSError) -> str:
    """What the system says, without the path."""
    return error.strerror or str(error)


def file_stat(path: str, status: os.stat_result) -> FileStat:
    """The part of an inode that the program compares."""
    return FileStat(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
