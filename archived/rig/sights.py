"""What a look at the disk brings, in values."""

from __future__ import annotations

from archived.core.dataclass import dataclass
from archived.core.model import FileStat
from archived.core.sighting import KnownFolder

UNSURE = -1
"""Instead of a folder's time where nothing may be inferred from it; equal to no real time."""


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
    listing: str | None = None
    """The digest of all that is in it; None where not everything could be looked at."""


@dataclass(frozen=True)
class FolderSkipped:
    """A known folder, unchanged by its own time: nothing came, nothing went. Its known subfolders follow."""

    path: str


@dataclass(frozen=True)
class FolderSame:
    """A known folder that was listed, with every file in it looked at: nothing differs. Its known subfolders follow."""

    path: str
    known: KnownFolder
    entries: int
    """How many files and folders are in it."""


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


Sight = FolderSeen | FolderSkipped | FolderSame | FolderTrouble
