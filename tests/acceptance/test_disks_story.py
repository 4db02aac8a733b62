"""A day on which every disk fails: one fault after the other, in any order, while recordings are made."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.acceptance import disks
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance
from tests.acceptance.promises import Untouched
from tests.acceptance.test_a_rig import record, session
from tests.acceptance.unanswering import DEVICE, Unanswering

SEED = int(os.environ.get("STORY_SEED", random.SystemRandom().randrange(1_000_000)))

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]

Fault = Callable[[], AbstractContextManager[None]]


class Day:
    """A rig with a disk of its own under everything, and what may happen to each."""

    def __init__(self, rig: TestRig) -> None:
        self.rig = rig
        self.recordings = rig.base / "recordings"
        self.mounted = {
            rig.root: self.recordings,
            rig.archive: rig.base / "nas",
        }
        rig.environment["ARCHIVED_ARCHIVED_SPOOL"] = str(rig.base / "spool")
        rig.take_own_mounts()
        for name in ("state", "spool", "nas"):
            disks.small_disk(rig, rig.base / name, "size=20m")
        for name in ("ephys", "video"):
            (disks.seen(rig, rig.base / "nas") / name).mkdir()
        self.recordings.mkdir()
        for point, disk in self.mounted.items():
            rig.mount("--bind", str(disk), str(point))
        self.daemon = rig.start()
        self._told_before = 0

    def faults(self) -> list[Fault]:
        """Each once."""
        full = [self._full(name) for name in ("state", "spool", "nas")]
        read_only = [self._read_only(name) for name in ("spool", "nas")]
        away = [self._away(point) for point in self.mounted]
        hanging = [self._hanging] if os.path.exists(DEVICE) else []
        return [
            *full,
            *read_only,
            *away,
            *hanging,
            self._another_root,
            self._stopped,
            self._no_files,
        ]

    def mend(self) -> None:
        """As systemd does with a daemon that ended."""
        if self.daemon.poll() is not None:
            assert self.daemon.returncode == 1
            self._told_before = len(disks.log_of(self.rig))
            self.daemon = self.rig.start()

    def _begun_or_ended(self) -> bool:
        """Python itself cannot begin without open files, which is no business of ours."""
        ended = self.daemon.poll() is not None
        return ended or '"daemon started"' in disks.log_of(self.rig)[self._told_before :]

    def _full(self, name: str) -> Fault:
        @contextmanager
        def full() -> Iterator[None]:
            ballast = disks.fill(disks.seen(self.rig, self.rig.base / name))
            yield
            ballast.unlink()

        return full

    def _read_only(self, name: str) -> Fault:
        @contextmanager
        def read_only() -> Iterator[None]:
            folder = str(self.rig.base / name)
            # A file that is being written keeps the kernel from it, for that moment.
            remount = [*self.rig.prefix, "mount", "-o", "remount,ro", folder]
            self.rig.wait_for(
                "a moment without writers",
                lambda: subprocess.run(remount, capture_output=True, check=False).returncode == 0,
            )
            yield
            self.rig.mount("-o", "remount,rw", folder)

        return read_only

    def _away(self, point: Path) -> Fault:
        @contextmanager
        def away() -> Iterator[None]:
            self.rig.mount("umount", "-l", str(point))
            yield
            self.rig.mount("--bind", str(self.mounted[point]), str(point))

        return away

    @contextmanager
    def _another_root(self) -> Iterator[None]:
        self.rig.mount("-t", "tmpfs", "tmpfs", str(self.rig.root))
        (disks.seen(self.rig, self.rig.root) / "SC099").mkdir()
        yield
        self.rig.mount("umount", "-l", str(self.rig.root))

    @contextmanager
    def _hanging(self) -> Iterator[None]:
        with Unanswering(self.rig, self.rig.root):
            yield

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        self.daemon.send_signal(signal.SIGSTOP)
        yield
        self.daemon.send_signal(signal.SIGCONT)

    @contextmanager
    def _no_files(self) -> Iterator[None]:
        self.rig.wait_for("a daemon that has begun, or ended", self._begun_or_ended)
        if self.daemon.poll() is not None:
            yield
            return
        pid = self.daemon.pid
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, usual[1]))
        yield
        if self.daemon.poll() is None:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)


def test_whatever_disk_fails_and_in_whatever_order_every_byte_is_proved_in_the_end(
    rig: TestRig,
) -> None:
    chance = random.Random(SEED)
    day = Day(rig)
    point, rig.root = rig.root, day.recordings
    written = session(rig, seed=SEED)
    faults = day.faults()
    chance.shuffle(faults)
    told: list[str] = []
    recorded = threading.Event()

    def all_day() -> None:
        record(written, 0.3)
        recorded.set()

    recording = threading.Thread(target=all_day)
    rig.root = point
    recording.start()
    try:
        for fault in faults:
            told.append(fault.__qualname__)
            with fault():
                threading.Event().wait(chance.uniform(0.5, 2.5))
            threading.Event().wait(chance.uniform(0.0, 1.0))
            day.mend()
        recording.join(120)
        assert recorded.is_set()
        before = Untouched.of(day.recordings)
        glance = Glance(rig)

        def all_archived() -> bool:
            day.mend()
            return glance.counts() == {"archived": 3}

        rig.wait_for("all of them", all_archived, within=120)
        rig.root, rig.archive = day.recordings, disks.seen(rig, rig.base / "nas")
        rig.assert_nothing_was_lost()
        glance.until_all_is_well()
        # A record that could not be written has its next turn within a minute.
        rig.wait_for(
            "the records", lambda: len(list(rig.archive.rglob("record.json"))) == 3, within=120
        )
        disks.until_no_leftovers(rig)
        assert Untouched.of(day.recordings) == before
        disks.assert_nothing_went_missing(rig)
        assert "Traceback" not in disks.log_of(rig)
        assert "mistake in this program" not in disks.log_of(rig)
        assert day.daemon.poll() is None
    except BaseException as error:
        error.add_note(f"STORY_SEED={SEED}: {told}")
        raise
    finally:
        recording.join(120)
