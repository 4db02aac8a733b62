"""One dataset and one file as `fetch()` gives them: tuples with names, in the order of the attributes."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple


class DatasetRow(NamedTuple):
    """One dataset; the meaning of each attribute is in docs/PYTHON.md."""

    subject_id: int | str | None
    water_restriction_number: str | None
    session_date: date | None
    session: int | None
    globus_alias: str
    dataset_name: str
    dataset_type: str
    convention: str
    ident: str | None
    state: str
    files: int
    bytes: int
    archived_at: datetime | None
    rig: str

    @property
    def h2o(self) -> str | None:
        """The animal's name on disk."""
        return self.water_restriction_number


class FileRow(NamedTuple):
    """One file of a dataset; the meaning of each attribute is in docs/PYTHON.md."""

    subject_id: int | str | None
    water_restriction_number: str | None
    session_date: date | None
    session: int | None
    globus_alias: str
    dataset_name: str
    file_subpath: str
    file_type: str
    size: int
    state: str
    checksum: str | None
    checksum_algorithm: str | None
    archived_at: datetime | None
    dataset_type: str
    convention: str
    ident: str | None
    rig: str

    @property
    def h2o(self) -> str | None:
        """The animal's name on disk."""
        return self.water_restriction_number
