"""A rig, an archive of real files (a directory, or behind the simulated Globus), and a catalogue with their proof."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archived import clock, config
from archived.config import Configuration
from archived.core.discovery import Kind
from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState, Checksum, FileStat, FileState, Receipt, Recording
from archived.movers import opened
from archived.simulator import SimulatedGlobus, running
from archived.store import FolderSighting, Selector, Store
from archived.transfer.pace import Manners
from archived.verify.planning import plan
from archived.verify.values import Outcome, Progress, Wish
from archived.verify.verifying import Verifying

RIG_COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE_COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"
EPHYS = "raw-ephys"
G0 = "SC011/catgt_SC011_022319_g0"
G1 = "SC012/catgt_SC012_022319_g1"

SETTINGS = """\
[archived]
rig = rig-1
store = {base}/state/archived.db
spool = {base}/exported/spool

[globus]
local_endpoint_local_path = {base}/exported/rig
{globus}

[transfer]
poll = 0.05s
retry_first = 0.05s
retry_longest = 0.2s

[verify]
{verify}

[location:raw-ephys]
archive = {ephys}
conventions = catgt
"""

QUICK = Manners(requests_a_second=None, first_wait=0.01, longest_wait=0.05, tries=3)


@dataclass
class World:
    """`archive` holds the folder `ephys`; times of files are whole seconds, as archives keep them."""

    base: Path
    globus: SimulatedGlobus | None = None
    later: timedelta = timedelta(0)
    told: list[Progress] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def configuration(self) -> Configuration:
        return config.load(self.base / "archived.ini", {**os.environ})

    @property
    def root(self) -> Path:
        return self.base / "exported" / "rig"

    @property
    def ephys(self) -> Path:
        return self.base / "archive" / "ephys"

    @property
    def scratch(self) -> Path:
        return self.base / "exported" / "spool" / "verify"

    def now(self) -> datetime:
        return clock.now() + self.later

    def store(self) -> Store:
        return Store.open(
            str(self.base / "state" / "archived.db"), rig="rig-1", create=True, now=self.now()
        )

    # -- what was archived

    def archived(
        self,
        dataset: str,
        files: Mapping[str, bytes],
        *,
        algorithm: str | None = "SHA256",
        on_rig: bool = True,
    ) -> None:
        """A dataset that was archived with these files, by their names in its folder."""
        for name, data in files.items():
            for top in (self.root, self.ephys):
                put(top / dataset / name, data)
        with self.store() as store:
            self._catalogue(store, dataset, files, algorithm)
        if not on_rig:
            for name in files:
                (self.root / dataset / name).unlink()
        self.later += timedelta(seconds=2)

    def _catalogue(
        self, store: Store, dataset: str, files: Mapping[str, bytes], algorithm: str | None
    ) -> None:
        now = self.now()
        recording = Recording("catgt", dataset, dataset.partition("/")[0], date(2019, 2, 23))
        stats = [self._stat(f"{dataset}/{name}") for name in files]
        seen = tuple((stat, "ephys-meta" if "meta" in stat.path else "ephys-bin") for stat in stats)
        root = str(self.root)
        folders: dict[str, list[tuple[FileStat, str]]] = {}
        for stat, file_type in seen:
            folders.setdefault(stat.path.rpartition("/")[0], []).append((stat, file_type))
        store.sight(
            [
                FolderSighting(root, EPHYS, recording, folder, 1, (), tuple(members))
                for folder, members in folders.items()
            ],
            now,
        )
        name = f"{EPHYS}/{dataset}"
        row = store.dataset(name)
        assert store.move(row.id, State.SETTLING, State.READY, Reason.SETTLED, "", now)
        ids = [each.id for each in store.files(row.id) if each.state is FileState.PENDING]
        batch = f"archived-{dataset}-{row.revision}"[-64:]
        assert store.plan_batch(batch, EPHYS, ids, now, now)
        store.reserve_batch(batch, batch, now)
        store.start_batch(batch, batch, now)
        store.sent_batch(batch, now)
        receipts = [
            Receipt(f"{dataset}/{each}", len(data), digest(data, algorithm), "successful transfers")
            for each, data in files.items()
        ]
        store.prove(batch, receipts, now)
        store.end_batch(batch, BatchState.PROVED, now, reason="")
        assert store.dataset(name).state is State.ARCHIVED

    def _stat(self, path: str) -> FileStat:
        found = (self.root / path).stat()
        return FileStat(path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    # -- what becomes of the archive

    def damage(self, path: str) -> None:
        """Change one byte of an archived file, and keep its size and time."""
        file = self.ephys / path
        times, data = file.stat(), bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def snapshot(self) -> dict[str, tuple[bytes, int]]:
        """Every file of the archive, byte by byte, with its time."""
        return snapshot(self.base / "archive")

    # -- verifying

    def verify(self, **wish: Any) -> Outcome:
        """Verify; there has to be something to verify, and the archive stays what it was."""
        (outcome,) = self.verify_all(**wish)
        return outcome

    def verify_all(self, **wish: Any) -> Sequence[Outcome]:
        """The same for any number of locations."""
        self.later += timedelta(seconds=2)
        archive, rig = self.snapshot(), snapshot(self.root)
        with self.store() as store, opened(self.configuration) as movers:
            verifying = self.verifying(store, movers)
            outcomes = verifying.run(plan(self.configuration, store, Wish(**wish)))
        assert self.snapshot() == archive
        assert snapshot(self.root) == rig
        return outcomes

    def verifying(self, store: Any, movers: Any) -> Verifying:
        """One process that verifies."""
        return Verifying(
            self.configuration,
            store,
            movers,
            self.stop,
            self,
            self,
            tell=self.told.append,
            now=self.now,
            manners=QUICK,
            jitter=lambda: 0.5,
        )

    def info(self, event: str, **fields: Any) -> None:
        """See `Log`."""

    def warning(self, event: str, **fields: Any) -> None:
        """See `Log`."""
        self.said.append(f"{event} {fields}")

    def raise_alarm(self, key: str, message: str, what_to_do: str, now: datetime) -> None:
        """See `Alarms`."""
        self.said.append(f"{key}: {message}")

    def clear_alarm(self, key: str) -> None:
        """See `Alarms`."""

    # -- what was found out

    def found(self, outcome: Outcome) -> dict[Kind, list[str]]:
        """The names of files by what was found out."""
        with self.store() as store:
            every = {
                kind: [
                    each.path.rpartition("/")[2]
                    for each in store.findings(outcome.discovery.id, kind, 1000)
                ]
                for kind in Kind
            }
        return {kind: names for kind, names in every.items() if names}

    def reasons(self, outcome: Outcome, kind: Kind) -> list[str]:
        """What is said about them."""
        with self.store() as store:
            return [each.reason for each in store.findings(outcome.discovery.id, kind, 1000)]

    def states(self, dataset: str = G0) -> dict[str, FileState]:
        """The states of the files of a dataset, by their last names."""
        with self.store() as store:
            files = store.files(store.dataset(f"{EPHYS}/{dataset}").id)
        return {each.path.rpartition("/")[2]: each.state for each in files}

    def dataset(self, dataset: str = G0) -> State:
        with self.store() as store:
            return store.dataset(f"{EPHYS}/{dataset}").state

    def alarms(self) -> list[str]:
        with self.store() as store:
            return [each.key for each in store.alarms()]

    def moved(self) -> int:
        """How many files all transfers to the scratch folder moved."""
        assert self.globus is not None
        return sum(task["files_transferred"] for task in self.globus.tasks())


def put(path: Path, data: bytes) -> None:
    """Write a file that was modified in 2019."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_550_000_000, 1_550_000_000))


def digest(data: bytes, algorithm: str | None) -> Checksum | None:
    """A checksum as a mover lists it."""
    if algorithm is None:
        return None
    return Checksum(algorithm, hashlib.new(algorithm.lower(), data).hexdigest())


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder, byte by byte, with its time."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextmanager
def world(
    base: Path, kind: str, monkeypatch: pytest.MonkeyPatch, *, verify: str = ""
) -> Iterator[World]:
    """One whose archive is a "directory", or "globus"."""
    for folder in ("exported/rig", "exported/spool", "state", "archive/ephys"):
        (base / folder).mkdir(parents=True)
    (base / "archive" / "ephys" / "README").touch()
    ini = base / "archived.ini"
    if kind == "directory":
        ephys = str(base / "archive" / "ephys")
        ini.write_text(SETTINGS.format(base=base, ephys=ephys, globus="", verify=verify))
        yield World(base)
        return
    with running(
        {RIG_COLLECTION: base / "exported", ARCHIVE_COLLECTION: base / "archive"}
    ) as globus:
        for name, value in globus.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ARCHIVED_GLOBUS_CLIENT_SECRET", globus.client_secret)
        ini.write_text(
            SETTINGS.format(
                base=base,
                ephys=f"{ARCHIVE_COLLECTION}:/ephys",
                globus=f"local_endpoint = {RIG_COLLECTION}\nlocal_endpoint_subdir = /rig\n"
                f"client_id = {globus.client_id}\n",
                verify=verify,
            )
        )
        yield World(base, globus)


EVERYTHING = Selector()
