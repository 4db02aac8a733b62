"""What a look at the archive's copy of a file tells: in which ways it is done, and how contents are compared."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from archived.core.dataclass import dataclass
from archived.core.discovery import DAMAGED
from archived.core.model import Checksum
from archived.core.sighting import too_many_at_once

MINE, OF_THE_DAEMON = 1, 2
"""Who verifies: a person, or the daemon in the background. Each keeps its own notes of what is under way."""


class How(StrEnum):
    """How the archive's copy was looked at."""

    LISTING = "listing"
    """Its size."""
    READ = "read"
    """Its bytes, where the archive is a directory."""
    TRANSFER = "transfer"
    """Its bytes, by a transfer that moves nothing where they are the same as those of a copy of ours."""
    BROUGHT = "brought"
    """Its bytes, which were brought here and removed again."""


class Verdict(StrEnum):
    """What the last look told."""

    SAME = "as archived"
    MISSING = "missing"
    SIZE = "different size"
    CONTENT = "different content"
    UNKNOWN = "no checksum"
    UNREAD = "unread"


class Content(StrEnum):
    """What the last look at a file's bytes told."""

    SAME = "same"
    DIFFERENT = "different"
    NOTED = "noted"
    """Nothing was known to compare it with, so that its checksum was noted for the next time."""
    CHANGED = "changed"
    """Not what was noted then, which stays noted."""


DAMAGED_CONTENTS = (Content.DIFFERENT, Content.CHANGED)


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of the last look at one file; `content_at` and `content` are about the last look at its bytes."""

    at: datetime
    how: How
    verdict: Verdict
    content_at: datetime | None = None
    content: Content | None = None


class Candidate(NamedTuple):
    """One file that the archive was proved to hold, as far as choosing it needs. `last` is its last look, if any."""

    file_id: int
    path: str
    file_type: str
    size: int
    last: datetime | None
    on_rig: bool
    """Whether the rig has it still, unchanged, for all that is known."""


class Wanted(NamedTuple):
    """One file of which the content is to be compared, and everything that is known to compare it with."""

    file_id: int
    dataset_id: int
    location: str
    dataset: str
    """The folder of its dataset."""
    path: str
    size: int
    mtime_ns: int | None
    """As it was on the rig when it was archived; None where that is not known."""
    checksums: tuple[Checksum, ...]
    """What proved it, and what was computed of it on the rig."""
    noted: Checksum | None
    """What an earlier look found, where nothing else is known."""
    on_rig: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the content of one file told.

    `content` is None where it could not be looked at, for `reason`; without a reason nothing is known to compare it
    with. What is the same and has a reason is not what the archive's own manifest tells.
    """

    wanted: Wanted
    how: How
    content: Content | None
    found: Checksum | None = None
    reason: str = ""


def against_known(
    wanted: Wanted, how: How, size: int, found: Mapping[str, Checksum], *, proof: str
) -> Look:
    """Judge content by its size and its checksums, by algorithm. `proof` is the algorithm that is noted.

    Every checksum that is known has to be borne out: they are about the same bytes.
    """
    noted = found.get(proof)
    if size != wanted.size:
        why = f"{DAMAGED}: {size} bytes came, {wanted.size} were archived"
        return Look(wanted, how, Content.DIFFERENT, noted, why)
    for known in to_compare(wanted):
        theirs = found[known.algorithm.upper()]
        if theirs.value != known.value.lower():
            whose = "was archived" if wanted.checksums else "was found when it was first looked at"
            why = f"{DAMAGED}: its {known.algorithm} is {theirs.value}, {known.value} {whose}"
            return Look(wanted, how, Content.DIFFERENT, theirs, why)
    if not to_compare(wanted):
        return Look(wanted, how, Content.NOTED, noted)
    return Look(wanted, how, Content.SAME, noted)


def to_compare(wanted: Wanted) -> tuple[Checksum, ...]:
    """What its content is compared with, the strongest evidence there is; () where nothing is known."""
    if wanted.checksums:
        return wanted.checksums
    return (wanted.noted,) if wanted.noted is not None else ()


def too_many_differ(different: int, of: int) -> bool:
    """Whether so many contents differ that the archive is more likely another one (safety rule 6)."""
    return too_many_at_once(different, of)


def least_recent(
    candidates: Iterable[Candidate], number: int, *, random: Callable[[], float]
) -> list[Candidate]:
    """That many of them, those that were never looked at first, then the least recently; chance decides among equals.

    However often this is asked, everything has its turn.
    """

    def key(each: Candidate) -> tuple[float, float]:
        return (each.last.timestamp() if each.last is not None else float("-inf"), random())

    return heapq.nsmallest(number, candidates, key=key)


def up_to(candidates: Sequence[Candidate], size: int) -> list[Candidate]:
    """The first of them, as many as have that many bytes together; one at the least."""
    chosen: list[Candidate] = []
    total = 0
    for each in candidates:
        total += each.size
        if chosen and total > size:
            break
        chosen.append(each)
    return chosen


def portions(wanted: Sequence[Wanted], *, files: int, size: int) -> Iterator[list[Wanted]]:
    """In the order given, so many files or bytes at a time; a file that is larger comes alone."""
    portion: list[Wanted] = []
    total = 0
    for each in wanted:
        if portion and (len(portion) >= files or total + each.size > size):
            yield portion
            portion, total = [], 0
        portion.append(each)
        total += each.size
    if portion:
        yield portion
