"""A catalogue to mirror: archived datasets, in a line each."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from archived.core.conventions.ephys_files import EPHYS_FILES
from archived.core.conventions.video_files import VIDEO_FILES
from archived.core.filetypes import TypeTable
from archived.core.lifecycle import Reason, State
from archived.core.model import (
    BatchState,
    Checksum,
    Dataset,
    FileStat,
    FileState,
    Receipt,
    Recording,
)
from archived.store import FolderSighting, Selector, Store
from tests.builders import NOON

ROOT = "/globus/map/raw"
G0 = "SC011/catgt_SC011_022319_g0"
G1 = "SC011/catgt_SC011_022319_g1"
DAY = date(2019, 2, 23)
TYPES = TypeTable((*EPHYS_FILES, *VIDEO_FILES))


class Catalogue:
    """A store, and what is recorded and archived in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers = itertools.count(1)
        self._files: dict[str, list[FileStat]] = {}

    def record(
        self,
        path: str,
        *names: str,
        h2o: str | None = "SC011",
        day: date | None = DAY,
        ident: str | None = None,
        location: str = "raw-ephys",
        convention: str = "catgt",
        types: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Dataset:
        """A dataset that a look found, with these files more."""
        number = next(self._numbers)
        files = self._files.setdefault(f"{location}/{path}", [])
        files += [FileStat(f"{path}/{name}", 10, number, number, number) for name in names]
        recording = Recording(convention, path, h2o, day, ident, fields or {})
        known = types or {}
        typed = tuple((each, known.get(each.name) or TYPES.find(each.path)) for each in files)
        sighting = FolderSighting(ROOT, location, recording, path, number, (), typed)
        self.store.sight([sighting], NOON)
        return self.store.dataset(f"{location}/{path}")

    def archive(self, path: str, *names: str, location: str = "raw-ephys", **about: object) -> None:
        """The same, archived."""
        dataset = self.record(path, *names, location=location, **about)  # type: ignore[arg-type]
        if dataset.state is State.ARCHIVED:
            return
        self.store.move(dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "", NOON)
        batch = str(uuid.uuid4())
        files = [
            each.id for each in self.store.files(dataset.id) if each.state is FileState.PENDING
        ]
        later = NOON + timedelta(days=1)
        assert self.store.plan_batch(batch, location, files, NOON, later)
        self.store.reserve_batch(batch, f"s-{batch}", NOON)
        self.store.start_batch(batch, f"t-{batch}", NOON)
        self.store.sent_batch(batch, NOON)
        receipts = [
            Receipt(each.path, each.size, Checksum("MD5", "d41d8cd9"), "successful transfers")
            for each in self.store.batch_files(batch)
        ]
        self.store.prove(batch, receipts, NOON)
        self.store.end_batch(
            batch, BatchState.PROVED, NOON, reason="", retry_at=later, needs_person=None
        )

    def files(self, **selected: str) -> set[tuple[str, str]]:
        """Paths and types of the archived files of the archived datasets."""
        selector = replace(Selector(states=(State.ARCHIVED,)), **selected)  # type: ignore[arg-type]
        return {
            (file.path, file.file_type)
            for dataset in self.store.select(selector)
            for file in self.store.files(dataset.id)
            if file.state is FileState.ARCHIVED
        }
