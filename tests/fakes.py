"""A mover in memory: deterministic, moved on step by step, with faults to order. It behaves as Globus does.

The archive is a dictionary from path to bytes. Nothing here knows a clock: a task moves on by one step whenever it
is asked about (or, with `by_itself=False`, when the test says `step()`), and expires when the test says so.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archived.core.model import BACK, Checksum, Direction, Receipt
from archived.errors import ArchivedError, TransferRefusedError, TransferUnavailableError
from archived.ports import (
    Entry,
    EntryType,
    Fault,
    Finding,
    TaskReport,
    TaskState,
    TransferItem,
    TransferOrder,
)

MAX_ACTIVE = 3
"""As many tasks of one user run at a time at Globus."""

ENDS_THE_TASK = frozenset(
    {"EXTERNAL_CHECKSUM_MISMATCH", "QUOTA_EXCEEDED", "EXPIRED", "CANCELED", "CANCELED_BY_ADMIN"}
)
"""Faults that end a Globus task at once; with all others it stays active and tries again."""


@dataclass
class FakeTask:
    """One task, as the service knows it."""

    id: str
    order: TransferOrder
    state: TaskState = TaskState.QUEUED
    waiting: list[TransferItem] = field(default_factory=list)
    moved: dict[str, int] = field(default_factory=dict)
    """Sizes of the files that it really moved, by path."""
    in_place: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    faulty: bool = False

    @property
    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state not in (TaskState.SUCCEEDED, TaskState.FAILED)

    @property
    def paths(self) -> frozenset[str]:
        """What it moves."""
        return frozenset(item.path for item in self.order.items)


class FakeTransfers:
    """See the module. `files` is the rig: a dictionary, or a folder that is read when files are moved.

    `steps` is how many steps a task takes to move all of its files.
    """

    def __init__(
        self,
        files: Mapping[str, bytes] | Path,
        *,
        archive: Mapping[str, bytes] | None = None,
        steps: int = 1,
        by_itself: bool = True,
    ) -> None:
        self.files = files
        self.archive: dict[str, bytes] = dict(archive or {})
        self.steps = steps
        self.by_itself = by_itself
        self.tasks: dict[str, FakeTask] = {}
        self.calls: Counter[str] = Counter()
        """How often each verb was called."""
        self.overwritten: list[str] = []
        """Archived files that a different one was put over, although the item did not allow it."""
        self.online = True
        self.suspended = ""
        """Why all tasks are suspended; "" when they are not."""
        self.closed = False
        self._numbers = itertools.count(1)
        self._refusals: dict[str, list[ArchivedError]] = {}
        self._lost_replies: Counter[str] = Counter()
        self._file_faults: dict[str, tuple[str, int | None]] = {}
        self._vanishing: set[str] = set()
        self._unlisted: set[str] = set()

    # -- what a test orders -----------------------------------------------------------------------------------

    def refuse(self, verb: str, error: ArchivedError, *, times: int = 1) -> None:
        """The next calls of a verb raise this, and have no effect."""
        self._refusals.setdefault(verb, []).extend([error] * times)

    def mend(self, verb: str) -> None:
        """Undo `refuse`."""
        self._refusals.pop(verb, None)

    def lose_reply(self, verb: str = "submit", *, times: int = 1) -> None:
        """The next calls of a verb have their effect, and then raise as if the connection had broken."""
        self._lost_replies[verb] += times

    def break_file(self, path: str, code: str, *, times: int | None = None) -> None:
        """Moving this file ends with this fault; `times` is after how many tries it is well again."""
        self._file_faults[path] = (code, times)

    def mend_file(self, path: str) -> None:
        """Undo `break_file`."""
        self._file_faults.pop(path, None)

    def vanish_after_success(self, *paths: str) -> None:
        """The next task says that it moved these, and they are not there."""
        self._vanishing.update(paths)

    def leave_out_of_lists(self, *paths: str) -> None:
        """These are moved, but no task lists them; only a look at the archive finds them."""
        self._unlisted.update(paths)

    def end(self, task_id: str, code: str, *, path: str | None = None) -> None:
        """A task ends without success: EXPIRED, CANCELED_BY_ADMIN, QUOTA_EXCEEDED …"""
        task = self.tasks[task_id]
        task.state, task.faulty = TaskState.FAILED, False
        task.faults.insert(0, Fault(code, code.lower().replace("_", " "), path))

    def forget(self, task_id: str) -> None:
        """The service does not know this task any more."""
        del self.tasks[task_id]

    def step(self, times: int = 1) -> None:
        """Move every task on."""
        for _ in range(times):
            for task in list(self.tasks.values()):
                self._advance(task)

    # -- what a test looks at ----------------------------------------------------------------------------------

    def tasks_of(self, path: str) -> int:
        """How many tasks were ever begun for a file."""
        return sum(path in task.paths for task in self.tasks.values())

    def moves_of(self, path: str) -> int:
        """How many tasks really moved a file, rather than finding it in place."""
        return sum(path in task.moved for task in self.tasks.values())

    def under_way(self) -> Sequence[FakeTask]:
        """The tasks that have not ended."""
        return [task for task in self.tasks.values() if task.under_way]

    # -- the port ----------------------------------------------------------------------------------------------

    def reserve(self) -> str:
        """See `Transfers.reserve`."""
        self._called("reserve")
        return f"00000000-0000-4000-9000-{next(self._numbers):012}"

    def submit(self, order: TransferOrder) -> str:
        """See `Transfers.submit`."""
        self._called("submit")
        task = self._submitted(order)
        self._answered("submit")
        return task.id

    def _submitted(self, order: TransferOrder) -> FakeTask:
        for item in order.items:
            if {"", ".", ".."} & set(item.path.split("/")):
                raise TransferRefusedError(f"the path {item.path!r} is refused")
        for task in self.tasks.values():
            if task.order.submission_id == order.submission_id:
                return task
        paths = frozenset(item.path for item in order.items)
        for task in self.under_way():
            if task.paths == paths and task.order.direction is order.direction:
                if task.order.label == order.label:
                    return task
                raise TransferUnavailableError("another transfer with the same paths has not ended")
        task = FakeTask(f"task-{next(self._numbers):04}", order, waiting=list(order.items))
        self.tasks[task.id] = task
        return task

    def find(self, submission_id: str, label: str) -> str | None:
        """See `Transfers.find`."""
        self._called("find")
        found = (each for each in self.tasks.values() if each.order.submission_id == submission_id)
        task_id = next((each.id for each in found), None)
        self._answered("find")
        return task_id

    def poll(self, task_id: str) -> TaskReport:
        """See `Transfers.poll`."""
        self._called("poll")
        task = self.tasks.get(task_id)
        if task is None:
            return TaskReport(TaskState.UNKNOWN)
        if self.by_itself:
            self._advance(task)
        self._answered("poll")
        suspended = self.suspended if task.under_way else ""
        done = [*task.moved, *task.in_place]
        sizes = {item.path: item.size for item in task.order.items}
        return TaskReport(
            state=TaskState.SUSPENDED if suspended else task.state,
            nice_status=suspended or (task.faults[0].code if task.faulty else ""),
            faulty=task.faulty,
            files_done=len(done),
            bytes_done=sum(sizes[path] for path in done),
            rate=1e6 if task.state is TaskState.ACTIVE else None,
            faults=tuple(task.faults),
        )

    def receipts(self, task_id: str) -> Iterator[Receipt]:
        """See `Transfers.receipts`."""
        self._called("receipts")
        task = self.tasks.get(task_id)
        if task is None:
            return
        if task.under_way:
            raise TransferUnavailableError("the transfer has not ended yet")
        for path, size in task.moved.items():
            if path not in self._unlisted:
                data = self._destination(task.order.direction).get(path, b"")
                digest = hashlib.sha256(data).hexdigest()
                yield Receipt(path, size, Checksum("SHA256", digest), "successful transfers")

    def list(self, path: str) -> Sequence[Entry]:
        """See `Transfers.list`."""
        self._called("list")
        prefix = f"{path}/" if path else ""
        found: dict[str, Entry] = {}
        for archived, data in sorted(self.archive.items()):
            if archived.startswith(prefix):
                name, below, _ = archived[len(prefix) :].partition("/")
                folder = Entry(name, EntryType.FOLDER)
                found[name] = folder if below else Entry(name, EntryType.FILE, len(data))
        return list(found.values())

    def stat(self, path: str) -> Entry | None:
        """See `Transfers.stat`."""
        self._called("stat")
        name = path.rpartition("/")[2]
        if path in self.archive:
            return Entry(name, EntryType.FILE, len(self.archive[path]))
        if any(archived.startswith(f"{path}/") for archived in self.archive):
            return Entry(name, EntryType.FOLDER)
        return None

    def cancel(self, task_id: str) -> None:
        """See `Transfers.cancel`."""
        self._called("cancel")
        task = self.tasks.get(task_id)
        if task is not None and task.under_way:
            self.end(task_id, "CANCELED")
        self._answered("cancel")

    def check(self) -> Sequence[Finding]:
        """See `Transfers.check`."""
        self._called("check")
        return [
            Finding(True, "logged in as somebody"),
            Finding(self.online, "the archive is reachable", "" if self.online else "wait"),
        ]

    def close(self) -> None:
        """See `Transfers.close`."""
        self.closed = True

    # -- how it works --------------------------------------------------------------------------------------------

    def _called(self, verb: str) -> None:
        self.calls[verb] += 1
        waiting = self._refusals.get(verb)
        if waiting:
            raise waiting.pop(0)

    def _answered(self, verb: str) -> None:
        if self._lost_replies[verb] > 0:
            self._lost_replies[verb] -= 1
            raise TransferUnavailableError("the connection broke before the answer came")

    def _advance(self, task: FakeTask) -> None:
        if not task.under_way or self.suspended:
            return
        if task.state is TaskState.QUEUED:
            if sum(each.state is TaskState.ACTIVE for each in self.tasks.values()) >= MAX_ACTIVE:
                return
            task.state = TaskState.ACTIVE
        if not self.online:
            self._fault(task, Fault("GC_NOT_CONNECTED", "the collection is not connected"))
            return
        task.faulty = False
        at_once = -(-len(task.order.items) // self.steps)
        for item in task.waiting[:at_once]:
            code = self._trouble(task, item)
            if code in ENDS_THE_TASK:
                self.end(task.id, code, path=item.path)
                return
            if code:
                self._fault(task, Fault(code, code.lower().replace("_", " "), item.path))
            else:
                self._move(task, item)
        if not task.waiting:
            task.state = TaskState.SUCCEEDED

    def _fault(self, task: FakeTask, fault: Fault) -> None:
        task.faulty = True
        if fault in task.faults:
            task.faults.remove(fault)
        task.faults.insert(0, fault)
        broken = {each.path for each in task.faults}
        # What goes well comes first, as a service with several connections does it.
        task.waiting.sort(key=lambda item: item.path in broken)

    def _trouble(self, task: FakeTask, item: TransferItem) -> str:
        code, times = self._file_faults.get(item.path, ("", 0))
        if code and times is not None:
            self._file_faults[item.path] = (code, times - 1)
            if times <= 1:
                self.mend_file(item.path)
        if code:
            return code
        data = self._source(task.order.direction).get(item.path)
        if data is None:
            return "FILE_NOT_FOUND"
        if len(data) != item.size:
            return "FILE_SIZE_CHANGED"
        external = item.external_checksum
        if external is None:
            return ""
        found = hashlib.new(external.algorithm.lower(), data, usedforsecurity=False).hexdigest()
        return "" if found == external.value.lower() else "EXTERNAL_CHECKSUM_MISMATCH"

    def _move(self, task: FakeTask, item: TransferItem) -> None:
        task.waiting.remove(item)
        data = self._source(task.order.direction)[item.path]
        destination = self._destination(task.order.direction)
        present = destination.get(item.path)
        if present == data:
            task.in_place.add(item.path)
            return
        if present is not None and not item.overwrite:
            self.overwritten.append(item.path)
        task.moved[item.path] = len(data)
        if item.path in self._vanishing:
            self._vanishing.remove(item.path)
        else:
            destination[item.path] = data

    def _source(self, direction: Direction) -> Mapping[str, bytes]:
        return self.archive if direction in BACK else self._rig()

    def _destination(self, direction: Direction) -> MutableMapping[str, bytes]:
        return self._rig() if direction in BACK else self.archive

    def _rig(self) -> MutableMapping[str, bytes]:
        if isinstance(self.files, Path):
            return FolderFiles(self.files)
        assert isinstance(self.files, MutableMapping)
        return self.files


class FolderFiles(MutableMapping[str, bytes]):
    """The files of a folder as a dictionary."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, path: str) -> bytes:
        try:
            return (self._folder / path).read_bytes()
        except OSError as error:
            raise KeyError(path) from error

    def __setitem__(self, path: str, data: bytes) -> None:
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_bytes(data)

    def __delitem__(self, path: str) -> None:
        (self._folder / path).unlink()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths())

    def __len__(self) -> int:
        return len(self._paths())

    def _paths(self) -> Sequence[str]:
        return [
            path.relative_to(self._folder).as_posix()
            for path in sorted(self._folder.rglob("*"))
            if path.is_file()
        ]
