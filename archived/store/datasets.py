"""Reading one dataset: the row, its files, batches and events."""

from __future__ import annotations

from datetime import datetime

from archived.core.batching import PendingFile
from archived.core.lifecycle import State
from archived.core.model import Batch, Dataset, DatasetFile, Event, FileState
from archived.core.paths import printable
from archived.errors import NameNotFoundError
from archived.store.base import Verbs
from archived.store.fields import from_text, joined, to_text, to_time
from archived.store.rows import (
    BATCH_COLUMNS,
    DATASET_COLUMNS,
    EVENT_COLUMNS,
    FILE_COLUMNS,
    batch_of,
    dataset_of,
    event_of,
    file_of,
)

NEIGHBOURS = 2_000
"""Among how many names the nearest ones are looked for."""


class DatasetVerbs(Verbs):
    """Datasets one by one and many at a time."""

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name. Raises `NameNotFoundError`, with the nearest names there are."""
        found = self._named(name)
        if found is not None:
            return found
        from difflib import get_close_matches

        nearest = get_close_matches(name, self._names_around(name), n=3, cutoff=0.6)
        hint = ", ".join(printable(each) for each in nearest)
        raise NameNotFoundError(
            f"there is no dataset {printable(name)}" + (f"; nearest: {hint}" if hint else ""),
            what_to_do="`archivedctl list` shows all names; `archivedctl why PATH` explains a path",
        )

    def _named(self, name: str) -> Dataset | None:
        location, _, path = name.partition("/")
        row = self._door.row(
            f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.rig_id = ? AND d.location = ? AND d.path = ?",
            self._rig_id,
            to_text(location),
            to_text(path),
        )
        return None if row is None else dataset_of(row)

    def _names_around(self, name: str) -> list[str]:
        """The newest names, and those that end like this one."""
        last = to_text(name.rpartition("/")[2])
        rows = self._door.rows(
            "SELECT location, path FROM dataset WHERE rig_id = ? ORDER BY id DESC LIMIT ?",
            self._rig_id,
            NEIGHBOURS,
        ) + self._door.rows(
            "SELECT location, path FROM dataset WHERE rig_id = ? AND path LIKE ? LIMIT 100",
            self._rig_id,
            f"%{last}",
        )
        return [f"{from_text(row[0])}/{from_text(row[1])}" for row in dict.fromkeys(rows)]

    def names(self, prefix: str = "", limit: int = 100) -> list[str]:
        """Names of datasets that begin like this, for the shell to complete."""
        location, slash, path = to_text(prefix).partition("/")
        rows = self._door.rows(
            f"SELECT location, path FROM dataset WHERE rig_id = ? AND location {'=' if slash else 'LIKE'} ? "
            "AND path LIKE ? ORDER BY location, path LIMIT ?",
            self._rig_id,
            location if slash else location + "%",
            path + "%",
            # LIKE knows wildcards and, in SQLite, no letter case: it may find more than what is meant.
            limit * 4,
        )
        names = (f"{from_text(row[0])}/{from_text(row[1])}" for row in rows)
        return [name for name in names if name.startswith(prefix)][:limit]

    def dataset_by_id(self, dataset_id: int) -> Dataset:
        """The dataset with that id, of whichever rig. Raises `NameNotFoundError`."""
        dataset = self._read_any(dataset_id)
        if dataset is None:
            raise NameNotFoundError(f"there is no dataset with the id {dataset_id}")
        return dataset

    def _read_any(self, dataset_id: int) -> Dataset | None:
        """A dataset of whichever rig: for looking, never for moving."""
        row = self._door.row(f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.id = ?", dataset_id)
        return None if row is None else dataset_of(row)

    def files(self, dataset_id: int) -> list[DatasetFile]:
        """All files of a dataset of any rig with their latest receipts, by path; those that are gone too."""
        dataset = self._read_any(dataset_id)
        if dataset is None:
            return []
        rows = self._door.rows(
            f"SELECT {FILE_COLUMNS} FROM file f LEFT JOIN batch b ON b.id = f.batch_id "
            "LEFT JOIN receipt r ON r.id = (SELECT max(id) FROM receipt WHERE file_id = f.id) "
            "WHERE f.dataset_id = ? ORDER BY f.name",
            dataset_id,
        )
        return [file_of(row, dataset.path) for row in rows]

    def pending(self, dataset: Dataset) -> list[PendingFile]:
        """The files of a dataset of this rig that wait to travel."""
        rows = self._door.rows(
            "SELECT f.id, f.name, f.size FROM file f WHERE f.dataset_id = ? AND f.state = ?",
            dataset.id,
            FileState.PENDING,
        )
        return [
            PendingFile(number, dataset.id, joined(dataset.path, from_text(name)), size)
            for number, name, size in rows
        ]

    def archived_examples(self, location: str, most: int = 3) -> list[str]:
        """Paths of files that the archive of a location was proved to hold: one of each of the latest datasets."""
        datasets = self._door.rows(
            "SELECT id, path FROM dataset WHERE rig_id = ? AND location = ? AND state = ? "
            "ORDER BY id DESC LIMIT ?",
            self._rig_id,
            to_text(location),
            State.ARCHIVED,
            most,
        )
        found = []
        for dataset_id, path in datasets:
            name = self._door.row(
                "SELECT name FROM file WHERE dataset_id = ? AND state = ? LIMIT 1",
                dataset_id,
                FileState.ARCHIVED,
            )
            if name is not None:
                found.append(joined(from_text(path), from_text(name[0])))
        return found

    def faults(self, dataset_id: int) -> frozenset[str]:
        """The kinds of faults that set files of a dataset apart: "conflict", "checksum", …"""
        rows = self._door.rows(
            "SELECT DISTINCT fault FROM file WHERE dataset_id = ? AND state = ? AND fault <> ''",
            dataset_id,
            FileState.FAILED,
        )
        return frozenset(row[0] for row in rows)

    def file_batches(self, dataset_id: int) -> list[Batch]:
        """The batches that files of a dataset travel or travelled in, oldest first."""
        rows = self._door.rows(
            f"SELECT {BATCH_COLUMNS} FROM batch b WHERE b.rig_id = ? AND b.id IN (SELECT p.batch_id "
            "FROM batch_file p JOIN file f ON f.id = p.file_id WHERE f.dataset_id = ?) ORDER BY b.id",
            self._rig_id,
            dataset_id,
        )
        return [batch_of(row) for row in rows]

    def events(
        self, *, name: str | None = None, since: datetime | None = None, limit: int = 1_000
    ) -> list[Event]:
        """The last events, oldest first; of one dataset and since a time where given.

        Raises `NameNotFoundError`.
        """
        conditions, values = ["e.rig_id = ?"], [self._rig_id]
        if name is not None:
            conditions.append("e.dataset_id = ?")
            values.append(self.dataset(name).id)
        if since is not None:
            conditions.append("e.at >= ?")
            values.append(to_time(since) or 0)
        rows = self._door.rows(
            f"SELECT {EVENT_COLUMNS} FROM event e JOIN dataset d ON d.id = e.dataset_id "
            f"WHERE {' AND '.join(conditions)} ORDER BY e.at DESC, e.id DESC LIMIT ?",
            *values,
            limit,
        )
        return [event_of(row) for row in reversed(rows)]

    def last_event(self) -> int:
        """The number of the newest event of this rig; 0 where there is none yet."""
        row = self._door.row("SELECT max(id) FROM event WHERE rig_id = ?", self._rig_id)
        return int(row[0] or 0) if row else 0

    def events_after(self, number: int, limit: int = 1_000) -> list[tuple[int, Event]]:
        """Events with larger numbers, whoever caused them, in the order in which they were written."""
        rows = self._door.rows(
            f"SELECT e.id, {EVENT_COLUMNS} FROM event e JOIN dataset d ON d.id = e.dataset_id "
            "WHERE e.rig_id = ? AND e.id > ? ORDER BY e.id LIMIT ?",
            self._rig_id,
            number,
            limit,
        )
        return [(int(row[0]), event_of(row[1:])) for row in rows]
