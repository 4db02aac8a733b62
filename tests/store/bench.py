"""A rig's disk in memory and the daemon's steps in a line each, so that tests of the store tell a story."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from archived.core.lifecycle import Reason, State
from archived.core.model import (
    Batch,
    BatchState,
    Checksum,
    Dataset,
    DatasetFile,
    FileStat,
    FileState,
    Receipt,
    Recording,
)
from archived.store import FolderSighting, LookResult, LookSummary, ProveResult, SightResult, Store
from tests.builders import NOON

ROOT = "/globus/map/raw"
LOCATION = "raw-ephys"
G0 = "SC011/catgt_SC011_022319_g0"
G1 = "SC011/catgt_SC011_022319_g1"
FILE_TYPE = "ephys-raw-neuropixels-ap-bin"


def recording(path: str = G0) -> Recording:
    """What the name of a folder tells."""
    return Recording("catgt", path, "SC011", date(2019, 2, 23), None, {"run": path[-1:]})


def file_stat(
    path: str, size: int = 10, mtime_ns: int = 1, ctime_ns: int = 1, inode: int = 1
) -> FileStat:
    """A file on the disk."""
    return FileStat(path, size, mtime_ns, ctime_ns, inode)


def listing_of(files: Iterable[FileStat]) -> str:
    """The digest of a folder that holds these files and nothing else."""
    text = repr(sorted(files)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


class Bench:
    """A store, and a disk and a clock beside it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON
        self.disk: dict[str, FileStat] = {}
        self.datasets: list[str] = []
        self._ticks = itertools.count(1)
        self._batches = itertools.count(1)

    # --- the disk ---------------------------------------------------------------------------------

    def write(self, name: str, size: int = 10, dataset: str = G0) -> str:
        """Write a file anew, with a new time; returns its path."""
        path = f"{dataset}/{name}"
        tick = next(self._ticks)
        self.disk[path] = file_stat(path, size, 1_000 + tick, 2_000 + tick, 3_000 + tick)
        if dataset not in self.datasets:
            self.datasets.append(dataset)
        return path

    def remove(self, *paths: str) -> None:
        """Remove files."""
        for path in paths:
            del self.disk[path]

    def folders(self) -> dict[tuple[str, str], list[FileStat]]:
        """What is in every folder of every dataset: by dataset and folder."""
        found: defaultdict[tuple[str, str], list[FileStat]] = defaultdict(list)
        for dataset in self.datasets:
            found[dataset, dataset] = []
        for path, stat in self.disk.items():
            folder = path.rpartition("/")[0]
            dataset = next(each for each in self.datasets if path.startswith(each + "/"))
            found[dataset, folder].append(stat)
        return dict(found)

    # --- the steps --------------------------------------------------------------------------------

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def sight(self, *only: str) -> SightResult:
        """Look at the folders of all datasets, or of some."""
        sightings = [
            FolderSighting(
                ROOT,
                LOCATION,
                recording(dataset),
                folder,
                len(files),
                (),
                tuple((stat, FILE_TYPE) for stat in files),
                listing=listing_of(files),
            )
            for (dataset, folder), files in self.folders().items()
            if not only or dataset in only
        ]
        return self.store.sight(sightings, self.now)

    def finish(self, *, complete: bool = True, without: Iterable[str] = ()) -> LookResult:
        """End a look at everything; `without` are folders that it did not find."""
        visited = {folder for _, folder in self.folders()} - set(without)
        return self.store.finish_look(ROOT, LookSummary(visited, complete), self.now)

    def look(self) -> LookResult:
        """One whole look."""
        self.sight()
        return self.finish()

    def dataset(self, path: str = G0) -> Dataset:
        """A dataset as it is now."""
        return self.store.dataset(f"{LOCATION}/{path}")

    def state(self, path: str = G0) -> State:
        """Where a dataset stands."""
        return self.dataset(path).state

    def files(self, path: str = G0) -> dict[str, DatasetFile]:
        """Its files by their names in its folder."""
        return {
            each.path[len(path) + 1 :]: each for each in self.store.files(self.dataset(path).id)
        }

    def file_states(self, path: str = G0) -> dict[str, FileState]:
        """Where its files stand."""
        return {name: each.state for name, each in self.files(path).items()}

    def settle(self, path: str = G0) -> Dataset:
        """Find a dataset finished and unchanged."""
        dataset = self.dataset(path)
        moved = self.store.move(
            dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", self.now
        )
        assert moved
        return self.dataset(path)

    def ready(self, *names: str, dataset: str = G0) -> Dataset:
        """A dataset with these files that is ready."""
        for name in names:
            self.write(name, dataset=dataset)
        self.sight(dataset)
        return self.settle(dataset)

    def plan(self, *paths: str) -> Batch:
        """A batch of everything that is pending in these datasets."""
        planned = self.plan_files(
            [
                each.id
                for path in paths or (G0,)
                for each in self.store.files(self.dataset(path).id)
                if each.state is FileState.PENDING
            ]
        )
        assert planned is not None
        return planned

    def plan_files(self, ids: Iterable[int]) -> Batch | None:
        """A batch of these files."""
        return self.store.plan_batch(
            f"batch-{next(self._batches)}",
            LOCATION,
            list(ids),
            self.now,
            self.now + timedelta(days=3),
        )

    def submit(self, batch: Batch) -> None:
        """PLANNED to ACTIVE."""
        assert self.store.reserve_batch(batch.id, f"submission of {batch.id}", self.now)
        assert self.store.start_batch(batch.id, f"task of {batch.id}", self.now)

    def send(self, batch: Batch) -> None:
        """PLANNED to SENT."""
        self.submit(batch)
        self.store.sent_batch(batch.id, self.now)

    def prove(self, batch: Batch, *, without: Iterable[str] = ()) -> ProveResult:
        """A receipt for every file of the batch, as it was planned."""
        left_out = set(without)
        receipts = [
            Receipt(each.path, each.size, Checksum("MD5", "d41d8cd9"), "successful transfers")
            for each in self.store.batch_files(batch.id)
            if each.path not in left_out
        ]
        return self.store.prove(batch.id, receipts, self.now)

    def end(
        self,
        batch: Batch,
        after: BatchState = BatchState.PROVED,
        *,
        minutes: float = 1,
        needs_person: str | None = None,
    ) -> None:
        """End a batch; what comes back is tried again after `minutes`."""
        self.store.end_batch(
            batch.id,
            after,
            self.now,
            reason="" if after is BatchState.PROVED else "the transfer failed",
            retry_at=self.now + timedelta(minutes=minutes),
            needs_person=needs_person,
        )

    def fail(self, batch: Batch, *, needs_person: str | None = None) -> None:
        """The transfer did not succeed."""
        self.end(batch, BatchState.FAILED, needs_person=needs_person)

    def archive(self, *paths: str) -> None:
        """READY to ARCHIVED."""
        batch = self.plan(*paths)
        self.send(batch)
        self.prove(batch)
        self.end(batch)
