"""The rows of the mirror: read as values, and changed as planned. Rows that are not ours are never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from archived.core.mirror import LINKED, Change, LabSession, Note, Source
from archived.core.paths import printable
from archived.store.lab.connection import LabConnection
from archived.store.lab.tables import (
    DATASET_TYPES,
    DATASETS,
    FILE_TYPES,
    FILES,
    LOCATIONS,
    NOTES,
    SCHEMA,
)

PORTION = 2_000
"""How many files are inserted in one transaction."""

T = TypeVar("T")


def source_id(source: Source) -> str:
    """By what our notes know a dataset: the same for whoever's catalogue has it, as its place in the archive is."""
    return hashlib.sha256(source.dataset.encode("utf-8", "surrogatepass")).hexdigest()


def noted_rig(rig: str) -> str:
    """The name of a rig as it is noted."""
    return printable(rig)[:255]


def at_once(change: Change) -> bool:
    """Whether a change is small enough for one transaction."""
    return len(change.files) <= PORTION


class LabRows:
    """Statements about the rows of the mirror."""

    def __init__(self, lab: LabConnection) -> None:
        self._lab = lab
        self._file_types: set[str] = set()
        self._dataset_types: set[str] = set()

    # --- what is there ----------------------------------------------------------------------------

    def locations(self) -> dict[str, tuple[str, str]]:
        """Collection and path of every storage location, by its alias."""
        rows = self._lab.rows(
            f"SELECT globus_alias, globus_endpoint, globus_path FROM {self._name(LOCATIONS)}"
        )
        return {alias: (endpoint, path) for alias, endpoint, path in rows}

    def dataset_types(self) -> dict[tuple[str, str], str]:
        """The type of every dataset, by alias and name."""
        rows = self._lab.rows(
            f"SELECT globus_alias, dataset_name, dataset_type FROM {self._name(DATASETS)}"
        )
        return {(alias, name): of_type for alias, name, of_type in rows}

    def sessions(self, linked: Iterable[str]) -> dict[tuple[str, str], frozenset[LabSession]]:
        """The sessions that datasets are linked to, in the tables of these types, by alias and name."""
        found: dict[tuple[str, str], frozenset[LabSession]] = {}
        for of_type in linked:
            rows = self._lab.rows(
                f"SELECT globus_alias, dataset_name, subject_id, session FROM {self._name(LINKED[of_type])}"
            )
            for alias, name, subject, number in rows:
                session = LabSession(str(subject), int(number))
                found[alias, name] = found.get((alias, name), frozenset()) | {session}
        return found

    def notes(self) -> dict[str, Note]:
        """Our notes, by `source_id`."""
        rows = self._lab.rows(
            f"SELECT source, rig, globus_alias, dataset_name, revision, ours FROM {self._name(NOTES)}"
        )
        return {row[0]: Note(row[1], row[2], row[3], int(row[4]), bool(row[5])) for row in rows}

    def files(self, location: str, name: str) -> dict[str, str]:
        """The types of a dataset's files, by `file_subpath` as it stands there."""
        rows = self._lab.rows(
            f"SELECT file_subpath, file_type FROM {self._name(FILES)} "
            "WHERE globus_alias = %s AND dataset_name = %s",
            location,
            name,
        )
        return dict(rows)

    # --- what is changed --------------------------------------------------------------------------

    def add_location(self, alias: str, endpoint: str, path: str) -> None:
        """Insert a storage location."""
        self._add(
            LOCATIONS, {"globus_alias": alias, "globus_endpoint": endpoint, "globus_path": path}
        )

    def add_types(
        self, dataset_type: str, file_types: Iterable[str], globs: Mapping[str, str]
    ) -> None:
        """Insert the types that are not there yet."""
        if not self._dataset_types:
            self._dataset_types = self._known(DATASET_TYPES, "dataset_type")
            self._file_types = self._known(FILE_TYPES, "file_type")
        if dataset_type not in self._dataset_types:
            self._add(DATASET_TYPES, {"dataset_type": dataset_type})
            self._dataset_types.add(dataset_type)
        for each in sorted({*file_types} - self._file_types):
            glob = globs.get(each, "")
            described = f"files called {glob}" if glob else "files of no known kind"
            self._add(
                FILE_TYPES, {"file_type": each, "file_glob": glob[:64], "file_descr": described}
            )
            self._file_types.add(each)

    def apply(self, source: Source, change: Change, *, ours: bool) -> bool:
        """Make a change in transactions of a bounded size; broken off, the next one goes on with what is missing.

        Returns whether the row of `data_set` is `ours`: somebody else may have inserted it in this very moment.
        """
        key = (change.location, change.name)
        portions = _portions(sorted(change.files.items()), PORTION)
        first = next(portions, ())
        more = next(portions, None)
        with self._lab.transaction():
            if change.insert:
                columns = ("globus_alias", "dataset_name", "dataset_type")
                ours = self._insert(DATASETS, columns, [(*key, change.dataset_type)]) == 1
            self._change_links(change)
            self._change_files(change)
            self._insert_files(key, first)
            self.note(source, change, revision=0 if more else source.revision, ours=ours)
        while more:
            following = next(portions, None)
            with self._lab.transaction():
                self._insert_files(key, more)
                if not following:
                    self.note(source, change, revision=source.revision, ours=ours)
            more = following
        return ours

    def note(self, source: Source, change: Change, *, revision: int, ours: bool) -> None:
        """Note what of a dataset is here."""
        name = self._name(NOTES)
        identity = source_id(source)
        self._lab.change(f"DELETE FROM {name} WHERE source = %s", identity)
        self._lab.change(
            f"INSERT INTO {name} (source, rig, globus_alias, dataset_name, revision, ours) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            identity,
            noted_rig(source.rig),
            change.location,
            change.name,
            revision,
            int(ours),
        )

    def remove(self, location: str, name: str, paths: Iterable[str] | None) -> None:
        """Delete rows of ours under a name: of these files, or with None all of them, with what hangs on them.

        Raises `RefusedRowError` where other tables refer to them.
        """
        where = "WHERE globus_alias = %s AND dataset_name = %s"
        with self._lab.transaction():
            if paths is not None:
                self._lab.many(
                    f"DELETE FROM {self._name(FILES)} {where} AND file_subpath = %s",
                    [(location, name, path) for path in paths],
                )
                return
            self._lab.change(f"DELETE FROM {self._name(FILES)} {where}", location, name)
            for table in self._link_tables():
                self._lab.change(f"DELETE FROM {self._name(table)} {where}", location, name)
            self._lab.change(f"DELETE FROM {self._name(DATASETS)} {where}", location, name)
            self._lab.change(f"DELETE FROM {self._name(NOTES)} {where}", location, name)

    # --- in detail --------------------------------------------------------------------------------

    def _change_links(self, change: Change) -> None:
        table = LINKED.get(change.dataset_type)
        if table is None:
            return
        key = (change.location, change.name)
        columns = ("subject_id", "session", "globus_alias", "dataset_name")
        for session in change.unlinked:
            self._lab.change(
                f"DELETE FROM {self._name(table)} WHERE subject_id = %s AND session = %s "
                "AND globus_alias = %s AND dataset_name = %s",
                session.subject,
                session.number,
                *key,
            )
        if change.link is not None:
            row = (change.link.subject, change.link.number, *key)
            self._insert(table, columns, [row])

    def _change_files(self, change: Change) -> None:
        where = "WHERE globus_alias = %s AND dataset_name = %s AND file_subpath = %s"
        key = (change.location, change.name)
        self._lab.many(
            f"UPDATE {self._name(FILES)} SET file_type = %s {where}",
            [(file_type, *key, path) for path, file_type in sorted(change.retyped.items())],
        )
        self._lab.many(
            f"DELETE FROM {self._name(FILES)} {where}", [(*key, path) for path in change.lost]
        )

    def _insert_files(self, key: tuple[str, str], files: Iterable[tuple[str, str]]) -> None:
        columns = ("globus_alias", "dataset_name", "file_subpath", "file_type")
        self._insert(FILES, columns, [(*key, path, file_type) for path, file_type in files])

    def _add(self, table: str, row: Mapping[str, str]) -> None:
        with self._lab.transaction():
            self._insert(table, tuple(row), [tuple(row.values())])

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
        """Insert rows; one that another rig's daemon has inserted meanwhile is there, and that is all we want.

        Returns how many were not there.
        """
        names = ", ".join(self._lab.quoted(each) for each in columns)
        marks = ", ".join("%s" for _ in columns)
        there = self._lab.quoted(columns[0])
        otherwise = (
            f"ON DUPLICATE KEY UPDATE {there} = {there}"
            if self._lab.backend == "mysql"
            else "ON CONFLICT DO NOTHING"
        )
        return self._lab.many(
            f"INSERT INTO {self._name(table)} ({names}) VALUES ({marks}) {otherwise}", rows
        )

    def _known(self, table: str, column: str) -> set[str]:
        return {row[0] for row in self._lab.rows(f"SELECT {column} FROM {self._name(table)}")}

    def _link_tables(self) -> list[str]:
        names = ", ".join("%s" for _ in LINKED)
        rows = self._lab.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s "
            f"AND table_name IN ({names})",
            self._lab.prefix + SCHEMA,
            *LINKED.values(),
        )
        return [row[0] for row in rows]

    def _name(self, table: str) -> str:
        return self._lab.table(SCHEMA, table)


def _portions(rows: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    iterator = iter(rows)
    while portion := tuple(islice(iterator, size)):
        yield portion
