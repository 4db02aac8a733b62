"""What this rig brought back from the archive is no new recording, should a daemon watch that folder one day."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from archived.core.model import Dataset, FileStat
from archived.core.retrieving import BringState
from archived.core.sighting import KnownFile
from archived.store.base import Verbs
from archived.store.fields import from_text, joined, to_text

Seen = tuple[FileStat, str]


class _Brought(NamedTuple):
    state: BringState
    size: int | None
    mtime_ns: int | None

    def is_in_place(self, stat: FileStat) -> bool:
        """Whether a file is still as it was brought, or is just being brought."""
        if self.state is BringState.TRAVELLING:
            return True
        proved = self.state in (BringState.ARRIVED, BringState.THERE)
        return proved and (stat.size, stat.mtime_ns) == (self.size, self.mtime_ns)


class BroughtVerbs(Verbs):
    """Telling copies that came from the archive from what was recorded here."""

    def _without_brought(
        self,
        root_key: str,
        location: str,
        dataset_path: str,
        seen: Mapping[str, Seen],
        known: Iterable[KnownFile] = (),
    ) -> dict[str, Seen]:
        """What was seen, with copies that were brought, and are unchanged since, for what they are.

        One of a file that this rig archived stands for that very file, whatever became of its time on the way. Any
        other is a copy of what another rig archived, and is no business of this one.
        """
        brought = self._brought(root_key, location, dataset_path) if seen else {}
        if not brought:
            return dict(seen)
        archived = {each.path: each for each in known if each.archived_size is not None}
        found = {}
        for path, (stat, file_type) in seen.items():
            copy, file = brought.get(path), archived.get(path)
            if copy is None or not copy.is_in_place(stat):
                found[path] = (stat, file_type)
            elif file is not None and file.archived_size == stat.size:
                found[path] = (_as_archived(stat, file), file_type)
        return found

    def _brought(self, root_key: str, location: str, dataset_path: str) -> dict[str, _Brought]:
        """By path, the files of a dataset that were brought to a root; the latest that is known of each."""
        found: dict[str, _Brought] = {}
        for retrieval in self._retrievals_to(root_key):
            rows = self._door.rows(
                "SELECT f.name, w.state, w.copy_size, w.copy_mtime_ns FROM rig g "
                "JOIN dataset d ON d.rig_id = g.id AND d.location = ? AND d.path = ? "
                "JOIN file f ON f.dataset_id = d.id "
                "JOIN retrieval_file w ON w.retrieval_id = ? AND w.file_id = f.id",
                to_text(location),
                to_text(dataset_path),
                retrieval,
            )
            for name, state, size, mtime_ns in rows:
                path = joined(dataset_path, from_text(name))
                copy = _Brought(BringState(state), size, mtime_ns)
                if path not in found or copy.state in _TELLING:
                    found[path] = copy
        return found

    def _retrievals_to(self, root_key: str) -> list[int]:
        """The retrievals of this rig that brought something to a root, by whatever name."""
        folders = self._door.rows(
            "SELECT DISTINCT destination FROM retrieval WHERE rig_id = ?", self._rig_id
        )
        real = os.path.realpath(root_key) if folders else ""
        found: list[int] = []
        for (folder,) in folders:
            if os.path.realpath(from_text(folder)) == real:
                rows = self._door.rows(
                    "SELECT id FROM retrieval WHERE rig_id = ? AND destination = ?",
                    self._rig_id,
                    folder,
                )
                found += [row[0] for row in rows]
        return sorted(found)

    def root_key_of(self, dataset: Dataset) -> str:
        """The root below which it was seen, which may be none of the configuration any more."""
        row = self._door.row(
            "SELECT r.name FROM dataset d JOIN root r ON r.id = d.root_id WHERE d.id = ?",
            dataset.id,
        )
        return "" if row is None else from_text(row[0])


_TELLING = frozenset({BringState.ARRIVED, BringState.THERE, BringState.TRAVELLING})
"""States that say what lies at the destination; the others leave that as an earlier retrieval said it."""


def _as_archived(stat: FileStat, file: KnownFile) -> FileStat:
    """The copy with the time of what was archived, which movers keep to the second at best."""
    if file.archived_mtime_ns is not None:
        return stat._replace(mtime_ns=file.archived_mtime_ns)
    if file.found_mtime_ns is not None:
        return stat._replace(mtime_ns=min(stat.mtime_ns, file.found_mtime_ns))
    return stat
