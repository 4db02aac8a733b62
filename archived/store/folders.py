"""Folders that may be passed over: which ones, and how they are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archived.core.lifecycle import State
from archived.store.fields import bounded_time, from_names, to_names, to_text
from archived.store.moves import Moves

PLAIN_AT_ONCE = 1_000
"""How many folders of no interest are kept in memory before they are written together."""


class FolderVerbs(Moves):
    """Remembering folders and roots."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._root_ids: dict[str, int] = {}
        self._plain: dict[tuple[str, str], tuple[int, Sequence[str]]] = {}

    def known_folder(self, root_key: str, folder: str) -> tuple[int, tuple[str, ...]] | None:
        """The modification time and the subfolders of a folder that may be passed over while that time stays.

        Such are folders of datasets that are archived, and folders that hold nothing of interest; None for others.
        """
        root_id = self._root_id(root_key)
        if root_id is None:
            return None
        row = self._door.row(
            "SELECT f.mtime_ns, f.subfolders FROM folder f LEFT JOIN dataset d ON d.id = f.dataset_id "
            "WHERE f.root_id = ? AND f.path = ? AND (f.dataset_id IS NULL OR d.state = ?)",
            root_id,
            to_text(folder),
            State.ARCHIVED,
        )
        return None if row is None else (row[0], from_names(row[1]))

    def sight_plain(
        self, root_key: str, folder: str, mtime_ns: int, subfolders: Sequence[str]
    ) -> None:
        """Note a folder outside of every recording, seen whole and of no interest.

        Written together with the next sightings, or when there are many; what a crash loses of it is seen again.
        """
        self._plain[root_key, folder] = (mtime_ns, subfolders)
        if len(self._plain) >= PLAIN_AT_ONCE:
            with self._door.write():
                self._write_plain()

    def _write_plain(self) -> None:
        for (root_key, folder), (mtime_ns, subfolders) in self._plain.items():
            root_id = self._root_id_for(root_key)
            self._note_folder(root_id, folder, mtime_ns, subfolders, None)
        self._plain.clear()

    def _note_folder(
        self,
        root_id: int,
        folder: str,
        mtime_ns: int,
        subfolders: Sequence[str],
        dataset_id: int | None,
    ) -> None:
        path, names = to_text(folder), to_names(subfolders)
        mtime_ns = bounded_time(mtime_ns)
        row = self._door.row(
            "SELECT mtime_ns, subfolders, dataset_id FROM folder WHERE root_id = ? AND path = ?",
            root_id,
            path,
        )
        if row == (mtime_ns, names, dataset_id):
            return
        limit = self._door.kind.longest_name
        if row is None and limit is not None and len(path.encode()) > limit:
            return
        self._upsert(
            "folder",
            {"root_id": root_id, "path": path},
            {"mtime_ns": mtime_ns, "subfolders": names, "dataset_id": dataset_id},
        )

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
