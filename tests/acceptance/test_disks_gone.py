"""Disks that go away and come back, under the recordings, the archive, the store and the spool."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from archived.transfer.copying import SUFFIX
from demo import rig as programs
from tests.acceptance import disks
from tests.acceptance.conftest import TestRig, content
from tests.acceptance.disks import Failing, Glance
from tests.acceptance.test_a_rig import record, session

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]

SLOW = "delay_exit=150000"
"""What makes a call take 0.15 s."""


NEVER = "quiet_time = 1h"


def never_quiet(rig: TestRig) -> None:
    """Nothing settles until the configuration is read again."""
    text = rig.configuration.read_text()
    rig.configuration.write_text(text.replace("quiet_time = 1s", NEVER))


def wait(seconds: float) -> None:
    """Give the daemon time to do what it must not do."""
    threading.Event().wait(seconds)


def put_on_a_disk(rig: TestRig) -> Path:
    """From here on, the root is a disk that can be unmounted; the folder that is its content."""
    disk = rig.base / "disk"
    rig.root.rename(disk)
    rig.root.mkdir()
    rig.take_own_mounts()
    rig.mount("--bind", str(disk), str(rig.root))
    return disk


def all_is_proved(rig: TestRig, disk: Path, datasets: int = 3) -> None:
    """Everything arrived by itself, as it is on the disk, and nothing is complained of."""
    glance = Glance(rig)
    glance.until(archived=datasets)
    rig.root = disk
    rig.assert_nothing_was_lost()
    glance.until_all_is_well()
    disks.assert_nothing_went_missing(rig)
    disks.assert_archived_means_archived(rig)


def impostors(disk: Path, elsewhere: Path) -> None:
    """Another disk with files of the same names and sizes, and another content."""
    for path in disk.rglob("*"):
        if path.is_file():
            there = elsewhere / path.relative_to(disk)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize(
    "there_meanwhile", disks.some("another disk", "nothing", "an empty disk", first=1)
)
def test_a_root_that_goes_away_while_recordings_settle_changes_nothing(
    rig: TestRig, there_meanwhile: str
) -> None:
    never_quiet(rig)
    record(session(rig), 0)
    glance = Glance(rig)
    disk = put_on_a_disk(rig)
    other = rig.base / "other"
    impostors(disk, other)
    daemon = rig.start()
    glance.until(settling=3)

    rig.mount("umount", "-l", str(rig.root))
    if there_meanwhile == "an empty disk":
        rig.mount("-t", "tmpfs", "tmpfs", str(rig.root))
    elif there_meanwhile == "another disk":
        rig.mount("--bind", str(other), str(rig.root))
    glance.until_alarm("root")
    disks.reload(rig, daemon, NEVER, "quiet_time = 1s")
    wait(4)
    assert glance.counts() == {"settling": 3}
    assert not [path for path in rig.archive.rglob("*") if path.is_file()]

    if there_meanwhile != "nothing":
        rig.mount("umount", "-l", str(rig.root))
    rig.mount("--bind", str(disk), str(rig.root))
    all_is_proved(rig, disk)


@pytest.mark.parametrize("there_meanwhile", disks.some("nothing", "another disk", first=1))
def test_a_root_that_goes_away_in_the_midst_of_copies_spoils_none(
    rig: TestRig, there_meanwhile: str
) -> None:
    record(session(rig), 0)
    glance = Glance(rig)
    disk = put_on_a_disk(rig)
    other = rig.base / "other"
    impostors(disk, other)
    slow = Failing("read", SLOW, paths=sorted(p for p in disk.rglob("*") if p.is_file()))
    rig.start(under=slow.under(rig.base / "trace"))
    rig.wait_for("copies", lambda: any(path.is_file() for path in rig.archive.rglob("*")))

    rig.mount("umount", "-l", str(rig.root))
    if there_meanwhile == "another disk":
        rig.mount("--bind", str(other), str(rig.root))
    glance.until_alarm("root")
    wait(3)
    for path in rig.archive.rglob("*"):
        if path.is_file() and ".archived" not in path.as_posix():
            relative = path.relative_to(rig.archive).as_posix().partition("/")[2]
            assert content(path) == content(disk / relative), path

    if there_meanwhile == "another disk":
        rig.mount("umount", "-l", str(rig.root))
    rig.mount("--bind", str(disk), str(rig.root))
    all_is_proved(rig, disk)


def test_a_root_that_was_renamed_and_replaced_is_an_alarm_until_it_is_back(rig: TestRig) -> None:
    glance = Glance(rig)
    first, *others = session(rig)
    record([first], 0)
    rig.start()
    glance.until(archived=1)
    aside = rig.base / "aside"
    rig.root.rename(aside)
    rig.root.mkdir()
    record(others, 0)

    glance.until_alarm("root")
    wait(3)
    assert glance.counts() == {"archived": 1}

    rig.root.rename(rig.base / "wrong")
    aside.rename(rig.root)
    record(session(rig)[1:], 0)
    all_is_proved(rig, rig.root)


def test_a_disk_below_the_root_that_goes_away_and_comes_back_loses_nothing(rig: TestRig) -> None:
    glance = Glance(rig)
    never_quiet(rig)
    rig.take_own_mounts()
    disk, point = rig.base / "disk", rig.root / "SC012"
    point.mkdir()
    run = "SC012_022419_g0"
    record([*session(rig), programs.spikeglx(disk / run, run, probes=1)], 0)
    rig.mount("--bind", str(disk), str(point))
    daemon = rig.start()
    glance.until(settling=4)
    rig.mount("umount", "-l", str(point))
    disks.reload(rig, daemon, NEVER, "quiet_time = 1s")
    rig.wait_for("the others", lambda: glance.counts().get("archived") == 3)
    wait(3)

    rig.mount("--bind", str(disk), str(point))
    glance.until(archived=4)
    for path in disk.rglob("*"):
        if path.is_file():
            there = rig.archive / "ephys/SC012" / path.relative_to(disk)
            assert content(there) == content(path)


def test_an_archive_that_is_unmounted_gets_no_file_into_its_mount_point(rig: TestRig) -> None:
    glance = Glance(rig)
    rig.take_own_mounts()
    nas = disks.small_disk(rig, rig.base / "nas", "size=50m")
    for name in ("ephys", "video"):
        (nas / name).mkdir()
    rig.mount("--bind", str(rig.base / "nas"), str(rig.archive))
    record(session(rig), 0)
    slow = Failing("write", SLOW, when="4+")
    rig.start(under=slow.under(rig.base / "trace"))
    rig.wait_for("a copy under way", lambda: any(nas.rglob(f"*{SUFFIX}")))

    rig.mount("umount", "-l", str(rig.archive))
    assert "not mounted any more" in glance.until_alarm("mover", "proof")
    assert not [path for path in rig.archive.rglob("*") if path.is_file()]

    rig.mount("--bind", str(rig.base / "nas"), str(rig.archive))
    rig.archive = nas
    glance.until(archived=3)
    rig.assert_nothing_was_lost()
    disks.until_no_leftovers(rig)


def test_a_daemon_that_starts_while_the_archive_is_not_mounted_does_not_take_its_mount_point_for_it(
    rig: TestRig,
) -> None:
    glance = Glance(rig)
    rig.take_own_mounts()
    nas = rig.base / "nas"
    for name in ("ephys", "video"):
        (nas / name).mkdir(parents=True)
    rig.mount("--bind", str(nas), str(rig.archive))
    record(session(rig), 0)
    assert rig.start("--until-idle").wait(60) == 0, rig.log()
    rig.mount("umount", str(rig.archive))
    later = rig.root / "SC011/02242019/video"
    record([programs.tracking_video(later, "SC011", "side", trials=2)], 0)

    rig.start()
    said = glance.until_alarm("mover", "proof")
    assert "holds nothing of what was archived there" in said
    assert glance.counts()["archived"] == 3
    assert not [path for path in rig.archive.rglob("*") if path.is_file()]

    rig.mount("--bind", str(nas), str(rig.archive))
    rig.archive = nas
    glance.until(archived=4)
    glance.until_all_is_well()
    rig.assert_nothing_was_lost()


def test_a_daemon_that_starts_before_the_archive_is_mounted_goes_on_once_it_is(
    rig: TestRig,
) -> None:
    """As after a power failure, when the rig is up before the file server."""
    glance = Glance(rig)
    rig.take_own_mounts()
    for name in ("ephys", "video"):
        (rig.archive / name).rmdir()
    record(session(rig), 0)
    rig.start()
    assert "cannot be used" in glance.until_alarm("mover", "proof")

    nas = disks.small_disk(rig, rig.archive, "size=50m")
    for name in ("ephys", "video"):
        (nas / name).mkdir()
    rig.archive = nas
    glance.until(archived=3)
    glance.until_all_is_well()
    rig.assert_nothing_was_lost()


def test_a_store_whose_disk_goes_away_is_not_begun_anew_in_its_mount_point(rig: TestRig) -> None:
    glance = Glance(rig)
    rig.take_own_mounts()
    state, disk = rig.base / "state", rig.base / "ssd"
    disk.mkdir()
    rig.mount("--bind", str(disk), str(state))
    first, *others = session(rig)
    record([first], 0)
    daemon = rig.start()
    glance.until(archived=1)

    rig.mount("umount", "-l", str(state))
    record(others, 0)
    wait(4)
    assert not [path for path in state.rglob("archived.db*") if path.stat().st_size]
    assert "Traceback" not in disks.log_of(rig)

    rig.mount("--bind", str(disk), str(state))
    if daemon.poll() is not None:
        rig.start()
    glance.until(archived=3)
    rig.assert_nothing_was_lost()
    assert os.listdir(disk)
