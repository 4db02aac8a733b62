"""Limits of the kernel, reached for real: events, watches, instances, open files, threads. The rescan finds everything."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest

from tests.acceptance import disks
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance
from tests.acceptance.test_a_rig import record, session
from tests.rig.support import user_namespace

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]

SOON = "1s"
NEVER = "1h"


def limited(name: str, value: int) -> list[str]:
    """The command under which no more watches, or instances, than that may be had."""
    setting = f"echo {value} > /proc/sys/user/max_inotify_{name}"
    return [*user_namespace(), "sh", "-c", f'{setting} && exec "$@"', "sh"]


def watcher(rig: TestRig) -> str:
    """What the daemon noted of its watcher, which status shows."""
    return Glance(rig).setting("watcher")


def is_stopped(pid: int) -> bool:
    """Whether no thread of a process runs any more; one that waits for a disk stops later than it is told to."""
    stats = Path(f"/proc/{pid}/task").glob("*/stat")
    return {each.read_text().rpartition(")")[2].split()[0] for each in stats} == {"T"}


def test_events_that_the_kernel_dropped_are_made_up_for_at_once(rig: TestRig) -> None:
    rig.environment["ARCHIVED_ARCHIVED_RESCAN"] = NEVER
    (rig.root / "SC011").mkdir()
    daemon = rig.start()
    rig.wait_for("the watches", lambda: "events" in watcher(rig))

    daemon.send_signal(signal.SIGSTOP)
    rig.wait_for("all of its threads to stop", lambda: is_stopped(daemon.pid))
    kept = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    folder = os.open(rig.root, os.O_RDONLY)
    # Equal events that follow each other are one. Each opening for writing ends in an event.
    for number in range(kept + 200):
        os.close(os.open("ab"[number % 2], os.O_WRONLY | os.O_CREAT, dir_fd=folder))
    os.close(folder)
    for name in "ab":
        (rig.root / name).unlink()
    record(session(rig), 0)
    daemon.send_signal(signal.SIGCONT)

    Glance(rig).until(archived=3)
    rig.assert_nothing_was_lost()
    assert "events were lost, looking at everything" in disks.log_of(rig)
    assert daemon.poll() is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("watches", 5, "max_user_watches"), ("instances", 0, "max_user_instances")],
)
def test_without_watches_everything_is_found_all_the_same_and_that_is_told(
    rig: TestRig, name: str, value: int, words: str
) -> None:
    record(session(rig), 0)
    (rig.root / "SC012").mkdir()
    for number in range(20):
        (rig.root / "SC012" / str(number)).mkdir()
    daemon = rig.start(under=limited(name, value))

    Glance(rig).until(archived=3)
    rig.assert_nothing_was_lost()
    rig.wait_for("the words", lambda: words in watcher(rig))
    assert daemon.poll() is None


def test_without_open_files_left_it_waits_and_goes_on_once_there_are(rig: TestRig) -> None:
    glance = Glance(rig)
    first, *others = session(rig)
    record([first], 0)
    daemon = rig.start()
    glance.until(archived=1)
    usual = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    used = len(os.listdir(f"/proc/{daemon.pid}/fd"))
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used, usual[1]))
    record(others, 0)

    rig.wait_for(
        "trouble", lambda: bool(glance.alarms()) or "unavailable" in disks.log_of(rig), within=90
    )
    assert daemon.poll() is None
    assert "failed" not in glance.counts()

    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, usual)
    glance.until(archived=3)
    glance.until_all_is_well()
    rig.assert_nothing_was_lost()
    disks.assert_nothing_went_missing(rig)


@pytest.mark.parametrize("number", disks.some(28, 16, 22, 34, 40, 46, 60, first=1))
def test_however_few_files_may_be_open_nothing_wrong_is_concluded(
    rig: TestRig, number: int
) -> None:
    record(session(rig), 0)
    daemon = rig.start("--until-idle", under=["prlimit", f"--nofile={number}:{number}"])
    assert daemon.wait(100) in (0, 1, 3)

    assert rig.start("--until-idle").wait(100) == 0, rig.log()
    rig.assert_nothing_was_lost()
    disks.assert_nothing_went_missing(rig)
    disks.assert_store_is_sound(rig)
