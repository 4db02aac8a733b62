"""What a retrieval is made of, for whoever asks for one: a plan before it, an outcome after it, progress meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from archived.core.dataclass import dataclass
from archived.core.model import StorageLocation
from archived.core.paths import PathError
from archived.core.retrieving import WantedFile
from archived.errors import ArchivedError
from archived.ports import Transfers


class Movers(Protocol):
    """Who moves what between the folder of a location and its archive; `archived.movers.opened` gives one."""

    def of(self, location: StorageLocation) -> Transfers:
        """The mover of a location, also of one with another folder than the configuration's."""


class NotWritableError(ArchivedError):
    """The configuration says that nothing is brought to this machine; nothing was."""


class NoFolderError(PathError):
    """The destination is no folder of this machine just now; perhaps its disk is not mounted."""

    permanent = False


class NoRoomError(ArchivedError):
    """The disk that files are to be brought to has too little room for them; nothing was begun."""


class StoppedError(Exception):
    """The person asked for the end; everything is stored, and can be gone on with."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One file about which there is something to say. `path` is from the root, `size` in bytes as archived."""

    dataset: str
    path: str
    size: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Portion:
    """What comes from one location. The `root` of `location` is the folder that it is brought to."""

    location: StorageLocation
    files: tuple[WantedFile, ...]
    """To be brought."""
    under_way: tuple[WantedFile, ...] = ()
    """On their way already, from an earlier command that was stopped."""


@dataclass(frozen=True, slots=True)
class Room:
    """One file system that files are brought to: how many bytes are needed on it and how many are free."""

    folder: str
    needed: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be brought, and what would not and why."""

    portions: tuple[Portion, ...] = ()
    there: tuple[Remark, ...] = ()
    """There already, with the same size, and the same checksum where one is known."""
    differing: tuple[Remark, ...] = ()
    """Something else lies in their places, which stays as it is."""
    missing: tuple[Remark, ...] = ()
    """Not in the archive, or not as they were archived."""
    refused: tuple[Remark, ...] = ()
    """What cannot be brought for another reason."""
    room: tuple[Room, ...] = ()
    resuming: bool = False
    """Whether it is about what was begun before, and nothing else."""
    resumed: tuple[str, ...] = ()
    """The retrievals that are gone on with as they are."""

    @property
    def files(self) -> int:
        """How many files are to be brought, without those under way."""
        return sum(len(each.files) for each in self.portions)

    @property
    def bytes(self) -> int:
        """How much that is."""
        return sum(file.size for each in self.portions for file in each.files)

    @property
    def files_under_way(self) -> int:
        """How many are on their way already."""
        return sum(len(each.under_way) for each in self.portions)

    @property
    def bytes_under_way(self) -> int:
        """How much that is."""
        return sum(file.size for each in self.portions for file in each.under_way)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say about any file."""
        return not (self.portions or self.there or self.flawed)

    @property
    def flawed(self) -> bool:
        """Whether something that was asked for will not be there in the end."""
        return bool(self.differing or self.missing or self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of everything that was asked for."""

    brought: tuple[Remark, ...] = ()
    there: tuple[Remark, ...] = ()
    differing: tuple[Remark, ...] = ()
    missing: tuple[Remark, ...] = ()
    failed: tuple[Remark, ...] = ()
    left: tuple[Remark, ...] = ()
    """Still to be brought: it was stopped before the end, and can be gone on with."""

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is there now, the same as in the archive."""
        return not (self.differing or self.missing or self.failed or self.left)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `doing` says with what, for people; the numbers are of that."""

    doing: str
    files_done: int
    files: int
    bytes_done: int
    bytes: int


Tell = Callable[[Progress], None]
"""Called now and then; it must return at once."""


def untold(_progress: Progress) -> None:
    """For those who do not want to know."""
