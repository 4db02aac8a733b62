"""What a look at the disk brings, in values."""

from __future__ import annotations

from dataclasses import dataclass

from archived.core.model import FileStat

UNSURE = -1
"""Instead of a folder's time where nothing may be inferred from it; equal to no real time."""


@dataclass(frozen=True)
class KnownFolder:
    """What is remembered of a folder in which nothing is to be done: `mtime_ns` and the names of its folders."""

    mtime_ns: int
    subfolders: tuple[str, ...]


@dataclass(frozen=True)
class FolderSeen:
    """A folder and what is in it.

    `mtime_ns` is what to remember of its time: `UNSURE` where it may change again without its time moving.
    `subfolders` are names; `others` are paths of what is neither file nor folder (links, pipes, devices).
    """

    path: str
    mtime_ns: int
    subfolders: tuple[str, ...]
    files: tuple[FileStat, ...]
    others: tuple[str, ...]
    whole: bool = True
    """Whether everything in it could be looked at; else nothing is known of what is not among the files."""


@dataclass(frozen=True)
class FolderSkipped:
    """A known folder, unchanged by its own time: nothing came, nothing went. Its known subfolders follow."""

    path: str


@dataclass(frozen=True)
class FolderTrouble:
    """A folder that could not be looked at, wholly or in part; with one of these, a look is not complete."""

    path: str
    why: str


@dataclass(frozen=True)
class FileTrouble:
    """A file about which the disk does not say whether it exists."""

    path: str
    why: str


Sight = FolderSeen | FolderSkipped | FolderTrouble
