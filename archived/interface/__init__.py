"""The catalogue for notebooks and scripts: `Archive`, and the queries that it gives (docs/PYTHON.md)."""

from __future__ import annotations

from archived.core.catalogue import QueryError
from archived.interface.archive import Archive
from archived.interface.datasets import Datasets, Files
from archived.interface.query import Query
from archived.interface.restrictions import AndList
from archived.interface.retrieved import Retrieved, RetrievedFile
from archived.interface.rows import DatasetRow, FileRow

__all__ = [
    "AndList",
    "Archive",
    "DatasetRow",
    "Datasets",
    "FileRow",
    "Files",
    "Query",
    "QueryError",
    "Retrieved",
    "RetrievedFile",
]
