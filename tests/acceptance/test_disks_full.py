"""Full disks under everything that the program writes: bytes, and names. Nothing is lost, it is told, and it goes on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance import disks
from tests.acceptance.conftest import TestRig, content
from tests.acceptance.disks import Glance
from tests.acceptance.promises import assert_no_leftovers
from tests.acceptance.test_a_rig import record, session

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]


def failures(rig: TestRig) -> int:
    """How many transfers failed so far."""
    return (rig.base / "daemon.log").read_text().count("batch failed")


def records(rig: TestRig) -> list[Path]:
    """What the archive was told."""
    return sorted((rig.archive).rglob(".archived/**/record.json"))


def test_a_store_that_cannot_be_begun_on_a_full_disk_is_begun_once_there_is_room(
    rig: TestRig,
) -> None:
    record(session(rig), 0)
    rig.take_own_mounts()
    state = disks.small_disk(rig, rig.base / "state", "size=2m")
    ballast = disks.fill(state, leave=16_384)

    assert rig.start("--until-idle").wait(60) == 1
    assert "disk is full" in rig.log()
    assert "Traceback" not in rig.log()

    ballast.unlink()
    assert rig.start("--until-idle").wait(60) == 0, rig.log()
    rig.assert_nothing_was_lost()


@pytest.mark.parametrize("use_up", disks.some(disks.use_up_inodes, disks.fill, first=1))
def test_a_daemon_that_starts_on_a_full_disk_loses_nothing_that_the_store_holds(
    rig: TestRig, use_up: Callable[[Path], Path]
) -> None:
    rig.take_own_mounts()
    state = disks.small_disk(rig, rig.base / "state", "size=4m,nr_inodes=40")
    first, *others = session(rig)
    record([first], 0)
    assert rig.start("--until-idle").wait(60) == 0, rig.log()
    ballast = use_up(state)
    record(others, 0)

    daemon = rig.start()
    pause = threading.Event()
    pause.wait(3)
    assert daemon.poll() in (None, 1)
    assert "Traceback" not in rig.log()
    if ballast.is_dir():
        shutil.rmtree(ballast)
    else:
        ballast.unlink()
    if daemon.poll() is not None:
        rig.start()  # as systemd does

    Glance(rig).until(archived=3)
    rig.assert_nothing_was_lost()


@pytest.mark.parametrize(
    ("small", "large"),
    [("size=300k", "size=50m"), ("size=50m,nr_inodes=5", "size=50m,nr_inodes=500")],
    ids=["bytes", "names"],
)
def test_an_archive_that_is_full_holds_nothing_half_and_is_filled_once_there_is_room(
    rig: TestRig, small: str, large: str
) -> None:
    rig.take_own_mounts()
    ephys = rig.archive / "ephys"
    there = disks.small_disk(rig, ephys, small)
    record(session(rig), 0)

    daemon = rig.start()
    glance = Glance(rig)
    glance.until_alarm("full")
    tries = failures(rig)
    rig.wait_for("more tries", lambda: failures(rig) >= tries + 3)
    for path in there.rglob("*"):
        if path.is_file() and not path.name.endswith(".archived-part"):
            assert content(path) == content(rig.root / path.relative_to(there))
    # At most what is being copied at this moment has a temporary name, however often it was tried.
    assert len(list(there.rglob("*.archived-part"))) <= 2
    assert "failed" not in glance.counts()

    rig.mount("-o", f"remount,{large}", str(ephys))
    glance.until(archived=3)
    glance.until_all_is_well()
    daemon.terminate()
    assert daemon.wait(30) == 0
    for path in (rig.root / "SC011").rglob("*.bin"):
        assert content(there / path.relative_to(rig.root)) == content(path)
    assert not list(there.rglob("*.archived-part"))
    assert_no_leftovers(rig)


def test_a_full_spool_keeps_records_waiting_is_told_and_holds_up_no_recording(
    rig: TestRig,
) -> None:
    rig.take_own_mounts()
    spool = rig.base / "spool"
    rig.environment["ARCHIVED_ARCHIVED_SPOOL"] = str(spool)
    ballast = disks.fill(disks.small_disk(rig, spool, "size=1m"))
    record(session(rig), 0)

    glance = Glance(rig)
    rig.start()
    glance.until(archived=3)
    rig.assert_nothing_was_lost()
    assert "make room" in glance.until_alarm("records")
    assert rig.status()["records"]["outstanding"] == 3
    assert records(rig) == []

    ballast.unlink()
    rig.wait_for("the records", lambda: len(records(rig)) == 3)
    glance.until_all_is_well()
    there = disks.seen(rig, spool)
    rig.wait_for("an empty spool", lambda: not any(each.is_file() for each in there.rglob("*")))


def test_a_log_that_cannot_be_written_keeps_nothing_from_being_archived(rig: TestRig) -> None:
    record(session(rig), 0)
    (rig.base / "daemon.log").symlink_to("/dev/full")

    assert rig.start("--until-idle").wait(60) == 0

    rig.assert_nothing_was_lost()


def test_what_comes_back_to_a_full_disk_is_not_half_there_and_comes_once_there_is_room(
    rig: TestRig,
) -> None:
    record(session(rig), 0)
    assert rig.start("--until-idle").wait(60) == 0, rig.log()
    rig.take_own_mounts()
    desk = rig.base / "desk"
    there = disks.small_disk(rig, desk, "size=300k")
    rig.environment["ARCHIVED_GLOBUS_WRITABLE"] = "yes"

    order = ("retrieve", "--all", "--to", str(desk), "--yes", "--json")
    assert "nothing was begun" in rig.control(*order, expect=1)
    assert list(there.iterdir()) == []
    # Room for the bytes, but not for the names, which nobody can tell before.
    rig.mount("-o", "remount,size=50m,nr_inodes=9", str(desk))
    assert "make room there" in rig.control(*order, expect=3)
    brought = [path for path in there.rglob("*") if path.is_file()]
    assert brought
    for path in brought:
        assert content(path) == content(rig.root / path.relative_to(there)), path

    rig.mount("-o", "remount,size=50m,nr_inodes=500", str(desk))
    rig.control(*order)
    files = {
        path.relative_to(rig.root): content(path) for path in rig.root.rglob("*") if path.is_file()
    }
    assert files == {
        path.relative_to(there): content(path) for path in there.rglob("*") if path.is_file()
    }
