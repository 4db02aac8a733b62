"""Whether an archive lost so much at once that it is more likely another one, or not mounted (safety rule 6)."""

from __future__ import annotations

from typing import NamedTuple

from archived.core.sighting import too_many_at_once
from archived.store.base import Verbs
from archived.store.fields import to_text


class Doubts(NamedTuple):
    """How many files the first looks of a walk did not find as they were archived, of how many."""

    files: int
    archived: int

    @property
    def too_many(self) -> bool:
        """Whether that is a large part of what is archived."""
        return too_many_at_once(self.files, self.archived)


class DoubtVerbs(Verbs):
    """Counting what a walk is going to look for a second time."""

    def doubts(self, number: int, location: str) -> Doubts:
        """What the first looks of a walk told. It stays the same once it was asked for, also after a kill.

        What is archived at the location counts as a whole, also where the walk is about a part of it.
        """
        self._door.change(
            "UPDATE discovery SET archived_files = COALESCE((SELECT t.files FROM total t WHERE t.rig_id = ? "
            "AND t.location = ?), 0) WHERE id = ? AND archived_files IS NULL",
            self._rig_id,
            to_text(location),
            number,
        )
        row = self._door.row("SELECT doubted, archived_files FROM discovery WHERE id = ?", number)
        assert row is not None
        return Doubts(*row)

    def _add_doubts(self, number: int, files: int) -> None:
        self._door.change("UPDATE discovery SET doubted = doubted + ? WHERE id = ?", files, number)
