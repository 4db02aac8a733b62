"""The clock of the machine jumps, or was never right, while the installed programs run.

The programs are the real ones; what they ask for the time (`archived.clock`, and `time.time` for the libraries) adds the
seconds that a file says. Deadlines and tokens of the simulated Globus go by the true time.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from demo import rig as programs
from tests.acceptance import promises
from tests.acceptance.conftest import TestRig
from tests.acceptance.nursery import Nursery
from tests.acceptance.test_a_rig import record, session
from tests.acceptance.test_store_gone import globus_rig
from tests.acceptance.within import record_run

pytestmark = pytest.mark.timeout(180)

SHIFTED = """\
import datetime, os, time

import archived.clock

true, true_seconds = archived.clock.now, time.time

def ahead():
    with open(os.environ["AHEAD"]) as file:
        return float(file.read() or 0)

def now():
    return true() + datetime.timedelta(seconds=ahead())

archived.clock.now = now
time.time = lambda: true_seconds() + ahead()
"""

DAY, YEAR = timedelta(days=1), timedelta(days=365)


class Clock:
    """The clock of the rig, which a test sets."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(timedelta(0))

    def set(self, ahead: timedelta) -> None:
        """From now on it is so far ahead of the true time (or behind it), at one stroke."""
        aside = self._path.with_suffix(".new")
        aside.write_text(str(ahead.total_seconds()))
        aside.rename(self._path)


@pytest.fixture
def clock(rig: TestRig) -> Clock:
    startup = rig.base / "startup"
    startup.mkdir()
    (startup / "sitecustomize.py").write_text(SHIFTED)
    rig.environment["PYTHONPATH"] = f"{startup}:{rig.environment['PYTHONPATH']}"
    rig.environment["AHEAD"] = str(rig.base / "ahead")
    return Clock(rig.base / "ahead")


@pytest.fixture
def nursery(rig: TestRig, clock: Clock) -> Iterator[Nursery]:
    with Nursery(rig) as made:
        yield made


def test_the_clock_jumps_to_and_fro_while_a_rig_records(
    rig: TestRig, clock: Clock, nursery: Nursery
) -> None:
    jumps = itertools.cycle([-DAY, YEAR, timedelta(0), timedelta(hours=-2), 5 * YEAR, DAY])
    steps = itertools.count()
    nursery.start("archived")

    def jump_now_and_then() -> None:
        if next(steps) % 12 == 11:
            clock.set(next(jumps))

    record(session(rig), 0.06, jump_now_and_then)
    for ahead in (-DAY, YEAR, timedelta(0)):
        clock.set(ahead)
        threading.Event().wait(0.7)
    nursery.until_archived(3)
    rig.assert_nothing_was_lost()
    if rig.globus is not None:
        promises.assert_one_task_for_each_file(rig)
    assert "Traceback" not in (rig.base / "daemon.log").read_text()


@globus_rig
@pytest.mark.parametrize("ahead", [-20 * YEAR, YEAR], ids=["long ago", "next year"])
def test_a_clock_that_is_put_right_during_a_transfer_is_no_reason_to_send_again(
    rig: TestRig, clock: Clock, nursery: Nursery, ahead: timedelta
) -> None:
    assert rig.globus is not None
    rig.globus.pause()
    clock.set(ahead)
    record_run(rig.root)
    daemon = nursery.start("archived")
    nursery.until("a task", lambda: bool(rig.globus and rig.globus.tasks()))
    clock.set(timedelta(0))
    daemon.kill()
    nursery.start("archived")
    rig.globus.resume()
    nursery.until_archived(1)
    rig.assert_nothing_was_lost()
    if ahead > -YEAR:
        promises.assert_one_task_for_each_file(rig)
        return
    # By the clock of Globus the deadline of the first task was over before it began.
    expired, done = rig.globus.tasks()[:2]
    assert (expired["status"], expired["files_transferred"]) == ("FAILED", 0)
    assert done["status"] == "SUCCEEDED"


@pytest.mark.parametrize("rig", ["directory"], indirect=True)
def test_files_from_the_future_and_from_1970_are_archived(rig: TestRig, nursery: Nursery) -> None:
    for number, seconds in enumerate((0, 1, 4_102_444_800, 2**33)):
        h2o = f"SC{number:03}"
        record_run(rig.root, h2o)
        for path in sorted((rig.root / h2o).rglob("*"), reverse=True):
            os.utime(path, (seconds, seconds))
    before = promises.Untouched.of(rig.root)
    nursery.start("archived")
    nursery.until_archived(4)
    rig.assert_nothing_was_lost()
    assert promises.Untouched.of(rig.root) == before


QUIET = 4
"""Seconds."""

LAB = """
[location:scope]
archive = {archive}
conventions = two-photon

[convention:two-photon]
path = {{h2o}}/{{date:%Y-%m-%d}}/2p
finished = quiet
"""


@pytest.mark.parametrize("rig", ["directory"], indirect=True)
def test_a_clock_set_forward_is_no_quiet_time(rig: TestRig, clock: Clock, nursery: Nursery) -> None:
    """Only time that has passed says that nothing is written any more."""
    text = rig.configuration.read_text().replace("quiet_time = 1s", f"quiet_time = {QUIET}s")
    (rig.archive / "scope").mkdir()
    globus = text.index("[globus]")
    more = LAB.format(archive=rig.archive / "scope")
    rig.configuration.write_text(f"{text[:globus]}{more}\n{text[globus:]}")
    folder = rig.root / "SC011" / "2019-02-23" / "2p"
    folder.mkdir(parents=True)
    written: list[float] = []
    enough = threading.Event()

    def write() -> None:
        while not enough.wait(0.2):
            with (folder / "frames_001.tif").open("ab") as file:
                file.write(b"frame" * 100)
            written.append(time.monotonic())

    camera = threading.Thread(target=write)
    camera.start()
    try:
        nursery.start("archived")
        nursery.until("a look at it", lambda: nursery.status()["counts"]["settling"] == 1)
    finally:
        enough.set()
        camera.join()
    clock.set(YEAR)
    nursery.until(
        "an end of the quiet time", lambda: nursery.json("list")[0]["state"] != "settling"
    )
    assert time.monotonic() - written[-1] >= QUIET
    (folder / "frames_002.tif").write_bytes(b"frame" * 1000)
    nursery.until_archived(1)
    nursery.until("the second frame", lambda: nursery.json("list")[0]["files"] == 2)
    nursery.until_archived(1)
    rig.assert_nothing_was_lost()


@pytest.mark.parametrize("rig", ["directory"], indirect=True)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati"])
def test_the_time_zone_of_the_machine_changes_nothing(rig: TestRig, zone: str) -> None:
    rig.environment["TZ"] = zone
    for _ in programs.spikeglx(rig.root / "SC011" / "SC011_022319_g0", "SC011_022319_g0", blocks=1):
        pass
    with Nursery(rig) as nursery:
        assert nursery.start("archived", "--until-idle").wait(60) == 0
        [dataset] = nursery.json("list")
        assert dataset["date"] == "2019-02-23"
        shown = nursery.json("show", dataset["name"])
        assert all(each["at"].endswith(("Z", "+00:00")) for each in shown["events"])
    rig.assert_nothing_was_lost()
