"""Reading a part of what may be long: files of a dataset by pages, and the datasets of some days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from archived.core.model import Dataset, DatasetFile, FileState
from archived.store.base import Verbs
from archived.store.fields import from_time, to_date, to_time
from archived.store.glances import VERIFICATION_COLUMNS, verification_of
from archived.store.portions import chunks, marks
from archived.store.rows import DATASET_COLUMNS, FILE_COLUMNS, dataset_of, file_of

if TYPE_CHECKING:
    from archived.core.verifying import Verification


class PageVerbs(Verbs):
    """What is read does not grow with what is left out."""

    def file_page(self, dataset: Dataset, *, first: int, most: int) -> list[DatasetFile]:
        """Files of a dataset of any rig, by path, beginning with the one of number `first`; 0 is the first."""
        rows = self._door.rows(
            "SELECT id FROM file WHERE dataset_id = ? ORDER BY name LIMIT ? OFFSET ?",
            dataset.id,
            most,
            first,
        )
        found: list[DatasetFile] = []
        for ids in chunks(row[0] for row in rows):
            rows = self._door.rows(
                f"SELECT {FILE_COLUMNS} FROM file f LEFT JOIN batch b ON b.id = f.batch_id "
                "LEFT JOIN receipt r ON r.id = (SELECT max(id) FROM receipt WHERE file_id = f.id) "
                f"WHERE f.id IN ({marks(ids)}) ORDER BY f.name",
                *ids,
            )
            found += [file_of(row, dataset.path) for row in rows]
        return found

    def verifications_of(self, file_ids: Sequence[int]) -> dict[int, Verification]:
        """The last look at each of these files, by their ids; without those never looked at."""
        found: dict[int, Verification] = {}
        for ids in chunks(file_ids):
            rows = self._door.rows(
                f"SELECT {VERIFICATION_COLUMNS} FROM verification v WHERE v.file_id IN ({marks(ids)})",
                *ids,
            )
            found |= map(verification_of, rows)
        return found

    def states_of_files(self, dataset_id: int) -> dict[FileState, int]:
        """How many files of a dataset are in each state that some are in."""
        rows = self._door.rows(
            "SELECT state, count(*) FROM file WHERE dataset_id = ? GROUP BY state", dataset_id
        )
        return {FileState(state): number for state, number in rows}

    def verified_since(self, dataset_id: int) -> datetime | None:
        """When the longest ago of its archived files was looked at in the archive; None where one never was."""
        row = self._door.row(
            "SELECT count(*), count(v.at), min(v.at) FROM file f "
            "LEFT JOIN verification v ON v.file_id = f.id "
            "WHERE f.dataset_id = ? AND f.archived_size IS NOT NULL",
            dataset_id,
        )
        archived, looked_at, oldest = row or (0, 0, None)
        return from_time(oldest) if archived == looked_at else None

    def recorded(
        self,
        first: date,
        last: date,
        *,
        since: datetime,
        until: datetime,
        most: int,
    ) -> list[Dataset]:
        """The datasets of this rig that were recorded on these days, both inclusive, in the order of the store.

        One whose name tells no day counts by when it was first seen: from `since`, before `until`.
        """
        rows = self._door.rows(
            f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.rig_id = ? AND "
            "((d.recorded_on >= ? AND d.recorded_on <= ?) "
            "OR (d.recorded_on IS NULL AND d.first_seen >= ? AND d.first_seen < ?)) "
            "ORDER BY d.id LIMIT ?",
            self._rig_id,
            to_date(first),
            to_date(last),
            to_time(since),
            to_time(until),
            most,
        )
        return [dataset_of(row) for row in rows]
