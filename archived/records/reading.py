"""Reads what an archive says about itself. Nothing that it holds is trusted, and one bad record hides no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from archived.core.dataclass import dataclass
from archived.core.model import DirectoryArchive, StorageLocation
from archived.core.record_json import LARGEST_RECORD, from_json
from archived.core.records import RECORD_NAME, RECORDS_FOLDER, Record, RecordError, record_folder
from archived.errors import ArchivedError, NotPermittedError, TransferRefusedError
from archived.ports import EntryType, Transfers
from archived.records.bringing import Bringing
from archived.records.files import read_small

DEEPEST = 64
"""Folders below each other; more than any template has, and an archive that is deeper is hostile."""

MoverOf = Callable[[StorageLocation], Transfers]
"""Gives the mover of a location, also of one with another root (`Movers.of`)."""


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """Something about a record, or about all of them, that could not be read. `path` is from the archive's root."""

    path: str
    why: str
    what_to_do: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    path: str
    size: int


def read_records(
    location: StorageLocation,
    mover_of: MoverOf,
    spool: str,
    *,
    below: str = "",
    now: Callable[[], datetime],
    stop: threading.Event,
) -> Iterator[Record | RecordProblem]:
    """Every record in the archive of a location, of the datasets at or below the path `below` ("" is all).

    Those in a directory are read where they are. Those in a collection are brought to `spool`/discovered first, in
    a few transfers, and removed from there again; without a spool that the collection exports there are none, and
    one problem says why. An archive without records has neither records nor problems. Ends early once `stop` is
    set. Never raises for anything that is wrong with the archive: that is a problem.
    """
    found: list[_Found] = []
    for each in _walk(mover_of(location), record_folder(below), stop):
        if isinstance(each, RecordProblem):
            yield each
        else:
            found.append(each)
    if stop.is_set() or not found:
        return
    if isinstance(location.archive, DirectoryArchive):
        for each in found:
            if stop.is_set():
                return
            yield _read(location.archive.path, each.path)
        return
    yield from _brought(location, mover_of, spool, found, now=now, stop=stop)


def _brought(
    location: StorageLocation,
    mover_of: MoverOf,
    spool: str,
    found: list[_Found],
    *,
    now: Callable[[], datetime],
    stop: threading.Event,
) -> Iterator[Record | RecordProblem]:
    try:
        bringing = Bringing(location, mover_of, spool, now=now, stop=stop)
        for portion in bringing.portions({each.path: each.size for each in found}):
            for path in portion.paths:
                read = _read(portion.folder, path)
                if isinstance(read, RecordProblem) and portion.why:
                    read = replace(read, why=portion.why)
                yield read
    except ArchivedError as error:
        yield _problem(RECORDS_FOLDER, error)


def _walk(mover: Transfers, top: str, stop: threading.Event) -> Iterator[_Found | RecordProblem]:
    """Every `record.json` in a folder of the archive and below it."""
    folders = [top]
    while folders and not stop.is_set():
        folder = folders.pop()
        if folder.count("/") > DEEPEST:
            yield RecordProblem(folder, f"more than {DEEPEST} folders deep")
            continue
        try:
            entries = mover.list(folder)
        except (TransferRefusedError, NotPermittedError) as error:
            yield _problem(folder, error)
            continue
        except ArchivedError as error:
            # Not about this folder: nothing else would be answered either.
            yield _problem(folder, error)
            return
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.type is EntryType.FOLDER:
                folders.append(path)
            elif entry.name != RECORD_NAME or entry.type is not EntryType.FILE:
                continue
            elif entry.size > LARGEST_RECORD:
                yield RecordProblem(path, f"it has {entry.size} bytes, more than any record")
            else:
                yield _Found(path, entry.size)


def _read(root: str, path: str) -> Record | RecordProblem:
    try:
        record = from_json(read_small(root, path, LARGEST_RECORD))
        if f"{record_folder(record.path)}/{RECORD_NAME}" != path:
            raise RecordError("it lies where the record of another dataset belongs")
        inside = f"{record.path}/" if record.path else ""
        if not all(each.path.startswith(inside) for each in record.files):
            raise RecordError("it tells of files outside of its dataset")
    except ArchivedError as error:
        return _problem(path, error)
    return record


def _problem(path: str, error: ArchivedError) -> RecordProblem:
    return RecordProblem(path, str(error), error.what_to_do)
