"""Which files travel together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from archived.core.dataclass import dataclass
from archived.core.model import Dataset


class Order(StrEnum):
    """Which of the ready datasets goes first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    SMALLEST = "smallest"


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """Up to how many files and bytes travel together, and how long a ready dataset waits for company."""

    max_files: int
    max_bytes: int
    batch_wait: timedelta
    order: Order = Order.OLDEST


class PendingFile(NamedTuple):
    """What has to be known of a file that is to travel, of which there may be thousands."""

    id: int
    dataset_id: int
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ready dataset and those of its files that are to travel."""

    dataset: Dataset
    files: Sequence[PendingFile]
    alone: bool = False
    """It travels by itself, and waits for nobody: others would only be held up by it."""

    @property
    def bytes(self) -> int:
        """How much is to travel."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of one batch to be."""

    location: str
    files: tuple[PendingFile, ...]

    @property
    def bytes(self) -> int:
        """How much travels."""
        return sum(file.size for file in self.files)


def plan(
    candidates: Iterable[Candidate],
    policy: BatchPolicy,
    now: datetime,
    *,
    hurry: bool = False,
) -> list[Plan]:
    """Group ready datasets into batches, one location each.

    A dataset stays whole where it fits; one that is larger than the limits is split, and all its parts are
    planned at once. A batch that has room left goes when its longest-waiting dataset has waited for
    `batch_wait`, or at once with `hurry`; until then its datasets are in no plan and stay ready. The plans of a
    location are in the order of their first datasets, so that whoever takes only the first of them leaves nobody
    behind for ever.
    """
    by_location: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.files:
            by_location[candidate.dataset.location].append(candidate)
    plans = []
    for location, group in by_location.items():
        for files, may_wait, since in _fill(_ordered(group, policy.order), policy):
            if hurry or not may_wait or since + policy.batch_wait <= now:
                plans.append(Plan(location, tuple(files)))
    return plans


def _ordered(group: list[Candidate], order: Order) -> list[Candidate]:
    if order is Order.SMALLEST:
        return sorted(group, key=lambda each: (each.bytes, each.dataset.id))
    return sorted(
        group,
        key=lambda each: (each.dataset.first_seen, each.dataset.id),
        reverse=order is Order.NEWEST,
    )


def _fill(
    group: list[Candidate], policy: BatchPolicy
) -> Iterator[tuple[list[PendingFile], bool, datetime]]:
    """Batches in order: their files, whether they may wait for company, and since when one of them waits."""
    files: list[PendingFile] = []
    size = 0
    since: datetime | None = None
    behind: list[tuple[list[PendingFile], bool, datetime]] = []
    """What goes by itself, and comes after the batch that is being filled."""
    for candidate in group:
        waiting = candidate.dataset.state_since
        parts = list(_split(candidate.files, policy))
        if candidate.alone or len(parts) > 1:
            behind += [(part, False, waiting) for part in parts]
            continue
        part = parts[0]
        part_size = sum(file.size for file in part)
        if since is not None and (
            len(files) + len(part) > policy.max_files or size + part_size > policy.max_bytes
        ):
            yield files, False, since
            files, size, since = [], 0, None
        if since is None:
            yield from behind
            behind = []
        files = [*files, *part]
        size += part_size
        since = waiting if since is None else min(since, waiting)
    if since is not None:
        full = len(files) >= policy.max_files or size >= policy.max_bytes
        yield files, not full, since
    yield from behind


def _split(files: Sequence[PendingFile], policy: BatchPolicy) -> Iterator[list[PendingFile]]:
    """Parts within the limits, in the order of their paths; a file above `max_bytes` travels alone."""
    part: list[PendingFile] = []
    size = 0
    for file in sorted(files, key=lambda each: each.path):
        if part and (len(part) >= policy.max_files or size + file.size > policy.max_bytes):
            yield part
            part, size = [], 0
        part.append(file)
        size += file.size
    if part:
        yield part
