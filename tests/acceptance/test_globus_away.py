"""Globus is away for an hour, which takes seconds here; and a hundred transfers wait for it at once."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from globus_sdk.transport import RetryConfig

from archived import clock
from archived.simulator import SimulatedGlobus, running
from archived.transfer import globus_session
from demo import rig as programs
from tests.acceptance import promises
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION, TestRig
from tests.acceptance.disks import Glance
from tests.acceptance.nursery import Nursery
from tests.acceptance.within import Within, configured

pytestmark = pytest.mark.timeout(300)

FACTOR = 360
"""How much faster the time of day runs: an hour is over in ten seconds."""

AN_HOUR = {
    "tick = 0.12s": "tick = 0.25s",
    "quiet_time = 0.1s": "quiet_time = 1m",
    "rescan = 0.4s": "rescan = 5m",
    "poll = 0.1s": "poll = 30s",
    "batch_wait = 0.1s": "batch_wait = 1m",
    "retry_first = 0.1s": "retry_first = 1m",
    "retry_longest = 0.3s": "retry_longest = 6h",
}
"""The waits as they are in real life, nearly all of them the defaults."""

REQUESTS_AN_HOUR = 600
"""Two locations that ask as often as they ever do: each minute about three transfers, each of them three times."""

MEGABYTES = 250
"""How much memory a daemon may take; Python with its libraries takes some 90 of them."""


@pytest.fixture
def globus(tmp_path: Path) -> Iterator[SimulatedGlobus]:
    folders = {RIG_COLLECTION: tmp_path / "rig", ARCHIVE_COLLECTION: tmp_path / "archive"}
    for folder in folders.values():
        folder.mkdir()
    with running(folders) as serving:
        yield serving


@pytest.fixture
def within(tmp_path: Path, globus: SimulatedGlobus, monkeypatch: pytest.MonkeyPatch) -> Within:
    """A rig in a world whose time runs faster."""
    begin, true = clock.now(), clock.now

    def faster() -> datetime:
        return begin + (true() - begin) * FACTOR

    def manners(http_timeout: float) -> dict[str, object]:
        # The library's own short waits would be minutes of this world.
        made = usual(http_timeout)
        made["retry_config"] = RetryConfig(
            max_retries=2, backoff=lambda _context: 0.0, retry_after_status_codes=()
        )
        return made

    usual = globus_session.manners
    monkeypatch.setattr(globus_session, "manners", manners)
    monkeypatch.setattr(clock, "now", faster)
    monkeypatch.setattr(clock, "monotonic", lambda true=clock.monotonic: true() * FACTOR)
    made = configured(tmp_path, globus, monkeypatch)
    text = made.rig.configuration.read_text()
    for short, long in AN_HOUR.items():
        assert short in text
        text = text.replace(short, long)
    made.rig.configuration.write_text(text)
    return made


def record_video(root: Path, number: int) -> None:
    """A short video and its map."""
    h2o = f"SC{number:03}"
    folder = root / h2o / "02232019" / "video"
    for _ in programs.tracking_video(folder, h2o, "side", trials=1, blocks=1, seed=number):
        pass


@pytest.mark.parametrize("fault", ["refuse", "429"])
def test_an_hour_without_globus_is_waited_for_without_a_storm_of_requests(
    within: Within, globus: SimulatedGlobus, fault: str
) -> None:
    globus.pause()
    record_video(within.rig.root, 0)
    with within.running():
        within.until("a transfer", lambda: bool(globus.tasks()))
        record_video(within.rig.root, 1)
        globus.order(fault)
        before, began = len(globus.requests()), clock.now()
        within.until("an hour", lambda: clock.now() - began > timedelta(hours=1))
        during = [f"{each.method} {each.path}" for each in globus.requests()[before:]]
        assert 0 < len(during) <= REQUESTS_AN_HOUR, Counter(during)
        assert within.store.alarms()
        globus.clear_faults()
        globus.resume()
        within.until("all archived, and no alarm", lambda: within.archived(2))
    within.rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(within.rig)


@pytest.mark.parametrize("rig", ["globus"], indirect=True)
@pytest.mark.parametrize(("most", "transfers"), [(3, 10), (100, 100)])
def test_many_transfers_with_a_kill_in_their_midst_are_all_proved(
    rig: TestRig, most: int, transfers: int
) -> None:
    globus = rig.globus
    assert globus is not None
    for number in range(transfers):
        record_video(rig.root, number)
    text = rig.configuration.read_text().replace("poll = 0.2s", "poll = 1s")
    more = f"[transfer]\nmax_files = 2\nmax_active = {most}\n"
    rig.configuration.write_text(text.replace("[transfer]\n", more))
    globus.pause()
    glance = Glance(rig)
    with Nursery(rig) as nursery:
        daemon = nursery.start("archived")
        nursery.until("the transfers", lambda: len(globus.tasks()) == most)
        assert len(nursery.status()["transfers"]) >= most
        daemon.kill()
        daemon = nursery.start("archived")
        globus.resume()
        nursery.until("half of them", lambda: succeeded(globus) > transfers // 2)
        daemon.kill()
        daemon = nursery.start("archived")

        nursery.until("all of them", lambda: glance.counts() == {"archived": transfers}, within=150)
        assert nursery.status()["counts"]["archived"] == transfers
        assert peak_of(daemon.pid) < MEGABYTES
        rest = cpu_of(daemon.pid)
        threading.Event().wait(2)
        assert cpu_of(daemon.pid) - rest < 1.5, "what is done costs next to nothing"
        os.kill(daemon.pid, signal.SIGTERM)
        assert daemon.wait(20) == 0
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)
    data = [
        task for task in globus.tasks() if "/.archived/" not in task["items"][0]["destination_path"]
    ]
    assert len(data) == transfers


def succeeded(globus: SimulatedGlobus) -> int:
    """How many tasks have ended well."""
    return sum(each["status"] == "SUCCEEDED" for each in globus.tasks())


def peak_of(pid: int) -> int:
    """The most memory that a process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def cpu_of(pid: int) -> float:
    """The seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
