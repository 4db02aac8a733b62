"""Disks that become read-only: by a person's hand, and by an error that the kernel finds on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import disks
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance
from tests.acceptance.test_a_rig import record, session

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]


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
    rig.wait_for("a watcher, which the store tells of", lambda: bool(glance.setting("watcher")))
    rig.mount("-o", "remount,ro", str(folder))
    record(session(rig), 0)

    if what == "archive":
        assert "read-only" in glance.until_alarm("full").lower()
    else:
        glance.until(archived=3)
        glance.until_alarm("records")
    threading.Event().wait(2)

    rig.mount("-o", "remount,rw", str(folder))
    glance.until(archived=3)
    glance.until_all_is_well()
    rig.archive = disks.seen(rig, rig.archive)
    rig.wait_for("the records", lambda: len(list(rig.archive.rglob("record.json"))) == 3)
    rig.assert_nothing_was_lost()
    disks.until_no_leftovers(rig)


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
    rig.wait_for("the records", lambda: len(list(rig.archive.rglob("record.json"))) == 3)
    rig.assert_nothing_was_lost()
    disks.until_no_leftovers(rig)
