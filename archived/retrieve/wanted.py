"""What the catalogue says was archived of what is asked for, of every rig of the store."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass, field, replace

from archived.core.model import Dataset, DatasetFile, FileState
from archived.core.retrieving import WantedFile
from archived.retrieve.destination import can_compute
from archived.retrieve.values import Progress, Remark, StoppedError, Tell
from archived.store import Selector, Store
from archived.store.selecting import type_matcher


@dataclass
class Wanted:
    """Archived files by location and path, each once, and those that are not archived."""

    files: defaultdict[str, dict[str, WantedFile]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    unarchived: list[Remark] = field(default_factory=list)


def wanted_files(
    store: Store,
    selector: Selector,
    *,
    rig: str,
    only: Container[int] | None,
    stop: threading.Event,
    tell: Tell,
) -> Wanted:
    """What a selector means; of that, `only` these files. What several rigs have is taken from `rig`, if it has it.

    Raises `StoppedError`.
    """
    wanted = Wanted()
    fits = type_matcher("*" if selector.file_type is None else selector.file_type)
    datasets = sorted(
        store.select(replace(selector, everywhere=True)),
        key=lambda each: (each.rig != rig, each.id),
    )
    for number, dataset in enumerate(datasets):
        if stop.is_set():
            raise StoppedError
        tell(Progress("reading the catalogue", number, len(datasets), 0, 0))
        for file in store.files(dataset.id):
            if fits(file.file_type) and (only is None or file.id in only):
                _take(wanted, dataset, file)
    for location, files in wanted.files.items():
        wanted.files[location] = _with_checksums(store, files)
    return wanted


def _take(wanted: Wanted, dataset: Dataset, file: DatasetFile) -> None:
    if file.archived_size is not None:
        found = WantedFile(
            file_id=file.id, dataset=dataset.name, path=file.path, size=file.archived_size
        )
        wanted.files[dataset.location].setdefault(file.path, found)
    elif file.state is not FileState.GONE:
        remark = Remark(dataset.name, file.path, file.size, "not archived yet")
        wanted.unarchived.append(remark)


def _with_checksums(store: Store, files: dict[str, WantedFile]) -> dict[str, WantedFile]:
    known = store.known_checksums(each.file_id for each in files.values())
    return {
        path: replace(file, checksums=tuple(filter(can_compute, known.get(file.file_id, ()))))
        for path, file in files.items()
    }
