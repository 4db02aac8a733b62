"""Disks that go away and come back, under the recordings, the archive, the store and the spool."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import rig as programs
from tests.acceptance import disks
from tests.acceptance.conftest import TestRig, content
from tests.acceptance.disks import Failing, Glance
from tests.acceptance.test_a_rig import record, session
from tests.acceptance.unanswering import Unanswering, need_fuse

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


@pytest.mark.parametrize("there_meanwhile", disks.some("another disk", "nothing", first=1))
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


def test_a_root_that_hangs_holds_up_neither_the_loop_nor_another_root(rig: TestRig) -> None:
    need_fuse()
    glance = Glance(rig)
    other = rig.base / "second"
    other.mkdir()
    rig.environment["ARCHIVED_LOCATION_RAW_VIDEO_LOCAL_ENDPOINT_LOCAL_PATH"] = str(other)
    run = "SC011_022319_g0"
    record([programs.spikeglx(rig.root / "SC011" / run, run, probes=1)], 0)
    rig.take_own_mounts()
    daemon = rig.start()
    glance.until(archived=1)

    with Unanswering(rig, rig.root):
        rig.wait_for("somebody who waits for it", lambda: disks.waits_for_a_disk(daemon.pid))
        video = other / "SC011/02232019/video"
        record([programs.tracking_video(video, "SC011", "side", trials=2)], 0)
        glance.until(archived=2)
        before = rig.status()["daemon"]["last_tick"]
        rig.wait_for("turns", lambda: rig.status()["daemon"]["last_tick"] > before, within=30)
        assert daemon.poll() is None

    later = "SC011_022419_g0"
    record([programs.spikeglx(rig.root / "SC011" / later, later, probes=1)], 0)
    glance.until(archived=3)
    glance.until_all_is_well()
    daemon.terminate()
    assert daemon.wait(30) == 0


@pytest.mark.parametrize("what", ["archive", "spool"])
def test_what_becomes_read_only_while_it_runs_is_told_and_gone_on_with(
    rig: TestRig, what: str
) -> None:
    glance = Glance(rig)
    rig.environment["ARCHIVED_ARCHIVED_SPOOL"] = str(rig.base / "spool")
    (rig.base / "spool").mkdir()
    rig.take_own_mounts()
    folder = rig.base / what
    rig.mount("-t", "tmpfs", "tmpfs", str(folder))
    for name in ("ephys", "video") if what == "archive" else ():
        (disks.seen(rig, folder) / name).mkdir()
    rig.start()
    rig.status()
    rig.mount("-o", "remount,ro", str(folder))
    record(session(rig), 0)

    if what == "archive":
        assert "read-only" in glance.until_alarm("full").lower()
    else:
        glance.until(archived=3)
        glance.until_alarm("records")
    wait(2)

    rig.mount("-o", "remount,rw", str(folder))
    glance.until(archived=3)
    glance.until_all_is_well()
    rig.archive = disks.seen(rig, rig.archive)
    rig.wait_for("the records", lambda: len(list(rig.archive.rglob("record.json"))) == 3)
    rig.assert_nothing_was_lost()
    assert not list(rig.archive.rglob("*.archived-part"))


def test_a_store_on_a_disk_that_was_mounted_read_only_is_said_and_gone_on_with(
    rig: TestRig,
) -> None:
    glance = Glance(rig)
    rig.take_own_mounts()
    disks.small_disk(rig, rig.base / "state", "size=20m")
    first, *others = session(rig)
    record([first], 0)
    assert rig.start("--until-idle").wait(60) == 0, rig.log()
    # While it is open for writing, only the kernel itself can do this; `test_disks_injected` plays the kernel.
    rig.mount("-o", "remount,ro", str(rig.base / "state"))
    record(others, 0)

    assert rig.start().wait(60) == 1
    assert "mounted read-only" in rig.log()
    assert "Traceback" not in disks.log_of(rig)

    rig.mount("-o", "remount,rw", str(rig.base / "state"))
    rig.start()
    glance.until(archived=3)
    rig.assert_nothing_was_lost()


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
    rig.wait_for("a copy", lambda: any(path.is_file() for path in nas.rglob("*")))

    rig.mount("umount", "-l", str(rig.archive))
    assert "not mounted any more" in glance.until_alarm("mover")
    assert not [path for path in rig.archive.rglob("*") if path.is_file()]

    rig.mount("--bind", str(rig.base / "nas"), str(rig.archive))
    rig.archive = nas
    glance.until(archived=3)
    rig.assert_nothing_was_lost()
    assert not list(nas.rglob("*.archived-part"))


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
    said = glance.until_alarm("mover")
    assert "holds nothing of what was archived there" in said
    assert glance.counts()["archived"] == 3
    assert not [path for path in rig.archive.rglob("*") if path.is_file()]

    rig.mount("--bind", str(nas), str(rig.archive))
    rig.archive = nas
    glance.until(archived=4)
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


class FailingDisk:
    """Becomes read-only the way that a real one does: by an error that the kernel finds, whoever writes to it."""

    def __init__(self, device: str) -> None:
        self._device = device

    def mount(self, rig: TestRig, folder: Path) -> Path:
        """Mount it, for the programs of a rig; where a test finds it."""
        rig.mount("-o", "errors=remount-ro", self._device, str(folder))
        return disks.seen(rig, folder)

    def fail(self) -> None:
        """Have the kernel find an error on it."""
        Path(f"/sys/fs/ext4/{Path(self._device).name}/trigger_fs_error").write_text("for a test")


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[FailingDisk]:
    """An ext4 on a loop device, which the kernel can be told to have found an error on."""
    if shutil.which("mkfs.ext4") is None or not os.path.exists("/dev/loop-control"):
        pytest.skip(
            "no loop device can be had here; strace plays such a disk in test_disks_injected"
        )
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(40_000_000)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    device = subprocess.run(
        ["losetup", "--find", "--show", image], check=True, capture_output=True, text=True
    ).stdout.strip()
    try:
        yield FailingDisk(device)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


def test_a_disk_that_fails_under_the_store_costs_nothing_that_was_acknowledged(
    rig: TestRig, failing_disk: FailingDisk
) -> None:
    glance = Glance(rig)
    rig.take_own_mounts()
    failing_disk.mount(rig, rig.base / "state")
    first, *others = session(rig)
    record([first], 0)
    daemon = rig.start()
    glance.until(archived=1)

    failing_disk.fail()
    record(others, 0)
    rig.wait_for("the refusal", lambda: "store unavailable" in disks.log_of(rig))
    assert daemon.poll() is None
    assert "Traceback" not in disks.log_of(rig)

    # As a person does: stop it, see to the disk, mount it again.
    daemon.terminate()
    assert daemon.wait(60) == 0
    rig.mount("umount", str(rig.base / "state"))
    failing_disk.mount(rig, rig.base / "state")
    rig.start()
    glance.until(archived=3)
    rig.assert_nothing_was_lost()


def test_a_disk_that_fails_under_the_archive_is_told_and_gone_on_with_once_it_is_mounted_again(
    rig: TestRig, failing_disk: FailingDisk
) -> None:
    glance = Glance(rig)
    rig.take_own_mounts()
    there = failing_disk.mount(rig, rig.archive)
    for name in ("ephys", "video"):
        (there / name).mkdir()
    first, *others = session(rig)
    record([first], 0)
    rig.start()
    glance.until(archived=1)

    failing_disk.fail()
    record(others, 0)
    assert "read-only" in glance.until_alarm("full").lower()

    rig.mount("umount", str(rig.archive))
    rig.archive = failing_disk.mount(rig, rig.archive)
    glance.until(archived=3)
    glance.until_all_is_well()
    rig.assert_nothing_was_lost()
    assert not list(rig.archive.rglob("*.archived-part"))
