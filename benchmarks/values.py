"""What a benchmark brings: samples of contestants, and what is claimed of them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Sample:
    """One run of one contestant: seconds on the clock, seconds of CPU (user and system), and the most memory in MB."""

    wall: float
    cpu: float
    peak: float = 0.0


Samples = Mapping[str, Sequence[Sample]]
"""By contestant, "archived" first."""


@dataclass(frozen=True)
class Claim:
    """A figure and what it is to be: `limit` is the most that it may be, or with `at_least` the least."""

    what: str
    value: float
    limit: float
    unit: str = "×"
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure is as it is to be."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Outcome:
    """What one row of the table brought at one size."""

    row: int
    title: str
    files: int
    samples: Samples
    claims: Sequence[Claim]
    notes: Sequence[str] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    """The machine, the versions and the date."""

    def document(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """What `document` made."""
        samples = {
            name: [Sample(**each) for each in some] for name, some in document["samples"].items()
        }
        claims = [Claim(**each) for each in document["claims"]]
        return cls(**{**document, "samples": samples, "claims": claims})


@dataclass(frozen=True)
class Bench:
    """Where and how large: `where` is a folder for trees and stores that are kept between runs, `files` how many
    files the rig's tree has, `runs` how often each contestant has its turn. `quick` asks for seconds, not minutes:
    what a row would repeat or wait for is done once and shortly."""

    where: Path
    files: int
    runs: int
    quick: bool


def median(samples: Sequence[Sample], what: str = "wall") -> float:
    """The median of one figure of the samples."""
    figures: list[float] = [getattr(each, what) for each in samples]
    return statistics.median(figures)


def ratio(samples: Samples, ours: str, *others: str, what: str = "wall") -> float:
    """The median of ours over the sum of the others' medians."""
    return median(samples[ours], what) / sum(median(samples[other], what) for other in others)
