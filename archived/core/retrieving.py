"""What is to be brought back, and what follows from what already lies where it goes (safety rule 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from archived.core.dataclass import dataclass
from archived.core.model import Checksum
from archived.core.paths import clash_key, printable


class BringState(StrEnum):
    """Where one file of a retrieval stands."""

    WANTED = "wanted"
    """To be brought, now or when it is due again."""
    TRAVELLING = "travelling"
    """Part of a batch under way."""
    ARRIVED = "arrived"
    """Brought, and proved."""
    THERE = "there"
    """It was there already, the same."""
    DIFFERS = "differs"
    """Something else lies in its place, which was left alone."""
    FAILED = "failed"
    """Not brought, for the reason given; the others are."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file at the destination as it was when it had arrived, or when a transfer of it had failed."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What a person asked to be brought back from one archive to one folder."""

    id: str
    location: str
    destination: str
    asked_by: str
    asked_for: str
    """The command as it was typed, by which it is gone on with."""
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """One archived file that is to be brought back; `path` is from the root, `size` what the archive must hold."""

    file_id: int
    dataset: str
    path: str
    size: int
    checksums: tuple[Checksum, ...] = ()
    """What is known of its content, by different algorithms."""
    state: BringState = BringState.WANTED
    reason: str = ""
    attempts: int = 0
    due: datetime | None = None
    leftover: Copy | None = None
    """What a failed transfer of ours left in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BringOutcome:
    """What became of one file of a retrieval."""

    file_id: int
    state: BringState
    reason: str = ""
    size: int = 0
    """As it was wanted."""
    copy: Copy | None = None
    """What lies at the destination, where that is certainly what was archived, or left by a failed transfer."""
    due: datetime | None = None
    counts: bool = False
    """Whether a transfer of it went wrong."""


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies where a file goes: a regular file with its size and time, or an obstacle in words."""

    size: int = 0
    mtime_ns: int = 0
    obstacle: str = ""

    @property
    def copy(self) -> Copy | None:
        """The file; None for an obstacle."""
        return None if self.obstacle else Copy(self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows for one file. `compare` asks for its checksum to be read before that is certain."""

    state: BringState
    reason: str = ""
    compare: Checksum | None = None
    overwrite: bool = False
    """What lies there is our own, of a transfer that failed."""


def answer(wanted: WantedFile, lying: Lying | None, *, known: Copy | None = None) -> Answer:
    """What follows from what lies in a file's place (None: nothing).

    `known` is a copy that was proved before: while it is unchanged, it need not be read again. A file of the same
    size is compared by the first checksum that is known; without one its size is all there is to compare.
    """
    if lying is None:
        return Answer(BringState.WANTED)
    if lying.obstacle:
        return Answer(BringState.DIFFERS, lying.obstacle)
    if lying.copy == wanted.leftover:
        return Answer(BringState.WANTED, overwrite=True)
    if lying.size != wanted.size:
        why = f"a different file is there: {lying.size} bytes, {wanted.size} were archived"
        return Answer(BringState.DIFFERS, why)
    if known is not None and lying.copy == known:
        return Answer(BringState.THERE)
    compare = wanted.checksums[0] if wanted.checksums else None
    return Answer(BringState.THERE, compare=compare)


def compared(wanted: Checksum, found: str) -> Answer:
    """What follows from the checksum of a file of the same size."""
    if found == wanted.value.lower():
        return Answer(BringState.THERE)
    why = (
        f"a different file of the same size is there: its {wanted.algorithm} is {found}, "
        f"{wanted.value} was archived"
    )
    return Answer(BringState.DIFFERS, why)


def clashes(paths: Iterable[str]) -> Mapping[str, str]:
    """Paths that some file systems take for the same one as another: why each but the first is not brought."""
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_key[clash_key(path)].append(path)
    return {
        path: f"its name is the same as {printable(first)} to file systems that do not tell upper from lower case, "
        "or accents by how they are composed; bring it to another folder"
        for first, *others in by_key.values()
        for path in others
    }


def split(
    files: Iterable[WantedFile], *, max_files: int, max_bytes: int
) -> Iterator[list[WantedFile]]:
    """The files in portions that travel together, in the order of their paths; a file above `max_bytes` does so alone."""
    portion: list[WantedFile] = []
    size = 0
    for file in sorted(files, key=lambda each: each.path):
        if portion and (len(portion) >= max_files or size + file.size > max_bytes):
            yield portion
            portion, size = [], 0
        portion.append(file)
        size += file.size
    if portion:
        yield portion
