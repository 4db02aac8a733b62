"""What the conformance suite needs of each mover: two ends to look at, a way to wait, and faults to order."""

from __future__ import annotations

import errno
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from archived import clock
from archived.core.model import Checksum, Direction, DirectoryArchive, StorageLocation
from archived.errors import TransferUnavailableError
from archived.ports import Fault, TaskReport, TaskState, TransferItem, TransferOrder, Transfers
from archived.transfer import folders
from archived.transfer.late import LateMover
from archived.transfer.local import LocalTransfers
from tests.fakes import FakeTransfers

ENDED = frozenset({TaskState.SUCCEEDED, TaskState.FAILED, TaskState.UNKNOWN})
PATIENCE = 20.0
"""Seconds that a test waits for a task before it fails."""


class Bench(Protocol):
    """One mover with both of its ends."""

    mover: Transfers

    def put(self, path: str, data: bytes) -> None:
        """Record a file on the rig."""

    def remove(self, path: str) -> None:
        """Remove a file from the rig."""

    def rig(self, path: str) -> bytes | None:
        """What the rig holds."""

    def store(self, path: str, data: bytes) -> None:
        """Put a file into the archive behind the mover's back."""

    def archived(self, path: str) -> bytes | None:
        """What the archive holds."""

    def restart(self) -> None:
        """The program is killed and started again."""

    def lose_reply(self) -> None:
        """The next submission is accepted, and its answer is lost."""

    def hold(self) -> None:
        """Tasks make no progress from now on."""

    def go_on(self) -> None:
        """They do again."""

    def go_offline(self) -> None:
        """The archive cannot be reached."""

    def come_back(self) -> None:
        """It can be reached again."""

    def fill_archive(self) -> None:
        """The archive takes no more bytes."""

    def forbid(self, path: str) -> None:
        """The rig does not let a file be read."""

    def expire(self, task_id: str) -> None:
        """The deadline of a task passes."""

    def close(self) -> None:
        """Let go of everything."""


@dataclass
class Order:
    """Builds orders for what is on a bench."""

    bench: Bench

    def __call__(
        self,
        *paths: str,
        direction: Direction = Direction.ARCHIVE,
        overwrite: bool = False,
        external: Checksum | None = None,
        deadline: timedelta = timedelta(hours=1),
        submission_id: str | None = None,
        label: str | None = None,
    ) -> TransferOrder:
        size_at = self.bench.rig if direction is Direction.ARCHIVE else self.bench.archived
        return TransferOrder(
            submission_id=submission_id or self.bench.mover.reserve(),
            label=label or f"archived test-rig {uuid.uuid4()}",
            direction=direction,
            items=[
                TransferItem(path, len(size_at(path) or b""), external, overwrite) for path in paths
            ],
            deadline=clock.now() + deadline,
        )


def until(
    bench: Bench, task_id: str, condition: Callable[[TaskReport], bool], *, pause: float = 0.02
) -> TaskReport:
    """Ask about a task until the condition holds."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE / pause)):
        report = bench.mover.poll(task_id)
        if condition(report):
            return report
        waiting.wait(pause)
    raise AssertionError(f"it never came to that: {report}")


def ended(bench: Bench, task_id: str) -> TaskReport:
    """Ask about a task until it has ended."""
    return until(bench, task_id, lambda report: report.state in ENDED)


def codes(faults: Iterable[Fault]) -> Sequence[tuple[str, str | None]]:
    """What faults say, for comparing."""
    return [(fault.code, fault.path) for fault in faults]


class FakeBench:
    """The mover in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.mover: FakeTransfers = FakeTransfers(self.files, steps=2)

    def put(self, path: str, data: bytes) -> None:
        self.files[path] = data

    def remove(self, path: str) -> None:
        del self.files[path]

    def rig(self, path: str) -> bytes | None:
        return self.files.get(path)

    def store(self, path: str, data: bytes) -> None:
        self.mover.archive[path] = data

    def archived(self, path: str) -> bytes | None:
        return self.mover.archive.get(path)

    def restart(self) -> None:
        """The service that it plays does not notice."""

    def lose_reply(self) -> None:
        self.mover.lose_reply("submit")

    def hold(self) -> None:
        self.mover.by_itself = False

    def go_on(self) -> None:
        self.mover.by_itself = True

    def go_offline(self) -> None:
        self.mover.online = False

    def come_back(self) -> None:
        self.mover.online = True

    def fill_archive(self) -> None:
        for path in self.files:
            self.mover.break_file(path, "QUOTA_EXCEEDED")

    def forbid(self, path: str) -> None:
        self.mover.break_file(path, "SOURCE_PERMISSION_DENIED")

    def expire(self, task_id: str) -> None:
        self.mover.end(task_id, "EXPIRED")

    def close(self) -> None:
        self.mover.close()


class DiskEnds:
    """Two real folders that stand for the rig and the archive."""

    def __init__(self, base: Path) -> None:
        self.rig_folder = base / "rig"
        self.archive_folder = base / "archive"
        self.rig_folder.mkdir()
        self.archive_folder.mkdir()
        # A root that holds nothing at all counts as not mounted.
        (self.rig_folder / ".keep").touch()

    def put(self, path: str, data: bytes) -> None:
        _write(self.rig_folder / path, data)

    def remove(self, path: str) -> None:
        (self.rig_folder / path).unlink()

    def rig(self, path: str) -> bytes | None:
        return _read(self.rig_folder / path)

    def store(self, path: str, data: bytes) -> None:
        _write(self.archive_folder / path, data)

    def archived(self, path: str) -> bytes | None:
        return _read(self.archive_folder / path)


class LocalBench(DiskEnds):
    """The local mover on two folders. Faults of the disk come from the one door through which it goes to the disk."""

    def __init__(self, base: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(base)
        self._patch = patch
        self._later = timedelta(0)
        self._may_copy = threading.Event()
        self._may_copy.set()
        self.location = StorageLocation(
            name="raw",
            archive=DirectoryArchive(str(self.archive_folder)),
            conventions=(),
            root=str(self.rig_folder),
        )
        self.mover: Transfers = self._new()

    def _new(self) -> Transfers:
        return LocalTransfers(self.location, threads=2, now=self._now)

    def _now(self) -> datetime:
        if threading.current_thread().name.startswith("copy-"):
            self._may_copy.wait(PATIENCE)
        return clock.now() + self._later

    def restart(self) -> None:
        self._may_copy.set()
        self.mover.close()
        self.mover = self._new()

    def lose_reply(self) -> None:
        """Nothing is between us and a local mover but the life of the process."""
        submit, patch = self.mover.submit, self._patch

        def answer_is_lost(order: TransferOrder) -> str:
            patch.undo()
            submit(order)
            raise TransferUnavailableError("the connection broke")

        patch.setattr(self.mover, "submit", answer_is_lost)

    def hold(self) -> None:
        self._may_copy.clear()

    def go_on(self) -> None:
        self._may_copy.set()

    def go_offline(self) -> None:
        self.archive_folder.rename(self.archive_folder.with_name("away"))

    def come_back(self) -> None:
        self.archive_folder.with_name("away").rename(self.archive_folder)

    def fill_archive(self) -> None:
        full = "/dev/full"
        self._at_the_door("open_to_write", lambda folder, name: os.open(full, os.O_RDWR))

    def forbid(self, path: str) -> None:
        forbidden = path.rpartition("/")[2]
        really = folders.DescriptorFolder.open_to_read

        def refuse(folder: folders.DescriptorFolder, name: str) -> int:
            if name == forbidden:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
            return really(folder, name)

        self._at_the_door("open_to_read", refuse)

    def expire(self, task_id: str) -> None:
        self._later = timedelta(days=30)

    def _at_the_door(self, verb: str, instead: Callable[..., Any]) -> None:
        self._patch.setattr(folders.DescriptorFolder, verb, instead)

    def close(self) -> None:
        self._may_copy.set()
        self.mover.close()


class LateBench(LocalBench):
    """The same mover, made when it is asked something for the first time."""

    def _new(self) -> Transfers:
        return LateMover(super()._new)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
