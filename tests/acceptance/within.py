"""A daemon in the test's own process, with everything real around it: files, store, SDK, HTTP, threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archived import clock, config
from archived.app import Application, assembled
from archived.core.lifecycle import State
from archived.core.model import Dataset
from archived.simulator import SimulatedGlobus
from archived.store import Selector, Store
from demo import rig as programs
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION, TestRig
from tests.daemon.world import SilentLog

FASTER = (
    ("quiet_time = 1s", "quiet_time = 0.1s"),
    ("rescan = 1s", "rescan = 0.4s"),
    ("tick = 0.1s", "tick = 0.12s"),
    ("poll = 0.2s", "poll = 0.1s"),
    ("batch_wait = 0.3s", "batch_wait = 0.1s"),
    ("retry_first = 0.3s", "retry_first = 0.1s"),
    ("retry_longest = 2s", "retry_longest = 0.3s"),
)


class InProcess:
    """One rig whose daemon runs on a thread of the test."""

    THREAD = "the daemon"

    def __init__(self, rig: TestRig) -> None:
        self.rig = rig
        self.log = SilentLog()
        self._application: Application | None = None

    @property
    def store(self) -> Store:
        """The daemon's own; threads have a connection each."""
        assert self._application is not None
        return self._application.store

    @contextmanager
    def running(self) -> Iterator[None]:
        """The daemon, for as long as the block lasts."""
        stop, wake = threading.Event(), threading.Event()
        died: list[BaseException] = []
        begun = threading.Event()

        def run() -> None:
            try:
                configuration = config.load(self.rig.configuration, {})
                with assembled(
                    configuration, self.log, stop=stop, wake=wake, pid=1
                ) as self._application:
                    begun.set()
                    self._application.run(after_tick=lambda: None)
            except BaseException as error:  # noqa: BLE001 - handed to the test
                died.append(error)
                begun.set()

        thread = threading.Thread(target=run, name=self.THREAD)
        thread.start()
        try:
            assert begun.wait(30)
            assert not died, died
            yield
        finally:
            stop.set()
            wake.set()
            thread.join(30)
        assert not died, died

    def until(self, what: str, condition: Callable[[], bool], *, within: float = 40) -> None:
        """Wait until something holds, or fail with how everything stands."""
        pause, end = threading.Event(), time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"not within {within} s: {what}\n{self.told()}"
            pause.wait(0.12)

    def told(self) -> str:
        """How everything stands, in words."""
        datasets = [f"{each.name} {each.state}: {each.reason}" for each in self.datasets()]
        alarms = [f"{each.key}: {each.message}" for each in self.store.alarms()]
        return "\n".join([*datasets, *alarms, *map(str, self.log.entries[-15:])])

    def datasets(self) -> list[Dataset]:
        """All of them."""
        return list(self.store.select(Selector()))

    def states(self) -> list[State]:
        """The states that there are, by the names of the datasets."""
        return [each.state for each in sorted(self.datasets(), key=lambda each: each.name)]

    def alarms(self) -> str:
        """All alarms, as one text."""
        return "\n".join(f"{each.message} {each.what_to_do}" for each in self.store.alarms())

    def archived(self, datasets: int) -> bool:
        """Whether these are all there are, they are archived, and no alarm is left."""
        return self.states() == [State.ARCHIVED] * datasets and not self.store.alarms()

    def retry(self, *states: State) -> None:
        """What `archivedctl retry` does."""
        self.store.retry(Selector(states=states or (State.FAILED,)), clock.now(), user="test")


class Within(InProcess):
    """One with a Globus between it and its archive."""

    def __init__(self, rig: TestRig, globus: SimulatedGlobus) -> None:
        super().__init__(rig)
        self.globus = globus


def record_run(root: Path, h2o: str = "SC011") -> None:
    """A raw run of one probe, done."""
    run = f"{h2o}_022319_g0"
    for _ in programs.spikeglx(root / h2o / run, run, probes=1, blocks=1):
        pass


def record_video(root: Path, h2o: str = "SC011") -> None:
    """The videos of a session, done."""
    folder = root / h2o / "02232019" / "video"
    for _ in programs.tracking_video(folder, h2o, "side", trials=1):
        pass


def configured(
    base: Path, globus: SimulatedGlobus, monkeypatch: pytest.MonkeyPatch, *, more: str = ""
) -> Within:
    """A rig without programs of its own: the configuration, the folders, and the way to the simulated Globus."""
    for name, value in globus.environment.items():
        monkeypatch.setenv(name, value)
    rig = TestRig.__new__(TestRig)
    rig.base, rig.root, rig.archive = base, base / "rig", base / "archive"
    rig.configuration, rig.globus, rig.processes = base / "archived.ini", globus, []
    for folder in (rig.root, base / "state", rig.archive / "ephys", rig.archive / "video"):
        folder.mkdir(parents=True, exist_ok=True)
    secret = base / "client-secret"
    secret.touch(mode=0o600)
    secret.write_text(globus.client_secret)
    rig.configure(
        f"{ARCHIVE_COLLECTION}:/ephys",
        f"{ARCHIVE_COLLECTION}:/video",
        f"local_endpoint = {RIG_COLLECTION}\nlocal_endpoint_subdir = /\n"
        f"client_id = {globus.client_id}\nclient_secret_file = {secret}\n",
    )
    text = rig.configuration.read_text()
    for slow, fast in FASTER:
        assert slow in text
        text = text.replace(slow, fast)
    rig.configuration.write_text(text.replace("[transfer]\n", f"[transfer]\n{more}"))
    return Within(rig, globus)
