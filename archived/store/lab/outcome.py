"""What became, or would become, of the mirror; what `archivedctl datajoint` tells."""

from __future__ import annotations

from dataclasses import dataclass, field

from archived.core.mirror import Change, LeftOut


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What was done, or is to be done, for one dataset."""

    change: Change
    was: str | None = None
    """The `dataset_name` that it is taken from, where it gets another."""

    def __bool__(self) -> bool:
        return bool(self.change) or self.was is not None


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that the lab's database refused; everything of that dataset is as it was."""

    dataset: str
    reason: str


@dataclass
class Outcome:
    """What was done, or with a check is to be done, and what is left out."""

    tables: list[str] = field(default_factory=list)
    """Tables that are made."""
    locations: list[str] = field(default_factory=list)
    """Storage locations that are inserted."""
    mirrored: list[Mirrored] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    datasets: int = 0
    """How many datasets of the catalogue were compared."""

    @property
    def in_step(self) -> bool:
        """Whether nothing is to be done, but for what can only be reported."""
        return not (self.tables or self.locations or self.mirrored or self.refused)

    @property
    def needs_a_person(self) -> bool:
        """Whether whole datasets could not be mirrored."""
        whole = any(not each.path and not each.mirrored for each in self.left_out)
        return whole or bool(self.refused)

    @property
    def files(self) -> int:
        """How many files are inserted."""
        return sum(len(each.change.files) for each in self.mirrored)
