"""The local mover: copies files between the watched root and a directory, verified, and never over a different file.

It keeps nothing on disk of its own. A task's id is its submission id; after a restart the task is unknown, the
same order is given again, and what is in place already is recognised by its content.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from archived.core.model import BACK, Direction, DirectoryArchive, Receipt, StorageLocation, parent
from archived.core.paths import printable
from archived.courtesy import Recording, Rests, step_back
from archived.errors import ArchiveMissingError, TransferRefusedError, TransferUnavailableError
from archived.ports import (
    Entry,
    Fault,
    Finding,
    TaskReport,
    TaskState,
    TransferOrder,
)
from archived.secrecy.redacting import redact_text
from archived.transfer import local_check, local_listing
from archived.transfer.copying import Copier, Outcome, Piece, sweep
from archived.transfer.folders import folder_below
from archived.transfer.local_check import is_inside
from archived.transfer.local_listing import insist_on_soundness
from archived.transfer.local_task import LocalTask, StoppedError
from archived.transfer.mount_point import MountPoint
from archived.transfer.portions import portions
from archived.transfer.target import LARGE
from archived.transfer.trouble import Trouble

_REMEMBERED_TASKS = 200
_STOP_WITHIN = 1.0
"""Seconds that `close` waits for copies to notice; they look after each buffer."""

_log = logging.getLogger(__name__)

_Work = tuple[LocalTask, Sequence[Piece]]


class LocalTransfers:
    """Copies on `threads` threads of its own, in the order in which tasks were submitted; large files one by one.

    While something is recorded, as `recording` says, half of the time of `monotonic` is left to whoever records. What
    was written is read back from the disk and compared. `now` tells the time of day; without it deadlines are
    not watched, and no rate is reported. `mount` is the archive's mount point as it was first seen, where somebody
    looked at it before.
    """

    def __init__(
        self,
        location: StorageLocation,
        *,
        threads: int = 2,
        now: Callable[[], datetime] | None = None,
        monotonic: Callable[[], float] | None = None,
        recording: Recording | None = None,
        mount: MountPoint | None = None,
    ) -> None:
        if not isinstance(location.archive, DirectoryArchive):
            raise TransferRefusedError(
                f"the archive of location {location.name} is not a directory"
            )
        self._archive = location.archive.path
        root = location.root
        there, back = Copier(root, self._archive), Copier(self._archive, root)
        self._copiers = {
            Direction.ARCHIVE: there,
            Direction.RECORD: there,
            Direction.RETRIEVE: back,
            Direction.VERIFY: back,
        }
        self._now: Callable[[], datetime | None] = now or (lambda: None)
        self._monotonic = monotonic
        self._recording = recording
        self._mount = mount or MountPoint(self._archive)
        self._lock = threading.Lock()
        self._tasks: OrderedDict[str, LocalTask] = OrderedDict()
        self._large = threading.Lock()
        """Held by the thread that copies a large file, which keeps the disks busy by itself."""
        self._closing = threading.Event()
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"copy-{number}", daemon=True)
            for number in range(max(1, threads))
        ]
        for thread in self._threads:
            thread.start()

    def reserve(self) -> str:
        """See `Transfers.reserve`."""
        return str(uuid.uuid4())

    def submit(self, order: TransferOrder) -> str:
        """See `Transfers.submit`. A task that ended is not begun again by its submission id either."""
        for item in order.items:
            insist_on_soundness(item.path)
        if not re.fullmatch("[0-9A-Za-z-]+", order.submission_id):
            raise TransferRefusedError("the submission id cannot be part of a file's name")
        with self._lock:
            if self._closing.is_set():
                raise TransferUnavailableError("the mover was closed")
            if order.submission_id in self._tasks:
                return order.submission_id
        copier = self._copiers[order.direction]
        for folder in (copier.source_root, copier.destination_root):
            _insist_on_folder(folder)
        mount = self._mount.insist()
        sends = order.direction not in BACK
        if sends and is_inside(self._archive, copier.source_root):
            raise TransferRefusedError(
                f"the archive {printable(self._archive)} lies inside the watched folder",
                what_to_do="choose another folder for the archive",
            )
        for folder in {parent(item.path) for item in order.items}:
            sweep(copier.destination_root, folder, order.submission_id)
        self._begin(LocalTask(order, mount))
        return order.submission_id

    def _begin(self, task: LocalTask) -> None:
        with self._lock:
            if self._tasks.setdefault(task.order.submission_id, task) is not task:
                return
            self._forget_old_tasks()
            for pieces in portions(task.items, task.order.submission_id):
                self._work.put((task, pieces))

    def _forget_old_tasks(self) -> None:
        ended = [key for key, task in self._tasks.items() if task.ended]
        for key in ended[: max(0, len(self._tasks) - _REMEMBERED_TASKS)]:
            del self._tasks[key]

    def find(self, submission_id: str, label: str) -> str | None:
        """See `Transfers.find`. Only this process knows its tasks."""
        with self._lock:
            return submission_id if submission_id in self._tasks else None

    def poll(self, task_id: str) -> TaskReport:
        """See `Transfers.poll`."""
        task = self._task(task_id)
        if task is None or (self._closing.is_set() and not task.ended):
            return TaskReport(TaskState.UNKNOWN)
        return task.report(self._now())

    def receipts(self, task_id: str) -> Iterator[Receipt]:
        """See `Transfers.receipts`. A task of an earlier process proves nothing any more, so nothing is listed."""
        task = self._task(task_id)
        if task is None:
            return
        if not task.ended:
            raise TransferUnavailableError("the transfer has not ended yet")
        # Files that a disk which was mounted later hides are in no archive.
        if self._mount.insist() == task.mount:
            yield from task.receipts()

    def list(self, path: str) -> Sequence[Entry]:
        """See `Transfers.list`. Files that are being copied are not shown."""
        self._insist_on_archive()
        return local_listing.entries(self._archive, path)

    def stat(self, path: str) -> Entry | None:
        """See `Transfers.stat`."""
        self._insist_on_archive()
        return local_listing.entry(self._archive, path)

    def cancel(self, task_id: str) -> None:
        """See `Transfers.cancel`."""
        task = self._task(task_id)
        if task is not None:
            task.end(Fault("CANCELED", "cancelled", at=self._now()))

    def check(self) -> Sequence[Finding]:
        """See `Transfers.check`."""
        return local_check.check(self._copiers[Direction.ARCHIVE].source_root, self._archive)

    def close(self) -> None:
        """See `Transfers.close`."""
        self._closing.set()
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join(_STOP_WITHIN / len(self._threads))

    def _task(self, task_id: str) -> LocalTask | None:
        with self._lock:
            return self._tasks.get(task_id)

    def _is_recording(self) -> bool:
        return self._recording is not None and self._recording.under_way()

    def _rests(self) -> Callable[[], None]:
        if self._monotonic is None:
            return lambda: None
        return Rests(self._closing, self._monotonic, self._is_recording)

    def _serve(self) -> None:
        step_back(idle=False)
        rests = self._rests()
        while (work := self._work.get()) is not None and not self._closing.is_set():
            task, pieces = work
            try:
                self._copy(task, pieces, rests)
            except StoppedError:
                if self._closing.is_set():
                    return  # the task has not ended; the next process goes on with it
            task.leave(len(pieces))

    def _copy(self, task: LocalTask, pieces: Sequence[Piece], rests: Callable[[], None]) -> None:
        try:
            self._copy_together(task, pieces, rests)
        except StoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - the next lines say why
            # A mistake of ours must not leave the other files waiting for a thread that is gone.
            if len(pieces) > 1:
                for piece in pieces:
                    self._copy(task, [piece], rests)
                return
            _log.exception("a copy failed in a way that nobody thought of")
            trouble = Trouble("INTERNAL_ERROR", redact_text(repr(error)))
            task.failed(pieces[0].item.path, trouble, self._now())

    def _copy_together(
        self, task: LocalTask, pieces: Sequence[Piece], rests: Callable[[], None]
    ) -> None:
        def progress(count: int) -> None:
            rests()
            if self._closing.is_set():
                raise StoppedError
            task.insist(self._now())
            task.wrote(count)

        task.insist(self._now())
        task.begin(self._now())
        try:
            copier = self._copiers[task.order.direction]
            with self._large if pieces[0].item.size >= LARGE else contextlib.nullcontext():
                outcomes: Sequence[Outcome] = copier.copy(
                    pieces,
                    progress,
                    together=not self._is_recording(),
                    insist=lambda: self._insist_on_mount(task),
                )
        except Trouble as trouble:
            outcomes = [(pieces[0], trouble)]
        for piece, outcome in outcomes:
            if isinstance(outcome, Trouble):
                task.failed(piece.item.path, outcome, self._now())
            else:
                task.copied(piece.item.path, piece.item.size, outcome)

    def _insist_on_archive(self) -> None:
        _insist_on_folder(self._archive)
        self._mount.insist()

    def _insist_on_mount(self, task: LocalTask) -> None:
        """What is copied into an empty mount point is lost from sight as soon as the disk is mounted again."""
        if self._mount.now() != task.mount:
            where = "source" if task.order.direction in BACK else "destination"
            raise Trouble(
                "ENDPOINT_ERROR",
                f"the {where} {printable(self._archive)} is not mounted any more, or was mounted meanwhile",
                stops=True,
            )


def _insist_on_folder(path: str) -> None:
    try:
        with folder_below(path, []):
            pass
    except OSError as error:
        raise ArchiveMissingError(
            f"{printable(path)} cannot be used: {error.strerror}",
            what_to_do=f"mount it, or make it: {printable(path)}",
        ) from error
