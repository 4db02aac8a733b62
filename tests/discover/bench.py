"""An archive of real files, in a directory or behind the simulated Globus, and a catalogue that discovers it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archived import clock, config
from archived.config import Configuration
from archived.core.discovery import Kind
from archived.core.model import Dataset, DatasetFile
from archived.discover.discovering import Discovering, Outcome, Wish
from archived.discover.walking import WalkProgress
from archived.movers import opened
from archived.ports import Entry, Transfers
from archived.simulator import SimulatedGlobus, running
from archived.store import Selector, Store
from archived.transfer.pace import Manners, Pace, PatientMover

RIG_COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE_COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"

RUN = "SC011/SC011_022319_g0"
PROBE = f"{RUN}/SC011_022319_g0_imec0"
CATGT = "SC011/catgt_SC011_022319_g0"
VIDEO = "SC011/02232019/video"

SETTINGS = """\
[archived]
rig = rig-1
store = {base}/state/archived.db
spool = {base}/exported/spool

[location:raw-ephys]
archive = {ephys}
conventions = catgt, spikeglx

[location:raw-video]
archive = {video}
conventions = tracking-video

[globus]
local_endpoint_local_path = {base}/exported/rig
{globus}
"""

QUICK = Manners(requests_a_second=None, first_wait=0.01, longest_wait=0.05, tries=4)


@dataclass
class Bench:
    """`archive` holds the folders `ephys` and `video`."""

    base: Path
    globus: SimulatedGlobus | None = None
    later: timedelta = timedelta(0)
    told: list[WalkProgress] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    manners: Manners = QUICK
    broken: dict[str, Exception] = field(default_factory=dict)
    """What listing a folder ends with, by its path."""

    @property
    def archive(self) -> Path:
        return self.base / "archive"

    @property
    def configuration(self) -> Configuration:
        return config.load(self.base / "archived.ini", {**os.environ})

    def now(self) -> datetime:
        return clock.now() + self.later

    def store(self) -> Store:
        return Store.open(
            str(self.base / "state" / "archived.db"), rig="rig-1", create=True, now=self.now()
        )

    def put(
        self, path: str, size: int = 10, *, location: str = "ephys", seconds: int = 1_000
    ) -> Path:
        """Put a file into the archive, modified so many seconds after 1970."""
        file = self.archive / location / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
        os.utime(file, (seconds, seconds))
        return file

    def put_run(self) -> None:
        """A run of one probe, as SpikeGLX calls its files."""
        for name, size in (("ap.bin", 40), ("ap.meta", 9), ("lf.bin", 4), ("lf.meta", 9)):
            self.put(f"{PROBE}/SC011_022319_g0_t0.imec0.{name}", size)

    def discover(
        self,
        location: str = "raw-ephys",
        *,
        below: str = "",
        dry_run: bool = False,
        restart: bool = False,
        believe: bool = False,
    ) -> Outcome:
        """Discover one location, a moment after whatever was done before."""
        self.later += timedelta(seconds=1)
        configuration = self.configuration
        wanted = next(each for each in configuration.locations if each.location.name == location)
        with self.store() as store, opened(configuration) as movers:
            discovering = Discovering(
                configuration,
                store,
                lambda location: Breaking(movers.of(location), self.broken),
                stop=self.stop,
                now=self.now,
                progress=self.told.append,
            )
            wish = Wish(below=below, dry_run=dry_run, restart=restart)
            discovery = discovering.begin(wanted, wish)
            return discovering.run(wanted, discovery, self.manners, believe=believe)

    def paths(self, outcome: Outcome, kind: Kind) -> list[str]:
        """What was found out of one kind."""
        with self.store() as store:
            return [each.path for each in store.findings(outcome.discovery.id, kind, 200_000)]

    def counts(self, outcome: Outcome) -> dict[Kind, int]:
        """How many findings of each kind there are, without those of which there is none."""
        with self.store() as store:
            found = store.finding_counts(outcome.discovery.id)
        return {kind: number for kind, number in found.items() if number}

    def refused(self, outcome: Outcome) -> list[str]:
        """The folders that were passed over."""
        with self.store() as store:
            return [path for path, _ in store.refused_folders(outcome.discovery.id, 100)]

    def datasets(self) -> dict[str, Dataset]:
        """Everything in the catalogue, by name."""
        with self.store() as store:
            return {each.name: each for each in store.select(Selector())}

    def files(self, name: str) -> dict[str, DatasetFile]:
        """The files of a dataset, by their last names."""
        with self.store() as store:
            return {
                each.path.rpartition("/")[2]: each for each in store.files(store.dataset(name).id)
            }

    def alarms(self) -> list[str]:
        with self.store() as store:
            return [each.key for each in store.alarms()]

    def listings(self) -> Sequence[str]:
        """The paths that the service was asked to list."""
        assert self.globus is not None
        return [
            each.path for each in self.globus.requests() if each.path.split("?")[0].endswith("/ls")
        ]


class Breaking(PatientMover):
    """A mover that cannot list some folders."""

    def __init__(self, mover: Transfers, broken: Mapping[str, Exception]) -> None:
        still = Pace(
            Manners(requests_a_second=None, tries=1),
            monotonic=clock.monotonic,
            stop=threading.Event(),
        )
        super().__init__(mover, still)
        self._broken = broken

    def list(self, path: str) -> Sequence[Entry]:
        if path in self._broken:
            raise self._broken[path]
        return super().list(path)


@contextmanager
def bench(base: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench of one kind: "directory" or "globus"."""
    for folder in ("exported/rig", "exported/spool", "state", "archive/ephys", "archive/video"):
        (base / folder).mkdir(parents=True)
    # An archive that holds nothing at all counts as not mounted.
    for location in ("ephys", "video"):
        (base / "archive" / location / "README").touch()
    ini = base / "archived.ini"
    if kind == "directory":
        archive = base / "archive"
        ini.write_text(
            SETTINGS.format(base=base, ephys=archive / "ephys", video=archive / "video", globus="")
        )
        yield Bench(base)
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
                video=f"{ARCHIVE_COLLECTION}:/video",
                globus=f"local_endpoint = {RIG_COLLECTION}\nlocal_endpoint_subdir = /rig\n"
                f"client_id = {globus.client_id}\n",
            )
        )
        yield Bench(base, globus)
