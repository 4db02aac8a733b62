"""So much that differs at once is not believed (safety rule 6): the same rule as for what a listing lacks."""

from __future__ import annotations

from collections.abc import Iterable

from archived.core.verifying import Content, Look, too_many_differ


class Fuse:
    """Counts the contents that differ at one location, of so many files that are archived there."""

    def __init__(self, of: int, *, trusting: bool) -> None:
        self._of = of
        self._trusting = trusting
        self._different = 0

    @property
    def blown(self) -> bool:
        """Whether nothing more is believed."""
        return not self._trusting and too_many_differ(self._different, self._of)

    def believes(self, looks: Iterable[Look]) -> bool:
        """Whether the archive is taken for what it says, these included."""
        self._different += sum(each.content is Content.DIFFERENT for each in looks)
        return not self.blown
