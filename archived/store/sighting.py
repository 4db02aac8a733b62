"""What looks saw becomes rows: new datasets and files, differences, and the folders that may be passed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archived.core.lifecycle import State
from archived.core.model import Dataset, FileStat, FileState, Recording, Unrecognised
from archived.core.sighting import (
    Changes,
    Consequence,
    FileChange,
    KnownFile,
    compare,
    consequence,
)
from archived.store.brought import BroughtVerbs
from archived.store.fields import (
    below,
    bounded,
    names_below,
    signed,
    to_date,
    to_fields,
    to_text,
    to_time,
)
from archived.store.folders import FolderVerbs, Noted
from archived.store.overwrite import OVER_OUR_OWN
from archived.store.results import FolderSighting, Moved, SightResult
from archived.store.rows import DATASET_COLUMNS, KNOWN_COLUMNS, dataset_of, known_of

Seen = tuple[FileStat, str]


@dataclass
class Tally:
    """What one call of `sight` changed so far."""

    datasets_new: int = 0
    files_new: int = 0
    files_changed: int = 0
    moved: list[Moved] = field(default_factory=list)
    too_long: list[Unrecognised] = field(default_factory=list)

    def result(self) -> SightResult:
        return SightResult(
            self.datasets_new, self.files_new, self.files_changed, self.moved, self.too_long
        )


class SightingVerbs(FolderVerbs, BroughtVerbs):
    """Writing down what was seen."""

    def sight(self, sightings: Sequence[FolderSighting], now: datetime) -> SightResult:
        """Store what a look saw in folders of recordings, and move the datasets that it means a move for.

        A folder whose dataset has no file yet makes no dataset.
        """
        tally = Tally()
        groups: defaultdict[tuple[str, str], list[FolderSighting]] = defaultdict(list)
        for sighting in sightings:
            groups[sighting.location, sighting.recording.path].append(sighting)
        if groups or self._plain:
            with self._door.write():
                self._write_plain()
                for group in groups.values():
                    self._sight_dataset(group, now, tally)
        return tally.result()

    def _sight_dataset(self, group: Sequence[FolderSighting], now: datetime, tally: Tally) -> None:
        first = group[0]
        seen = found = self._storable(group, tally)
        root_id = self._root_id_for(first.root_key)
        dataset = self._find(first.location, first.recording.path)
        known: list[KnownFile] = [] if dataset is None else self._known_files(dataset)
        path = first.recording.path
        seen = self._without_brought(first.root_key, first.location, path, seen, known)
        if dataset is None:
            if not seen:
                return
            dataset_id, same = self._begin(first, root_id, tuple(seen.values()), now), False
            tally.datasets_new += 1
            tally.files_new += len(seen)
        else:
            dataset_id = dataset.id
            self._describe_anew(dataset, first, root_id)
            folders = {each.folder for each in group if each.whole}
            known = [
                each
                for each in known
                if each.path in seen or each.path.rpartition("/")[0] in folders
            ]
            changes = compare(known, seen)
            self._apply(dataset, changes, now, tally)
            # A listing stands for "nothing differs" only where all that it holds was compared, and as it is.
            everything = seen == found and len(found) == sum(len(each.files) for each in group)
            same = dataset.state is State.ARCHIVED and not changes and everything
        for each in group:
            listing = each.listing if same else None
            noted = Noted(each.mtime_ns, each.subfolders, listing, dataset_id)
            self._note_folder(root_id, each.folder, noted)

    def _storable(self, group: Sequence[FolderSighting], tally: Tally) -> dict[str, Seen]:
        """The files that were seen, by path, without those whose names this kind of database cannot index."""
        limit = self._door.kind.longest_name
        seen: dict[str, Seen] = {}
        for sighting in group:
            folder = sighting.recording.path
            for each in sighting.files:
                path = each[0].path
                # A character takes up to six bytes as it is stored.
                if limit is not None and len(path) * 6 > limit and _too_long(folder, path, limit):
                    why = f"its path is longer than the {limit} bytes that this kind of store can hold"
                    tally.too_long.append(Unrecognised(path, why))
                    continue
                stat = bounded(each[0])
                seen[path] = each if stat is each[0] else (stat, each[1])
        return seen

    def _find(self, location: str, path: str) -> Dataset | None:
        row = self._door.row(
            f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.rig_id = ? AND d.location = ? AND d.path = ?",
            self._rig_id,
            to_text(location),
            to_text(path),
        )
        return None if row is None else dataset_of(row)

    def _begin(
        self, sighting: FolderSighting, root_id: int, files: Sequence[Seen], now: datetime
    ) -> int:
        """A new dataset with its first files; its id."""
        why = "seen for the first time"
        columns: dict[str, Any] = {
            "rig_id": self._rig_id,
            "location": to_text(sighting.location),
            "path": to_text(sighting.recording.path),
            **description(sighting.recording, root_id),
            "state": State.SETTLING,
            "reason": why,
            "revision": 1,
            "attempts": 0,
            "first_seen": to_time(now),
            "changed_at": to_time(now),
            "state_since": to_time(now),
            "accepted": 0,
            "files": len(files),
            "bytes": sum([stat.size for stat, _ in files]),
        }
        dataset_id = self._door.insert(
            f"INSERT INTO dataset ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            *columns.values(),
        )
        self._note_event(dataset_id, None, State.SETTLING, None, why, now)
        self._tally(sighting.location, State.SETTLING, 1)
        self._insert_files(dataset_id, sighting.recording.path, files)
        return dataset_id

    def _describe_anew(self, dataset: Dataset, sighting: FolderSighting, root_id: int) -> None:
        """Follow the configuration: what a name tells depends on the convention that reads it."""
        columns = description(sighting.recording, root_id)
        row = self._door.row(f"SELECT {', '.join(columns)} FROM dataset WHERE id = ?", dataset.id)
        if row != tuple(columns.values()):
            settings = ", ".join(f"{column} = ?" for column in columns)
            self._door.change(
                f"UPDATE dataset SET {settings} WHERE id = ?", *columns.values(), dataset.id
            )
            self._forget_listings(dataset.id)

    def _known_files(self, dataset: Dataset) -> list[KnownFile]:
        rows = self._door.rows(
            f"SELECT {KNOWN_COLUMNS} FROM file f WHERE f.dataset_id = ?", dataset.id
        )
        return [known_of(row, dataset.path) for row in rows]

    def _apply(
        self, dataset: Dataset, changes: Changes, now: datetime, tally: Tally
    ) -> Consequence:
        if not changes:
            return Consequence()
        if dataset.state is State.ARCHIVED:
            self._forget_listings(dataset.id)
        meaning = consequence(dataset.state, changes)
        self._insert_files(dataset.id, dataset.path, changes.new)
        differing = (*changes.changed, *changes.altered, *changes.restored)
        self._update_files(differing)
        self._note_on_rig(changes.noted)
        self._mark_missing(changes.missing, changes.returned)
        if differing or changes.noted:
            self._recount([dataset.id])
        elif changes.new:
            self._count_on(dataset.id, changes.new)
        tally.files_new += len(changes.new)
        tally.files_changed += len(differing)
        if self._follow(dataset, meaning, now) and meaning.after is not None:
            tally.moved.append((dataset.name, dataset.state, meaning.after))
        return meaning

    def _follow(self, dataset: Dataset, meaning: Consequence, now: datetime) -> bool:
        """Do to the dataset what the changes mean for it. What a person accepted was what was there before."""
        renewed: dict[str, Any] = {"changed_at": to_time(now), "attempts": 0, "accepted": 0}
        if meaning.after is not None and meaning.reason is not None:
            return self._move(dataset, meaning.after, meaning.reason, meaning.why, now, **renewed)
        if meaning.resume_in is not None:
            renewed["held_from"] = meaning.resume_in
        elif not meaning.differs:
            return False
        elif dataset.state is State.SETTLING:
            renewed["due"] = None
        else:
            renewed = {"changed_at": to_time(now)}
        settings = ", ".join(f"{column} = ?" for column in renewed)
        self._door.change(
            f"UPDATE dataset SET {settings} WHERE id = ?", *renewed.values(), dataset.id
        )
        return False

    def _insert_files(self, dataset_id: int, folder: str, new: Sequence[Seen]) -> None:
        """Files that are still to be archived, which the first look at a tree finds by the million."""
        names = names_below(folder, [stat.path for stat, _ in new])
        types = {kind: to_text(kind) for kind in {kind for _, kind in new}}
        self._door.many(
            "INSERT INTO file (dataset_id, name, size, mtime_ns, ctime_ns, inode, file_type, state, reason, "
            "fault, settled, missing, absent, overwrite, submitted) "
            f"VALUES (?, ?, ?, ?, ?, ?, ?, '{FileState.PENDING}', '', '', 0, 0, 0, 0, 0)",
            [
                (dataset_id, name, size, mtime, ctime, signed(inode), types[kind])
                for name, ((_, size, mtime, ctime, inode), kind) in zip(names, new, strict=True)
            ],
        )

    def _count_on(self, dataset_id: int, new: Sequence[Seen]) -> None:
        """Count new files on, not all anew: a dataset may grow by a file at a time, to many thousands."""
        self._door.change(
            "UPDATE dataset SET files = files + ?, bytes = bytes + ? WHERE id = ?",
            len(new),
            sum([stat.size for stat, _ in new]),
            dataset_id,
        )

    def _update_files(self, differing: Iterable[FileChange]) -> None:
        self._door.many(
            "UPDATE file SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, state = ?, reason = ?, "
            "fault = '', settled = 0, missing = 0, absent = 0, external_algorithm = NULL, "
            "external_checksum = NULL, overwrite = CASE WHEN overwrite = ? THEN overwrite ELSE 0 END "
            "WHERE id = ?",
            [
                (
                    each.stat.size,
                    each.stat.mtime_ns,
                    each.stat.ctime_ns,
                    signed(each.stat.inode),
                    each.after,
                    to_text(each.reason),
                    OVER_OUR_OWN,
                    each.known.id,
                )
                for each in differing
            ],
        )

    def _note_on_rig(self, noted: Iterable[FileChange]) -> None:
        """What is on the rig of files that keep their states; what is archived counts as a copy of it from now on."""
        self._door.many(
            "UPDATE file SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, missing = 0, absent = 0, "
            "archived_mtime_ns = CASE WHEN state = ? THEN ? ELSE archived_mtime_ns END WHERE id = ?",
            [
                (
                    each.stat.size,
                    each.stat.mtime_ns,
                    each.stat.ctime_ns,
                    signed(each.stat.inode),
                    FileState.ARCHIVED,
                    each.stat.mtime_ns,
                    each.known.id,
                )
                for each in noted
            ],
        )

    def _mark_missing(self, missing: Iterable[KnownFile], there: Iterable[KnownFile]) -> None:
        self._door.many(
            "UPDATE file SET missing = 1 WHERE id = ?", [(each.id,) for each in missing]
        )
        self._door.many(
            "UPDATE file SET missing = 0, absent = 0 WHERE id = ?", [(each.id,) for each in there]
        )


def _too_long(folder: str, path: str, limit: int) -> bool:
    return max(len(to_text(folder).encode()), len(to_text(below(folder, path)).encode())) > limit


def description(recording: Recording, root_id: int) -> dict[str, Any]:
    """What a recording's name tells, as columns of its dataset."""
    return {
        "root_id": root_id,
        "convention": to_text(recording.convention),
        "h2o": None if recording.h2o is None else to_text(recording.h2o),
        "recorded_on": to_date(recording.date),
        "ident": None if recording.ident is None else to_text(recording.ident),
        "fields": to_fields(recording.fields),
    }
