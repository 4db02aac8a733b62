"""Rows of the store as the values that everybody else knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from archived.core.lifecycle import Reason, State
from archived.core.model import (
    Batch,
    BatchFile,
    BatchState,
    Dataset,
    DatasetFile,
    Direction,
    Event,
    FileState,
)
from archived.core.sighting import KnownFile
from archived.errors import StoreDamagedError
from archived.store.connection import Row
from archived.store.fields import (
    from_checksum,
    from_date,
    from_fields,
    from_text,
    from_time,
    joined,
    moment,
    unsigned,
)
from archived.store.troubles import WAY_OUT

DATASET_COLUMNS = (
    "d.id, d.location, d.path, d.convention, d.state, d.reason, d.h2o, "
    "(SELECT s.subject FROM subject s WHERE s.h2o = d.h2o ORDER BY s.precedence, s.rig_id LIMIT 1), "
    "d.recorded_on, d.ident, "
    "d.fields, d.revision, d.attempts, d.due, d.first_seen, d.changed_at, d.state_since, d.archived_at, "
    "d.accepted, d.held_from, d.files, d.bytes, (SELECT g.name FROM rig g WHERE g.id = d.rig_id)"
)

FILE_COLUMNS = (
    "f.id, f.dataset_id, f.name, f.size, f.mtime_ns, f.ctime_ns, f.inode, f.file_type, f.state, f.reason, "
    "f.external_algorithm, f.external_checksum, f.submitted, f.archived_size, f.archived_mtime_ns, "
    "r.at, r.algorithm, r.checksum, r.source, b.name"
)

KNOWN_COLUMNS = (
    "f.id, f.name, f.size, f.mtime_ns, f.ctime_ns, f.inode, f.state, f.archived_size, f.archived_mtime_ns, "
    "f.missing, f.found_mtime_ns"
)

BATCH_COLUMNS = (
    "b.name, b.location, b.direction, b.state, b.created_at, b.state_since, b.files, b.bytes, "
    "b.submission_id, b.mover_task, b.deadline, b.attempts, b.due, b.files_done, b.bytes_done, b.rate, "
    "b.nice_status, b.reason, (SELECT t.name FROM retrieval t WHERE t.id = b.retrieval_id)"
)

BATCH_FILE_COLUMNS = (
    "p.file_id, f.dataset_id, d.path, f.name, p.size, p.mtime_ns, p.ctime_ns, p.inode, "
    "p.external_algorithm, p.external_checksum, p.submitted, p.overwrite"
)

EVENT_COLUMNS = "d.location, d.path, e.at, e.state_before, e.state_after, e.move, e.why"


P = ParamSpec("P")
T = TypeVar("T")


def sound(reader: Callable[P, T]) -> Callable[P, T]:
    """Read a row. What this program never writes is damage: SQLite sees its pages, not what is meant by them."""

    @wraps(reader)
    def read(*words: P.args, **options: P.kwargs) -> T:
        try:
            return reader(*words, **options)
        except (ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:
            raise StoreDamagedError(
                f"the store is damaged: a row of it cannot be read ({error}); it was left as it is. Recordings and "
                "archive are not affected",
                what_to_do=WAY_OUT,
            ) from error

    return read


state_of = sound(State)
json_of: Callable[[str], Any] = sound(json.loads)
file_state_of = sound(FileState)


def _text(value: str | None) -> str | None:
    return None if value is None else from_text(value)


@sound
def dataset_of(row: Row) -> Dataset:
    """From `DATASET_COLUMNS`."""
    return Dataset(
        id=row[0],
        location=from_text(row[1]),
        path=from_text(row[2]),
        convention=from_text(row[3]),
        state=State(row[4]),
        reason=from_text(row[5]),
        h2o=_text(row[6]),
        subject=_text(row[7]),
        date=from_date(row[8]),
        ident=_text(row[9]),
        fields=from_fields(row[10]),
        revision=row[11],
        attempts=row[12],
        due=from_time(row[13]),
        first_seen=moment(row[14]),
        changed_at=moment(row[15]),
        state_since=moment(row[16]),
        archived_at=from_time(row[17]),
        accepted=bool(row[18]),
        held_from=None if row[19] is None else State(row[19]),
        files=row[20],
        bytes=row[21],
        rig=from_text(row[22]),
    )


@sound
def file_of(row: Row, folder: str) -> DatasetFile:
    """From `FILE_COLUMNS`, in the dataset's folder."""
    return DatasetFile(
        id=row[0],
        dataset_id=row[1],
        path=joined(folder, from_text(row[2])),
        size=row[3],
        mtime_ns=row[4],
        ctime_ns=row[5],
        inode=unsigned(row[6]),
        file_type=from_text(row[7]),
        state=FileState(row[8]),
        reason=from_text(row[9]),
        external_checksum=from_checksum(row[10], row[11]),
        submitted=row[12],
        archived_size=row[13],
        archived_mtime_ns=row[14],
        archived_at=from_time(row[15]),
        checksum=from_checksum(row[16], row[17]),
        proof=row[18] or "",
        batch=row[19],
    )


@sound
def known_of(row: Row, folder: str) -> KnownFile:
    """From `KNOWN_COLUMNS`, in the dataset's folder."""
    return KnownFile(
        row[0],
        joined(folder, from_text(row[1])),
        row[2],
        row[3],
        row[4],
        unsigned(row[5]),
        FileState(row[6]),
        row[7],
        row[8],
        bool(row[9]),
        row[10],
    )


@sound
def batch_of(row: Row) -> Batch:
    """From `BATCH_COLUMNS`."""
    return Batch(
        id=row[0],
        location=from_text(row[1]),
        direction=Direction(row[2]),
        state=BatchState(row[3]),
        created_at=moment(row[4]),
        state_since=moment(row[5]),
        files=row[6],
        bytes=row[7],
        submission_id=row[8],
        task_id=row[9],
        deadline=from_time(row[10]),
        attempts=row[11],
        due=from_time(row[12]),
        files_done=row[13],
        bytes_done=row[14],
        rate=row[15],
        nice_status=from_text(row[16]),
        reason=from_text(row[17]),
        retrieval=row[18],
    )


@sound
def batch_files_of(rows: Sequence[Row]) -> list[BatchFile]:
    """From `BATCH_FILE_COLUMNS`. Thousands of files lie in a few folders."""
    folders = {row[2]: from_text(row[2]) for row in rows}
    return [
        BatchFile(
            row[0],
            row[1],
            joined(folders[row[2]], from_text(row[3])),
            row[4],
            row[5],
            row[6],
            unsigned(row[7]),
            from_checksum(row[8], row[9]),
            row[10],
            bool(row[11]),
        )
        for row in rows
    ]


@sound
def event_of(row: Row) -> Event:
    """From `EVENT_COLUMNS`."""
    return Event(
        dataset=f"{from_text(row[0])}/{from_text(row[1])}",
        at=moment(row[2]),
        before=None if row[3] is None else State(row[3]),
        after=State(row[4]),
        move=None if row[5] is None else Reason(row[5]),
        why=from_text(row[6]),
    )
