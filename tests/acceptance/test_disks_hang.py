"""Disks that do not answer: whoever asks them waits, and nobody else does."""

from __future__ import annotations

import threading

import pytest

from archived.rig import root
from archived.rig.folders import Folder, open_top
from tests.acceptance import disks
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance
from tests.acceptance.unanswering import Unanswering, need_fuse
from tests.acceptance.within import InProcess, record_run, record_video

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]


def test_a_root_that_hangs_holds_up_neither_the_loop_nor_another_root(rig: TestRig) -> None:
    need_fuse()
    glance = Glance(rig)
    other = rig.base / "second"
    other.mkdir()
    rig.environment["ARCHIVED_LOCATION_RAW_VIDEO_LOCAL_ENDPOINT_LOCAL_PATH"] = str(other)
    record_run(rig.root)
    rig.take_own_mounts()
    daemon = rig.start()
    glance.until(archived=1)

    with Unanswering(rig, rig.root):
        rig.wait_for("somebody who waits for it", lambda: disks.waits_for_a_disk(daemon.pid))
        record_video(other)
        glance.until(archived=2)
        before = glance.turns()
        assert rig.status()["daemon"]["running"]
        rig.wait_for("turns", lambda: glance.turns() > before, within=30)
        assert daemon.poll() is None

    record_run(rig.root, "SC012")
    glance.until(archived=3)
    glance.until_all_is_well()
    daemon.terminate()
    assert daemon.wait(30) == 0


@pytest.mark.parametrize("what", disks.some("archive", "rig", first=1))
def test_a_daemon_that_waits_for_a_disk_goes_on_turning_and_ends_when_it_is_asked_to(
    rig: TestRig, what: str
) -> None:
    need_fuse()
    glance = Glance(rig)
    record_run(rig.root)
    rig.take_own_mounts()
    daemon = rig.start()
    glance.until(archived=1)

    with Unanswering(rig, rig.base / what):
        if what == "archive":
            record_run(rig.root, "SC012")
        rig.wait_for("somebody who waits for it", lambda: disks.waits_for_a_disk(daemon.pid))
        before = glance.turns()
        rig.wait_for("turns", lambda: glance.turns() > before, within=30)
        daemon.terminate()
        assert daemon.wait(60) == 0

    rig.start()
    glance.until(archived=2 if what == "archive" else 1)
    glance.until_all_is_well()
    rig.assert_nothing_was_lost()


class Hanging:
    """The way to the folders on top, one of which does not answer until it is let go."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._answers = threading.Event()
        self._answers.set()
        self.askers: set[str] = set()
        self.waiting = threading.Event()

    def open_top(self, path: str) -> Folder:
        """See `archived.rig.folders.open_top`."""
        self.askers.add(threading.current_thread().name)
        if path == self._path and not self._answers.is_set():
            self.waiting.set()
            assert self._answers.wait(120)
        return open_top(path)

    def hang(self) -> None:
        """From now on whoever asks waits."""
        self._answers.clear()

    def let_go(self) -> None:
        """All of them get their answers."""
        self._answers.set()


def test_each_root_is_looked_at_whatever_the_others_do_and_the_loop_asks_none(
    rig: TestRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = rig.base / "second"
    (other / "SC011").mkdir(parents=True)
    text = rig.configuration.read_text()
    location = "[location:raw-video]\n"
    moved = text.replace(location, f"{location}local_endpoint_local_path = {other}\n")
    assert moved != text
    rig.configuration.write_text(moved)
    disk = Hanging(str(rig.root))
    monkeypatch.setattr(root, "open_top", disk.open_top)
    daemon = InProcess(rig)
    record_run(rig.root)
    with daemon.running():
        try:
            daemon.until("the first", lambda: daemon.archived(1))
            disk.hang()
            assert disk.waiting.wait(60)
            record_video(other)
            daemon.until("the other root's", lambda: daemon.archived(2))
        finally:
            disk.let_go()
        record_run(rig.root, "SC012")
        daemon.until("all", lambda: daemon.archived(3))
    assert disk.askers
    assert daemon.THREAD not in disk.askers
