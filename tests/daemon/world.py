"""A small world for the daemon: real files, a real store, a fake mover, and time that a test moves."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Container, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from archived.core.batching import BatchPolicy
from archived.core.conventions import built_in
from archived.core.lifecycle import State
from archived.core.model import Archive, CollectionArchive, StorageLocation
from archived.core.recognition import Recogniser
from archived.core.retrying import RetryPolicy
from archived.courtesy import Recording
from archived.daemon import Daemon, Policies, SubjectSources, Surroundings, WatchedRoot
from archived.daemon.surroundings import AlertSending, Audit, RecordKeeping, Watch
from archived.errands import Finished
from archived.ports import Transfers
from archived.rig.root import Root
from archived.store import Claim, Selector, Store
from archived.store.lab import Outcome
from demo import rig as programs
from tests.builders import NOON
from tests.fakes import FakeTransfers

QUIET = timedelta(minutes=10)
RUN = "SC011_022319_g0"
VIDEO = "raw-video/SC011/02232019/video"
EPHYS = f"raw-ephys/SC011/{RUN}"


class InlineErrands:
    """Errands that are done at once, in the order in which they were begun, when the tick is over."""

    def __init__(self) -> None:
        self._done: list[Finished] = []

    def start(self, kind: str, subject: str, work: Callable[[], Any]) -> bool:
        """Do it."""
        if self.busy(kind, subject):
            return False
        try:
            self._done.append(Finished((kind, subject), work(), None))
        except Exception as error:  # noqa: BLE001 - as the threads do
            self._done.append(Finished((kind, subject), None, error))
        return True

    def busy(self, kind: str, subject: str) -> bool:
        """Whether it waits to be collected."""
        return any(each.key == (kind, subject) for each in self._done)

    def under_way(self, *, but: Container[str] = ()) -> int:
        """How many wait to be collected."""
        return sum(each.kind not in but for each in self._done)

    def finished(self) -> list[Finished]:
        """Collect."""
        done, self._done = self._done, []
        return done


class SilentLog:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []

    def _take(self, event: str, **fields: Any) -> None:
        self.entries.append((event, fields))

    debug = info = warning = error = _take


class World:
    """One rig and its archive. `now` moves only by `pass_time`."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.root = base / "rig"
        self.root.mkdir()
        self.now = NOON
        self.max_files = 5000
        self.watcher: Any = None
        self.subjects = SubjectSources()
        self.archive: Archive = CollectionArchive("archive", "/")
        self.without: set[str] = set()
        """Locations that were taken out of the configuration."""
        self.records: RecordKeeping | None = None
        self.mirror: Callable[[], Outcome] | None = None
        self.audit: Audit | None = None
        self.alerts: AlertSending | None = None
        self.watch: Watch | None = None
        self.claim: Claim | None = None
        self.recording: Recording | None = None
        self.mover = FakeTransfers(self.root)
        self.log = SilentLog()
        self.numbers = itertools.count(1)
        self.store = self._open()
        self.daemon = self._build()

    def _open(self) -> Store:
        return Store.open(str(self.base / "archived.db"), rig="test-rig", create=True, now=self.now)

    def _build(self) -> Daemon:
        conventions = built_in()
        chosen = {
            "raw-ephys": (conventions["catgt"], conventions["spikeglx"]),
            "raw-video": (conventions["tracking-video"],),
        }
        chosen = {name: each for name, each in chosen.items() if name not in self.without}
        root = str(self.root)
        locations = {
            name: StorageLocation(
                name=name,
                archive=self.archive,
                conventions=tuple(each.name for each in group),
                root=root,
                collection="rig" if isinstance(self.archive, CollectionArchive) else None,
                collection_path="/rig" if isinstance(self.archive, CollectionArchive) else "",
            )
            for name, group in chosen.items()
        }
        around = Surroundings(
            rig="test-rig",
            store=self.store,
            roots=(WatchedRoot(Root(root), Recogniser(list(chosen.items()))),),
            locations=locations,
            conventions={
                (name, each.name): each for name, group in chosen.items() for each in group
            },
            movers={name: self.mover_of(each) for name, each in locations.items()},
            policies=self.policies(),
            errands=InlineErrands(),
            log=self.log,
            new_id=lambda: f"00000000-0000-4000-8000-{next(self.numbers):012}",
            jitter=lambda: 0.5,
            claim=self.claim,
            subjects=self.subjects,
            records=self.records,
            mirror=self.mirror,
            audit=self.audit,
            alerts=self.alerts,
            watch=self.watch,
            recording=self.recording,
        )
        return Daemon(around, self.watcher)

    def mover_of(self, location: StorageLocation) -> Transfers:
        """The mover of a location: the same one for all."""
        return self.mover

    def policies(self) -> Policies:
        """Those of the example configuration, nearly."""
        return Policies(
            quiet_time=QUIET,
            give_up=timedelta(days=1),
            rescan=timedelta(minutes=5),
            deep_look=timedelta(hours=24),
            poll=timedelta(seconds=30),
            max_active=3,
            deadline=timedelta(days=3),
            batch=BatchPolicy(self.max_files, 2 * 10**12, timedelta(0)),
            retry=RetryPolicy(first=timedelta(minutes=1), longest=timedelta(hours=6)),
        )

    def restart(self) -> None:
        """As after a crash: everything that is not in the store is forgotten."""
        self.store.close()
        self.store = self._open()
        self.daemon = self._build()

    def restart_with_the_same_store(self) -> None:
        """As after a crash, with the store as it is claimed."""
        self.daemon = self._build()

    def pass_time(self, time: timedelta, *, step: timedelta = timedelta(minutes=1)) -> None:
        """Let time go by, with a tick in every step of it."""
        end = self.now + time
        while self.now < end:
            self.now = min(end, self.now + step)
            self.daemon.tick(self.now)

    def until(
        self,
        condition: Callable[[], bool],
        *,
        within: timedelta = timedelta(hours=12),
        step: timedelta = timedelta(minutes=1),
    ) -> None:
        """Let time go by until the condition holds, with a tick in every step of it."""
        end = self.now + within
        while not condition():
            assert self.now < end, (self.states(), self.log.entries[-20:])
            self.pass_time(step, step=step)

    def states(self) -> Mapping[str, State]:
        """Of every dataset, by its name."""
        return {each.name: each.state for each in self.store.select(Selector())}

    def all_archived(self, number: int = 1) -> bool:
        """Whether so many datasets are there, all archived."""
        states = self.states()
        return len(states) == number and set(states.values()) == {State.ARCHIVED}

    def record_run(self, *, seed: int = 0) -> Path:
        """A finished SpikeGLX run of one probe; its folder."""
        folder = self.root / "SC011" / RUN
        for _ in programs.spikeglx(folder, RUN, probes=1, blocks=1, seed=seed):
            pass
        self._stamp(folder)
        return folder

    def record_video(self, *, trials: int = 2) -> Path:
        """Finished videos; their folder."""
        folder = self.root / "SC011" / "02232019" / "video"
        for _ in programs.tracking_video(folder, "SC011", "side", trials=trials, blocks=1):
            pass
        self._stamp(folder)
        return folder

    def _stamp(self, folder: Path) -> None:
        """What was just recorded was written now, by the clock of this world."""
        seconds = self.now.timestamp()
        above = [each for each in folder.parents if each.is_relative_to(self.root)]
        for path in [*folder.rglob("*"), folder, *above]:
            os.utime(path, (seconds, seconds))

    def on_rig(self) -> dict[str, bytes]:
        """Every file on the rig, by its path from the root."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }
