"""Folders that may be passed over: which ones, and how they are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from archived.core.lifecycle import State
from archived.core.sighting import KnownFolder
from archived.store.fields import bounded_time, from_names, from_text, to_names, to_text
from archived.store.moves import Moves

PLAIN_AT_ONCE = 1_000
"""How many folders of no interest are kept in memory before they are written together."""


class Noted(NamedTuple):
    """What is to be remembered of a folder."""

    mtime_ns: int
    subfolders: Sequence[str]
    listing: str | None
    dataset_id: int | None


class FolderVerbs(Moves):
    """Remembering folders and roots."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._root_ids: dict[str, int] = {}
        self._plain: dict[tuple[str, str], Noted] = {}

    def known_folders(self, root_key: str) -> dict[str, KnownFolder]:
        """The folders that may be passed over while their times stay, and need not be compared while their listings do.

        Such are folders of datasets that are archived, and folders that hold nothing of interest.
        """
        root_id = self._root_id(root_key)
        if root_id is None:
            return {}
        rows = self._door.rows(
            "SELECT f.path, f.mtime_ns, f.subfolders, f.listing, f.dataset_id FROM folder f "
            "LEFT JOIN dataset d ON d.id = f.dataset_id "
            "WHERE f.root_id = ? AND (f.dataset_id IS NULL OR d.state = ?)",
            root_id,
            State.ARCHIVED,
        )
        return {
            from_text(path): KnownFolder(mtime_ns, from_names(names), listing, dataset is not None)
            for path, mtime_ns, names, listing, dataset in rows
        }

    def sight_plain(
        self,
        root_key: str,
        folder: str,
        mtime_ns: int,
        subfolders: Sequence[str],
        listing: str | None = None,
    ) -> None:
        """Note a folder outside of every recording, seen whole and of no interest.

        Written together with the next sightings, or when there are many; what a crash loses of it is seen again.
        """
        self._plain[root_key, folder] = Noted(mtime_ns, subfolders, listing, None)
        if len(self._plain) >= PLAIN_AT_ONCE:
            with self._door.write():
                self._write_plain()

    def _write_plain(self) -> None:
        for (root_key, folder), noted in self._plain.items():
            self._note_folder(self._root_id_for(root_key), folder, noted)
        self._plain.clear()

    def _note_folder(self, root_id: int, folder: str, noted: Noted) -> None:
        path, names = to_text(folder), to_names(noted.subfolders)
        values = {
            "mtime_ns": bounded_time(noted.mtime_ns),
            "subfolders": names,
            "listing": noted.listing,
            "dataset_id": noted.dataset_id,
        }
        row = self._door.row(
            f"SELECT {', '.join(values)} FROM folder WHERE root_id = ? AND path = ?", root_id, path
        )
        if row == tuple(values.values()):
            return
        limit = self._door.kind.longest_name
        keys: dict[str, object] = {"root_id": root_id, "path": path}
        if row is not None:
            self._upsert("folder", keys, values)
        elif limit is None or len(path.encode()) <= limit:
            self._put("folder", {**keys, **values})

    def _root_id(self, key: str) -> int | None:
        root_id = self._root_ids.get(key)
        if root_id is None:
            row = self._door.row(
                "SELECT id FROM root WHERE rig_id = ? AND name = ?", self._rig_id, to_text(key)
            )
            if row is None:
                return None
            root_id = int(row[0])
            # What a transaction inserted is remembered only after it: it may fail yet.
            if not self._door.in_transaction:
                self._root_ids[key] = root_id
        return root_id

    def _root_id_for(self, key: str) -> int:
        """The id of a root, which is made when it is seen for the first time."""
        root_id = self._root_id(key)
        if root_id is not None:
            return root_id
        return self._door.insert(
            "INSERT INTO root (rig_id, name) VALUES (?, ?)", self._rig_id, to_text(key)
        )
