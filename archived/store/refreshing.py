"""What a judgement must know of a dataset before it looks, and what its fresh look brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from archived.core.model import Dataset, FileStat, FileState
from archived.core.sighting import KnownFile, compare
from archived.store.fields import bounded, from_text, joined
from archived.store.sighting import SightingVerbs, Tally


class KnownBefore(NamedTuple):
    """What was known of a dataset when a fresh look at it began."""

    newest: int
    """The id of its newest file: what has a larger one became known since."""
    archived: frozenset[str]
    """The paths of its files that are archived."""


class Refreshed(NamedTuple):
    """What a fresh look at a dataset brought."""

    differs: bool
    """From what was known when the look began, or from what another look stored meanwhile."""
    missing: str = ""
    """The path of a file that is still to be archived, and is not there; "" where all are."""


class RefreshVerbs(SightingVerbs):
    """Before and after a judgement."""

    def known_before(self, dataset: Dataset) -> KnownBefore:
        """What a judgement must know of the files of a dataset before it looks at them."""
        newest = self._door.row("SELECT max(id) FROM file WHERE dataset_id = ?", dataset.id)
        archived = self._door.rows(
            "SELECT name FROM file WHERE dataset_id = ? AND state = ?",
            dataset.id,
            FileState.ARCHIVED,
        )
        return KnownBefore(
            newest[0] or 0 if newest else 0,
            frozenset(joined(dataset.path, from_text(name)) for (name,) in archived),
        )

    def refresh(
        self,
        dataset: Dataset,
        seen: Mapping[str, FileStat],
        file_type: Callable[[str], str],
        newest: int,
        now: datetime,
    ) -> Refreshed:
        """Store a fresh and complete look at a dataset, all of whose files it `seen` by their paths.

        `dataset` and `newest` are what was known when the look began. A file that became known since then, and was
        not seen, counts as a difference. `file_type` tells the types of files that are new.
        """
        with self._door.write():
            current = self._read(dataset.id)
            if current is None:
                return Refreshed(differs=True)
            differs = current.changed_at != dataset.changed_at
            root_key = self.root_key_of(current)
            brought = self._brought(root_key, current.location, current.path)
            if not brought and self._all_pending_as(current, seen):
                return Refreshed(differs)
            known = self._known_files(current)
            found = self._without_brought(
                root_key,
                current.location,
                current.path,
                {path: (bounded(stat), "") for path, stat in seen.items()},
                known,
            )
            covered = [each for each in known if each.id <= newest or each.path in found]
            changes = compare(covered, found)
            if changes.new:
                typed = tuple((stat, file_type(stat.path)) for stat, _ in changes.new)
                changes = replace(changes, new=typed)
            meaning = self._apply(current, changes, now, Tally())
            return Refreshed(
                differs or len(covered) < len(known) or meaning.differs,
                _missing(covered, found),
            )

    def _all_pending_as(self, dataset: Dataset, seen: Mapping[str, FileStat]) -> bool:
        """Whether all files are still to be archived, and are as they were seen: nothing need be compared one by one."""
        count = self._door.row("SELECT count(*) FROM file WHERE dataset_id = ?", dataset.id)
        if count != (len(seen),):
            return False
        rows = self._door.rows(
            "SELECT name, size, mtime_ns, ctime_ns, inode FROM file WHERE dataset_id = ? AND state = ? "
            "AND missing = 0 AND archived_size IS NULL",
            dataset.id,
            FileState.PENDING,
        )
        above = f"{dataset.path}/" if dataset.path else ""
        # A name that is stored in another way than it is written is found by nobody here, and compared later.
        return len(rows) == len(seen) and all(
            seen.get(above + row[0], _NOWHERE)[1:] == row[1:] for row in rows
        )


_NOWHERE = FileStat("", -1, 0)


def _missing(known: list[KnownFile], found: Mapping[str, object]) -> str:
    return next(
        (each.path for each in known if each.state is FileState.PENDING and each.path not in found),
        "",
    )
