"""What became of each setting of an old configuration: carried over, supplied, left behind, or needed from a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one setting."""

    CARRIED = "carried"
    """It stands in the new configuration, perhaps in another spelling."""
    SUPPLIED = "supplied"
    """The old file did not name it; the old program had it built in."""
    LEFT = "left"
    """It was not carried over; the line says what that means."""
    NEEDED = "needed"
    """Without it the new configuration cannot be used: a person has to decide."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the report. `key` is the old one as a person finds it; values that may be secret are never in it."""

    outcome: Outcome
    key: str
    what: str


@dataclass
class Report:
    """The lines in the order in which they were found out."""

    lines: list[ReportLine] = field(default_factory=list)

    def carried(self, key: str, what: str) -> None:
        """It stands in the new configuration."""
        self.lines.append(ReportLine(Outcome.CARRIED, key, what))

    def supplied(self, key: str, what: str) -> None:
        """The old program had it built in."""
        self.lines.append(ReportLine(Outcome.SUPPLIED, key, what))

    def left(self, key: str, what: str) -> None:
        """It was not carried over."""
        self.lines.append(ReportLine(Outcome.LEFT, key, what))

    def needed(self, key: str, what: str) -> None:
        """A person has to decide."""
        self.lines.append(ReportLine(Outcome.NEEDED, key, what))

    def __iter__(self) -> Iterator[ReportLine]:
        return iter(self.lines)
