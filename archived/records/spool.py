"""What waits in the spool: manifests and records, until they are in the archive. Nothing in it is needed for good."""

from __future__ import annotations

import os
from collections.abc import Iterator

from archived.core.manifest import manifest
from archived.core.paths import shown
from archived.core.record_json import LARGEST_RECORD, to_json
from archived.core.records import (
    RECORD_NAME,
    RECORDS_FOLDER,
    Record,
    manifest_path,
    record_path,
)
from archived.errors import ArchivedError
from archived.records.files import make_folder, remove_small, write_small

PATHS = (record_path, manifest_path)
"""The files of one dataset."""


class SpoolError(ArchivedError):
    """The spool cannot be written: a full disk, a missing permission. Nothing but records waits for it."""

    permanent = False


class RecordTooLargeError(ArchivedError):
    """A dataset has more files than a record may name."""


def write_record(folder: str, record: Record) -> None:
    """Put manifest and record below a folder of the spool, the record last. Raises the errors above."""
    data = to_json(record)
    if len(data) > LARGEST_RECORD:
        raise RecordTooLargeError(
            f"its record would have {len(data)} bytes, more than {LARGEST_RECORD}"
        )
    try:
        make_folder(folder)
        write_small(folder, manifest_path(record.path), manifest(record))
        write_small(folder, record_path(record.path), data)
    except OSError as error:
        raise SpoolError(
            f"the spool {shown(folder)} cannot be written: {error.strerror or error}",
            what_to_do="let this account write to it, or make room there; see `spool` in the configuration",
        ) from error


def sizes(folder: str, path: str) -> dict[str, int] | None:
    """The sizes of both files of a dataset by their paths, or None where one of them is missing."""
    found = {}
    for of in PATHS:
        try:
            found[of(path)] = os.lstat(os.path.join(folder, *of(path).split("/"))).st_size
        except OSError:
            return None
    return found


def remove_record(folder: str, path: str) -> None:
    """Remove both files of a dataset."""
    for of in PATHS:
        remove_small(folder, of(path))


def waiting(folder: str) -> Iterator[str]:
    """The paths of the datasets whose records lie below a folder of the spool."""
    top = os.path.join(folder, *RECORDS_FOLDER.split("/"))
    for here, _folders, files in os.walk(top):
        if RECORD_NAME in files:
            yield os.path.relpath(here, top).replace(os.sep, "/")
