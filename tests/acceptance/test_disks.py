"""Disks that are full, read-only, or go away: nothing is lost, and it goes on by itself."""

from __future__ import annotations

import os
import threading

import pytest

from demo import rig as programs
from tests.acceptance.conftest import TestRig
from tests.acceptance.test_a_rig import record, session

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]


def fill(path: str) -> None:
    """Write a file until the disk is full."""
    with open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_it_needs_to_write_nothing_where_the_recordings_are(rig: TestRig) -> None:
    record(session(rig), 0)
    rig.take_own_mounts()
    rig.mount("--bind", "-o", "ro", str(rig.root), str(rig.root))

    rig.start()
    rig.wait_until_archived(3)

    rig.assert_nothing_was_lost()


def test_a_full_archive_is_told_and_filled_again_once_there_is_room(rig: TestRig) -> None:
    rig.take_own_mounts()
    ephys = rig.archive / "ephys"
    rig.mount("-t", "tmpfs", "-o", "size=300k", "tmpfs", str(ephys))
    record(session(rig), 0)

    rig.start()
    rig.wait_for("the alarm", lambda: any("full" in each["key"] for each in rig.status()["alarms"]))
    assert rig.status()["counts"]["archived"] < 3

    rig.mount("-o", "remount,size=50m", str(ephys))
    rig.wait_until_archived(3)


def test_a_full_disk_under_the_store_is_waited_for(rig: TestRig) -> None:
    rig.take_own_mounts()
    state = rig.base / "state"
    rig.mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(state))
    rig.start()
    rig.status()
    inside = f"/proc/{rig.prefix[2]}/root{state}"
    ballast = os.path.join(inside, "ballast")
    with pytest.raises(OSError, match="No space"):
        fill(ballast)

    record(session(rig), 0)
    rig.wait_for("the refusal", lambda: "store unavailable" in rig.log())
    os.unlink(ballast)

    rig.wait_until_archived(3)
    rig.assert_nothing_was_lost()


def test_an_unmounted_root_is_an_alarm_and_mounted_again_it_goes_on(rig: TestRig) -> None:
    disk = rig.base / "disk"
    disk.mkdir()
    rig.take_own_mounts()
    rig.mount("--bind", str(disk), str(rig.root))
    run = "SC011_022319_g0"
    record([programs.spikeglx(disk / "SC011" / run, run, probes=1)], 0)
    rig.start()
    rig.wait_until_archived(1)

    rig.mount("umount", str(rig.root))
    rig.wait_for("the alarm", lambda: bool(rig.status()["alarms"]))
    threading.Event().wait(2)
    assert rig.status()["counts"]["archived"] == 1

    later = "SC011_022419_g0"
    record([programs.spikeglx(disk / "SC011" / later, later, probes=1)], 0)
    rig.mount("--bind", str(disk), str(rig.root))
    rig.wait_until_archived(2)
    assert not rig.status()["alarms"]
