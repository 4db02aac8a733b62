"""What is in the mirror: read once at the beginning of a run, and kept up to date while it changes rows.

A check changes only the register, so that it tells what a run would have done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable

from archived.core.mirror import LINKED, Columns, Existing, LabSession, Note, Source, theirs
from archived.store.lab.outcome import Mirrored
from archived.store.lab.rows import LabRows, noted_rig, source_id
from archived.store.lab.tables import DATASETS, FILES, NOTES

Key = tuple[str, str]
"""A `globus_alias` and a `dataset_name`, equal where the table takes them for equal."""


class Register:
    """Every dataset of the lab's tables, without its files, and our notes about those that are ours."""

    def __init__(
        self, rows: LabRows, tables: Container[str], linked: Iterable[str], columns: Columns
    ) -> None:
        self._rows, self._columns = rows, columns
        self._has_files = FILES in tables
        self._types: dict[Key, str] = {}
        self._named: dict[Key, tuple[str, str]] = {}
        """Location and name as they stand in the table."""
        self._sessions: defaultdict[Key, frozenset[LabSession]] = defaultdict(frozenset)
        self._notes = rows.notes() if NOTES in tables else {}
        self._sources: defaultdict[Key, set[str]] = defaultdict(set)
        self._ours: set[Key] = set()
        self._gone: set[Key] = set()
        for named, dataset_type in (rows.dataset_types() if DATASETS in tables else {}).items():
            self._types[self._key(*named)] = dataset_type
            self._named[self._key(*named)] = named
        read = rows.sessions(each for each in linked if LINKED[each] in tables)
        for named, sessions in read.items():
            self._sessions[self._key(*named)] |= sessions
        for source, note in self._notes.items():
            self._add(source, note)

    def note(self, source: Source) -> Note | None:
        """Our note about a dataset."""
        return self._notes.get(source_id(source))

    def has(self, location: str, name: str) -> bool:
        """Whether there is a row of `data_set`."""
        return self._key(location, name) in self._types

    def same(self, location: str, name: str, other: str) -> bool:
        """Whether two names are the same to the table."""
        return self._key(location, name) == self._key(location, other)

    def shared(self, source: Source, name: str) -> bool:
        """Whether other datasets of ours are under the same name."""
        return bool(self._sources[self._key(source.location, name)] - {source_id(source)})

    def ours(self, archived: Container[str]) -> list[tuple[str, str, frozenset[str]]]:
        """The rows of `data_set` that we made and that hold nothing but datasets which are `archived` now.

        Location and name, and the datasets by `source_id`.
        """
        return sorted(
            (*self._named[key], frozenset(self._sources[key]))
            for key in self._ours
            if key in self._types and all(each in archived for each in self._sources[key])
        )

    def linked_by_others(self, location: str, name: str) -> list[LabSession]:
        """The sessions that others linked to the dataset of this name."""
        key = self._key(location, name)
        return theirs(self._sessions[key], name, self._types.get(key, ""))

    def existing(self, location: str, name: str) -> Existing:
        """What there is under a name; its files are read now."""
        key = self._key(location, name)
        if key not in self._types:
            return Existing()
        readable = self._has_files and key not in self._gone
        files = self._rows.files(location, name) if readable else {}
        return Existing(self._types[key], files, self._sessions[key], ours=key in self._ours)

    def forget(self, location: str, name: str) -> None:
        """What was under this name is deleted, or would be."""
        key = self._key(location, name)
        self._types.pop(key, None)
        self._sessions.pop(key, None)
        self._ours.discard(key)
        self._gone.add(key)
        for source in self._sources.pop(key, ()):
            del self._notes[source]

    def changed(self, source: Source, changed: Mirrored, *, ours: bool) -> None:
        """A dataset was mirrored, or would be."""
        change = changed.change
        if changed.was is not None:
            if self.shared(source, changed.was):
                self._sources[self._key(source.location, changed.was)].discard(source_id(source))
            else:
                self.forget(source.location, changed.was)
        key = self._key(change.location, change.name)
        self._types.setdefault(key, change.dataset_type)
        self._named.setdefault(key, (change.location, change.name))
        linked = frozenset({change.link}) if change.link else frozenset()
        self._sessions[key] = (self._sessions[key] - change.unlinked) | linked
        note = Note(noted_rig(source.rig), change.location, change.name, source.revision, ours=ours)
        self._notes[source_id(source)] = note
        self._add(source_id(source), note)

    def _add(self, source: str, note: Note) -> None:
        key = self._key(note.location, note.name)
        self._sources[key].add(source)
        # A row that somebody deleted is nobody's; the next one is made by us.
        if note.ours and key in self._types:
            self._ours.add(key)

    def _key(self, location: str, name: str) -> Key:
        return self._columns.location.key(location), self._columns.name.key(name)
