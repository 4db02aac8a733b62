"""A machine that brings recordings back: a catalogue that knows what was archived, an archive, an empty folder."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from archived import config
from archived.config import Configuration
from archived.core.lifecycle import Reason, State
from archived.core.model import (
    BatchState,
    Checksum,
    FileStat,
    FileState,
    Receipt,
    Recording,
    StorageLocation,
)
from archived.movers import Movers
from archived.ports import Transfers
from archived.retrieve import Outcome, Plan, Remark, bring, prepare
from archived.store import FolderSighting, Selector, Store
from tests.builders import NOON
from tests.fakes import FakeTransfers

SETTINGS = """\
[archived]
rig = {rig}
store = {store}
spool = {base}/spool

[globus]
local_endpoint_local_path = {base}/here
{globus}

[transfer]
poll = 0.05s
retry_first = 0.05s
retry_longest = 0.2s
{transfer}

[location:raw-ephys]
archive = {ephys}
conventions = catgt

[location:raw-video]
archive = {video}
conventions = tracking-video
"""

GLOBUS = """\
local_endpoint = c40e971d-0075-4a82-b12f-8f9717762e7b
local_endpoint_subdir = here
client_id = 00000000-0000-4000-8000-000000000001
writable = yes
"""
EPHYS = "raw-ephys"
VIDEO = "raw-video"
G0 = "SC011/catgt_SC011_022319_g0"
G1 = "SC012/catgt_SC012_022319_g1"
DAY = "SC011/02232019/video"


class OneMover(Movers):
    """The same mover, whatever it is asked to move."""

    def __init__(self, mover: Transfers) -> None:
        self._mover = mover

    def of(self, location: StorageLocation) -> Transfers:
        """See `Movers.of`."""
        return self._mover

    def close(self) -> None:
        """See `Movers.close`."""


class Machine:
    """One machine. What was archived is put into the catalogue and the archive at once."""

    def __init__(
        self, base: Path, *, globus: bool = False, store: str = "", rig: str = "desk"
    ) -> None:
        self.base = base
        self.here = base / "here"
        self.archive = base / "archive"
        for folder in (self.here, self.archive / "ephys", self.archive / "video", base / "spool"):
            folder.mkdir(parents=True)
        self.rig = rig
        self.globus = globus
        self.address = store or str(base / "archived.db")
        self.configure()
        self.store = self.open()
        self.now = NOON
        self.stop = threading.Event()
        self.told: list[str] = []

    def configure(self, *, writable: str = "yes", transfer: str = "") -> None:
        """Write the configuration."""
        place = "5b875fda-4185-11e8-bb52-0ac6873fc732:" if self.globus else f"{self.archive}"
        text = SETTINGS.format(
            base=self.base,
            rig=self.rig,
            store=self.address,
            globus=GLOBUS.replace("yes", writable) if self.globus else f"writable = {writable}",
            transfer=transfer,
            ephys=f"{place}/ephys",
            video=f"{place}/video",
        )
        file = self.base / "archived.ini"
        file.write_text(text)
        self.configuration: Configuration = config.load(file, {})

    def open(self) -> Store:
        """The store, begun where it is not there."""
        return Store.open(self.address, rig=self.rig, create=True, now=NOON)

    def later(self) -> datetime:
        """A clock that goes on by itself."""
        self.now += timedelta(seconds=30)
        return self.now

    # -- what was archived -------------------------------------------------------------------------

    def archived(
        self,
        dataset: str,
        files: Mapping[str, bytes],
        *,
        location: str = EPHYS,
        algorithm: str | None = "SHA256",
        store: Store | None = None,
        on_disk: bool = True,
    ) -> None:
        """A dataset that was archived with these files, by their names in its folder."""
        known = store or self.store
        recording = Recording("catgt", dataset, dataset.partition("/")[0], date(2019, 2, 23))
        stats = [
            FileStat(f"{dataset}/{name}", len(data), 1_550_000_000_000_000_001, 1, number)
            for number, (name, data) in enumerate(files.items(), start=1)
        ]
        types = {name: "ephys-meta" if name.endswith(".meta") else "ephys-bin" for name in files}
        seen = tuple((stat, types[stat.name]) for stat in stats)
        known.sight([FolderSighting("/rig", location, recording, dataset, 1, (), seen)], NOON)
        name = f"{location}/{dataset}"
        row = known.dataset(name)
        assert known.move(row.id, State.SETTLING, State.READY, Reason.SETTLED, "", NOON)
        ids = [each.id for each in known.files(row.id) if each.state is FileState.PENDING]
        batch = f"archived-{location}-{dataset}-{row.revision}"[-64:]
        assert known.plan_batch(batch, location, ids, NOON, NOON)
        known.reserve_batch(batch, batch, NOON)
        known.start_batch(batch, batch, NOON)
        known.sent_batch(batch, NOON)
        receipts = [
            Receipt(f"{dataset}/{each}", len(data), digest(data, algorithm), "successful transfers")
            for each, data in files.items()
        ]
        known.prove(batch, receipts, NOON)
        known.end_batch(batch, BatchState.PROVED, NOON, reason="")
        assert known.dataset(name).state is State.ARCHIVED
        if on_disk:
            for each, data in files.items():
                self.put(self.folder(location) / dataset / each, data)

    def folder(self, location: str = EPHYS) -> Path:
        """The archive of a location."""
        return self.archive / location.removeprefix("raw-")

    @staticmethod
    def put(path: Path, data: bytes) -> None:
        """Write a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    # -- bringing it back --------------------------------------------------------------------------

    def prepare(self, movers: Movers, *, to: Path | None = None, **selected: Any) -> Plan:
        """Plan to bring back what is selected; without anything, everything."""
        return prepare(
            self.configuration,
            self.store,
            movers,
            Selector(**selected),
            to=None if to is None else str(to),
            stop=self.stop,
        )

    def bring(
        self, movers: Movers, plan: Plan, *, asked_for: str = "everything", **options: Any
    ) -> Outcome:
        """Do it, in time that passes by itself."""
        return bring(
            self.configuration,
            self.store,
            movers,
            plan,
            asked_for=asked_for,
            asked_by="ada",
            stop=self.stop,
            log=self,
            jitter=lambda: 0.5,
            **options,
        )

    def retrieve(self, movers: Movers, *, to: Path | None = None, **selected: Any) -> Outcome:
        """Plan it and do it."""
        return self.bring(movers, self.prepare(movers, to=to, **selected))

    def info(self, event: str, **fields: Any) -> None:
        """See `Log`."""

    def warning(self, event: str, **fields: Any) -> None:
        """See `Log`."""
        self.told.append(str(fields.get("message", event)))

    def arrived(self, below: Path | None = None) -> dict[str, bytes]:
        """Every file that lies in the folder, or in another one."""
        return contents(below or self.here)


def digest(data: bytes, algorithm: str | None = "SHA256") -> Checksum | None:
    """A checksum as a mover lists it."""
    if algorithm is None:
        return None
    return Checksum(algorithm, hashlib.new(algorithm.lower(), data).hexdigest())


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def fake(machine: Machine, **options: Any) -> FakeTransfers:
    """A mover in memory from the archive to the folder, that writes over what is there as Globus does."""
    both = contents(machine.archive / "ephys") | contents(machine.archive / "video")
    return FakeTransfers(machine.here, archive=both, **options)


def some_bytes(seed: int, size: int = 5000) -> bytes:
    """Bytes that nothing else has."""
    return random.Random(seed).randbytes(size)


def names(remarks: Sequence[Remark]) -> list[str]:
    """The paths of remarks, sorted."""
    return sorted(each.path for each in remarks)


Forger = Callable[[Machine], None]
