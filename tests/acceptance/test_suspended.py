"""A daemon that sleeps, as in a laptop whose lid was closed, and one that is asked to end at any moment."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator

import apsw
import pytest

from demo import rig as programs
from tests.acceptance import promises
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import until_no_leftovers
from tests.acceptance.nursery import Child, Nursery
from tests.acceptance.test_a_rig import record, session
from tests.acceptance.test_store_gone import directory_rig, globus_rig, log
from tests.acceptance.within import record_run

pytestmark = pytest.mark.timeout(180)

SECONDS = 6.0
"""Within how many it has to end; systemd would wait for 90. The machine may be busy with other tests."""


@pytest.fixture
def nursery(rig: TestRig) -> Iterator[Nursery]:
    with Nursery(rig) as made:
        yield made


@globus_rig
def test_one_that_sleeps_again_and_again_while_a_rig_records_misses_nothing(
    rig: TestRig, nursery: Nursery
) -> None:
    chance = random.Random()
    daemon = nursery.start("archived")
    due = [time.monotonic() + 1]

    def sleep_now_and_then() -> None:
        if time.monotonic() < due[0]:
            return
        os.kill(daemon.pid, signal.SIGSTOP)
        threading.Event().wait(chance.uniform(0.2, 1.5))
        os.kill(daemon.pid, signal.SIGCONT)
        due[0] = time.monotonic() + chance.uniform(0.2, 1)

    try:
        record(session(rig), 0.05, sleep_now_and_then)
        for _ in range(30):
            threading.Event().wait(0.1)
            sleep_now_and_then()
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    nursery.until_archived(3)
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


def end(daemon: Child, rig: TestRig) -> None:
    """Ask it to end; it does within seconds, and in order."""
    asked = time.monotonic()
    os.kill(daemon.pid, signal.SIGTERM)
    assert daemon.wait(60) == 0, log(rig)
    assert time.monotonic() - asked < SECONDS


@directory_rig
def test_asked_to_end_during_a_long_copy_it_ends_and_goes_on_later(
    rig: TestRig, nursery: Nursery
) -> None:
    video = rig.root / "SC011" / "02232019" / "video" / "SC011_side_001-0000.avi"
    video.parent.mkdir(parents=True)
    record([programs.avi(video, [bytes(1 << 20)] * 150)], 0)
    daemon = nursery.start("archived")
    nursery.until("a copy", lambda: any(rig.archive.rglob("*.archived-part")), every=0.02)
    end(daemon, rig)
    nursery.start("archived")
    nursery.until_archived(1)
    rig.assert_nothing_was_lost()
    until_no_leftovers(rig)


@globus_rig
def test_asked_to_end_while_an_answer_is_waited_for_it_ends_and_goes_on_later(
    rig: TestRig, nursery: Nursery
) -> None:
    assert rig.globus is not None
    for number, route in enumerate(("POST */token", "GET */ls", "POST */transfer", "GET */task/*")):
        order = rig.globus.order("slow", route=route, seconds=5, times=1)
        record_run(rig.root, f"SC{number:03}")
        daemon = nursery.start("archived")
        nursery.until(route, lambda order=order: order.struck > 0)  # type: ignore[misc]
        end(daemon, rig)
    nursery.start("archived")
    nursery.until_archived(4)
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


@directory_rig
def test_asked_to_end_while_the_store_is_locked_it_ends(rig: TestRig, nursery: Nursery) -> None:
    daemon = nursery.start("archived")
    nursery.until("the daemon", lambda: nursery.status()["daemon"]["running"])
    with contextlib.closing(apsw.Connection(str(rig.base / "state" / "archived.db"))) as other:
        other.set_busy_timeout(30_000)
        other.execute("BEGIN EXCLUSIVE")
        record_run(rig.root)
        nursery.until("the refusal", lambda: "has kept it locked" in log(rig))
        os.kill(daemon.pid, signal.SIGTERM)
        # It has asked the store once more at the most.
        assert daemon.wait(25) == 0
    nursery.start("archived")
    nursery.until_archived(1)


@globus_rig
def test_asked_to_end_at_any_moment_it_ends_in_order(rig: TestRig, nursery: Nursery) -> None:
    chance = random.Random()
    written = iter(session(rig))
    for programs_of_one in written:
        record([programs_of_one], 0)
        daemon = nursery.start("archived")
        threading.Event().wait(chance.uniform(0.4, 1.6))
        end(daemon, rig)
    nursery.start("archived")
    nursery.until_archived(3)
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)
    assert "Traceback" not in log(rig)
