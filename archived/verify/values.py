"""What verifying is asked for, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Protocol

from archived.config import LocationSettings
from archived.core.dataclass import dataclass
from archived.core.model import StorageLocation
from archived.core.verifying import MINE, Candidate
from archived.errors import ArchivedError
from archived.ports import Transfers
from archived.store import Discovery, Selector


class Movers(Protocol):
    """Gives the mover of a location, also of one with another root."""

    def of(self, location: StorageLocation) -> Transfers:
        """See `archived.movers.Movers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be verified, and how thoroughly."""

    selector: Selector = field(default_factory=Selector)
    deep: bool = False
    """Compare contents, too."""
    sample: int | None = None
    """Only so many files, the least recently verified."""
    sample_bytes: int | None = None
    """Of a sample, only as many files as have so many bytes."""
    not_since: datetime | None = None
    """Only files that were not verified since then."""
    believe: bool = False
    """Take the archive's word also where it lost everything, or a large part of what it had."""
    audit: int = MINE


@dataclass(frozen=True, slots=True)
class Part:
    """What is verified of one location."""

    settings: LocationSettings
    files: Sequence[Candidate]
    sampled: bool

    @property
    def bytes(self) -> int:
        """Of all of the files."""
        return sum(each.size for each in self.files)

    @property
    def to_bring(self) -> int:
        """The bytes of files that are not on the rig any more as they were archived."""
        return sum(each.size for each in self.files if not each.on_rig)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a wish comes to, location by location. `strange` are locations that the configuration does not have."""

    wish: Wish
    parts: Sequence[Part]
    strange: Mapping[str, int] = field(default_factory=dict)

    @property
    def files(self) -> int:
        """How many files are verified."""
        return sum(len(each.files) for each in self.parts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with one location; what was found out is in the store, under the discovery's number."""

    part: Part
    discovery: Discovery
    complete: bool
    """Whether the end was reached, rather than `stop` having been set."""
    empty: bool = False
    too_many: bool = False
    """So much seems to be lost at once that it was not believed."""
    compared: int = 0
    """Of how many files the contents were compared."""
    bytes_compared: int = 0
    error: ArchivedError | None = None
    """What made all further looks at this location pointless."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, for people. `total` counts folders while the archive is listed, then bytes."""

    location: str
    doing: str
    done: int
    total: int
    files: int
    waiting_for: str = ""


Tell = Callable[[Progress], None]
