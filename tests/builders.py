"""Values for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from archived.core.batching import PendingFile
from archived.core.lifecycle import State
from archived.core.model import Dataset, DatasetFile, FileState

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def dataset(number: int = 1, **changes: Any) -> Dataset:
    """A ready dataset of `raw-ephys`."""
    values: dict[str, Any] = {
        "id": number,
        "location": "raw-ephys",
        "path": f"SC011/catgt_SC011_022319_g{number}",
        "convention": "catgt",
        "state": State.READY,
        "reason": "",
        "first_seen": NOON,
        "changed_at": NOON,
        "state_since": NOON,
    }
    return Dataset(**{**values, **changes})


def pending_file(number: int, dataset_id: int = 1, size: int = 10) -> PendingFile:
    """A file that waits to travel."""
    path = f"SC011/catgt_SC011_022319_g{dataset_id}/{number:05}.bin"
    return PendingFile(number, dataset_id, path, size)


def dataset_file(number: int, dataset_id: int = 1, size: int = 10, **changes: Any) -> DatasetFile:
    """A pending file."""
    values: dict[str, Any] = {
        "id": number,
        "dataset_id": dataset_id,
        "path": f"SC011/catgt_SC011_022319_g{dataset_id}/{number:05}.bin",
        "size": size,
        "mtime_ns": 0,
        "ctime_ns": 0,
        "inode": number,
        "file_type": "unknown",
        "state": FileState.PENDING,
    }
    return DatasetFile(**{**values, **changes})
