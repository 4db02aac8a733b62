"""Looks at the sizes: the walk of `discover`, over the folders of the files that are to be verified and no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from archived.core.dataclass import dataclass
from archived.discover.sorting import Sorter
from archived.ports import Entry
from archived.store import ListedFolder


@dataclass(frozen=True)
class FolderSorter(Sorter):
    """Leads into no other folder, and says nothing of what the catalogue does not know."""

    def sort(
        self,
        folder: str,
        entries: Iterable[Entry],
        *,
        listed_at: datetime,
        again: bool,
        believed: bool,
    ) -> ListedFolder:
        """See `Sorter.sort`."""
        seen = super().sort(folder, entries, listed_at=listed_at, again=again, believed=believed)
        return replace(seen, subfolders=(), strange=())


def folder_sorter(sorter: Sorter) -> FolderSorter:
    """The same, for these folders only."""
    return FolderSorter(sorter.location, sorter.recogniser, sorter.others, sorter.knows_below)
