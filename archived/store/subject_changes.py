"""What a new list of subjects means, held against what its source said before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archived.core.subjects import Subject
from archived.store.results import SubjectChanges, SubjectConflict

Change = tuple[Subject, Subject]
"""One animal before and after."""


@dataclass
class Comparison:
    """The differences, each by its h2o."""

    added: dict[str, Subject] = field(default_factory=dict)
    changed: dict[str, Change] = field(default_factory=dict)
    redescribed: dict[str, Subject] = field(default_factory=dict)
    """Those of whom only something else is said; nobody need be told."""
    removed: dict[str, Subject] = field(default_factory=dict)
    refused: dict[str, Change] = field(default_factory=dict)
    unchanged: int = 0

    def outdated(self) -> Iterator[str]:
        """The animals whose rows are not right any more."""
        yield from (*self.removed, *self.changed, *self.redescribed)

    def written(self) -> Iterator[Subject]:
        """The rows to write anew."""
        yield from self.added.values()
        yield from (after for _, after in self.changed.values())
        yield from self.redescribed.values()

    def refuse_changes(self) -> None:
        """Leave every animal the number that it has."""
        self.refused, self.changed = self.changed, {}

    def told(self, conflicts: Sequence[SubjectConflict]) -> SubjectChanges:
        """The differences as everybody else knows them."""
        return SubjectChanges(
            added=tuple(self.added.values()),
            changed=_told(self.changed),
            removed=tuple(self.removed.values()),
            refused=_told(self.refused),
            unchanged=self.unchanged,
            conflicts=tuple(conflicts),
        )


def compare(
    known: Mapping[str, Subject], subjects: Iterable[Subject], *, removes: bool
) -> Comparison:
    """The differences between what a source said and says; with `removes`, what it no longer says goes."""
    found = Comparison()
    said = {each.h2o: each for each in subjects}
    for h2o, after in said.items():
        before = known.get(h2o)
        if before is None:
            found.added[h2o] = after
        elif before.subject != after.subject:
            found.changed[h2o] = (before, after)
        else:
            found.unchanged += 1
            if dict(before.details) != dict(after.details):
                found.redescribed[h2o] = after
    if removes:
        found.removed = {h2o: each for h2o, each in known.items() if h2o not in said}
    return found


def _told(changes: Mapping[str, Change]) -> tuple[tuple[str, str, str], ...]:
    return tuple((h2o, before.subject, after.subject) for h2o, (before, after) in changes.items())
