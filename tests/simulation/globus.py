"""A service that moves files, as Globus does it and as it goes wrong: it knows the true time, and nothing of our store.

Tasks go on by themselves. A file that is being moved lies in the archive in part; what is there is replaced by what
differs, without a question.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from archived.core.model import (
    BACK,
    Checksum,
    CollectionArchive,
    Direction,
    Receipt,
    StorageLocation,
)
from archived.errors import (
    ArchivedError,
    ArchiveMissingError,
    LoginRequiredError,
    NotPermittedError,
    TransferRefusedError,
    TransferUnavailableError,
)
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

RUNNING = 3
ENDS_THE_TASK = frozenset(
    {"EXTERNAL_CHECKSUM_MISMATCH", "QUOTA_EXCEEDED", "EXPIRED", "CANCELED", "CANCELED_BY_ADMIN"}
)


@dataclass
class Copy:
    """What the archive holds under one path."""

    content: bytes
    by: str
    """The task that put it there, or "somebody"."""
    at: float
    whole: bool = True


@dataclass
class Moving:
    """The file that a task is at."""

    item: TransferItem
    size: int
    until: float


@dataclass
class Task:
    """One task, as the service knows it."""

    id: str
    order: TransferOrder
    location: StorageLocation
    begun: float
    state: TaskState = TaskState.QUEUED
    waiting: list[TransferItem] = field(default_factory=list)
    moving: Moving | None = None
    moved: dict[str, bytes] = field(default_factory=dict)
    """What it really moved, by path."""
    in_place: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    faulty: bool = False
    again: float = 0.0
    """When it tries again what went wrong."""
    suspended: bool = False
    ended: float = 0.0
    late: bool = False
    """Whether its order came from a process that was dead by then."""

    @property
    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state not in (TaskState.SUCCEEDED, TaskState.FAILED)

    @property
    def paths(self) -> list[str]:
        """Where it writes."""
        return [destination(self.location, item.path) for item in self.order.items]


@dataclass
class Trouble:
    """What calls of a verb run into: before they have an effect, or after it. The first `skip` go well."""

    verb: str
    error: str
    after: bool
    times: int
    skip: int = 0


ERRORS: dict[str, Callable[[], BaseException]] = {
    "away": lambda: TransferUnavailableError("connection reset by peer"),
    "busy": lambda: TransferUnavailableError("429: too many requests", retry_after=90.0),
    "503": lambda: TransferUnavailableError("503: out of order"),
    "refused": lambda: TransferRefusedError("400: bad request"),
    "forbidden": lambda: NotPermittedError("403: forbidden"),
    "login": lambda: LoginRequiredError("401: log in", what_to_do="archivedctl login"),
    "missing": lambda: ArchiveMissingError("404: no such collection"),
    "bug": lambda: ValueError("what nobody expected"),
}


def destination(location: StorageLocation, path: str) -> str:
    """The path in the archive, the same for all locations that go to one archive."""
    archive = location.archive
    assert isinstance(archive, CollectionArchive)
    return f"{archive.collection}:{archive.path.rstrip('/')}/{path}"


class Service:
    """Globus, with the archive behind it.

    `now` is the true time in seconds, `wall_of` what a rig's time means in it, `read` reads a file on the rig (None:
    there is none), and `on_put` hears of every file that is put over another.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        read: Callable[[StorageLocation, str], bytes | None],
        on_put: Callable[[Task, TransferItem, Copy | None, bytes | None], None],
        on_task: Callable[[Task], None],
    ) -> None:
        self.now, self._read, self._on_put, self._on_task = now, read, on_put, on_task
        self.archive: dict[str, Copy] = {}
        self.tasks: dict[str, Task] = {}
        self.by_submission: dict[str, str] = {}
        self.online = True
        self.connected = True
        """Whether the rig's own end (Globus Connect Personal) runs."""
        self.seconds_a_file = 5.0
        self.bytes_a_second = 200.0
        self.full = False
        self.broken: dict[str, str] = {}
        """By path from the root, the fault that moving a file runs into."""
        self.unlisted: set[str] = set()
        """Paths that no task lists although it moved them."""
        self.lost_on_arrival: dict[str, str] = {}
        """Paths that a task says to have moved, and of which half, or nothing, is there; they are not listed."""
        self.shy: set[str] = set()
        """Tasks that the service does not know just now."""
        self.unseen: set[str] = set()
        """Folders, from the root, that may not be listed."""
        self.number = 0
        self.finished_moves = 0

    def submit(self, location: StorageLocation, order: TransferOrder, *, late: bool = False) -> str:
        """Begin a task; the same submission id again gives the same task."""
        known = self.by_submission.get(order.submission_id)
        if known is not None:
            return known
        task = Task("", order, location, self.now(), waiting=list(order.items), late=late)
        for other in self.tasks.values():
            if other.under_way and set(other.paths) == set(task.paths):
                if other.order.label == order.label:
                    return other.id
                raise TransferUnavailableError("another transfer with the same paths has not ended")
        self.number += 1
        task.id = f"task-{self.number:04}"
        self._on_task(task)
        self.tasks[task.id] = task
        self.by_submission[order.submission_id] = task.id
        return task.id

    def end(self, task: Task, code: str, path: str | None = None) -> None:
        """End a task without success."""
        if task.under_way:
            task.moving = None
            task.state, task.faulty, task.ended = TaskState.FAILED, False, self.now()
            task.faults.insert(0, Fault(code, code.lower().replace("_", " "), path))

    def forget(self, task: Task) -> None:
        """The service does not know a task that ended any more, nor its submission id."""
        del self.tasks[task.id]
        self.by_submission.pop(task.order.submission_id, None)

    def go_on(self) -> None:
        """Let every task do what it has done by now."""
        progress = True
        while progress:
            running = [each for each in self.tasks.values() if each.state is TaskState.ACTIVE]
            queued = [each for each in self.tasks.values() if each.state is TaskState.QUEUED]
            for task in queued[: max(0, RUNNING - len(running))]:
                task.state, task.again = TaskState.ACTIVE, self.now()
            progress = any(
                self._advance(each) for each in list(self.tasks.values()) if each.under_way
            )

    def _advance(self, task: Task) -> bool:
        """Do the next thing that a task has done by now; False where there is none."""
        now = self.now()
        if task.order.deadline.timestamp() < now:
            self.end(task, "EXPIRED")
            return True
        if task.state is not TaskState.ACTIVE or task.suspended or task.again > now:
            return False
        if not (self.online and self.connected):
            task.moving, task.again = None, now + 60
            self._fault(task, Fault("GC_NOT_CONNECTED", "the collection is not connected"))
            return False
        if task.moving is None:
            return self._begin_next(task)
        if task.moving.until > now:
            return False
        self._finish(task, task.moving)
        return True

    def _begin_next(self, task: Task) -> bool:
        if not task.waiting:
            task.state, task.faulty, task.ended = TaskState.SUCCEEDED, False, self.now()
            return True
        item = task.waiting[0]
        content = self._read(task.location, item.path)
        code = self.broken.get(item.path, "")
        if self.full:
            code = "QUOTA_EXCEEDED"
        elif content is None and not code:
            code = "FILE_NOT_FOUND"
        if code:
            self._trouble(task, item, code)
            return code in ENDS_THE_TASK
        assert content is not None
        task.faulty = False
        took = self.seconds_a_file + len(content) / self.bytes_a_second
        there = self.archive.get(destination(task.location, item.path))
        in_place = there is not None and there.content == content
        # From when the one before ended, so that it does not matter how often anybody asks.
        task.moving = Moving(item, len(content), task.again + (took / 20 if in_place else took))
        if not in_place:
            self._put(task, item, content[: len(content) // 2], whole=False)
        return True

    def _finish(self, task: Task, moving: Moving) -> None:
        item, task.moving = moving.item, None
        task.again = moving.until
        content = self._read(task.location, item.path)
        if content is None:
            self._trouble(task, item, "FILE_NOT_FOUND")
            return
        if len(content) != moving.size:
            self._trouble(task, item, "FILE_SIZE_CHANGED")
            return
        told = item.external_checksum
        if told is not None:
            found = hashlib.new(told.algorithm.lower(), content, usedforsecurity=False).hexdigest()
            if found != told.value.lower():
                self._trouble(task, item, "EXTERNAL_CHECKSUM_MISMATCH")
                return
        task.waiting.remove(item)
        where = destination(task.location, item.path)
        there = self.archive.get(where)
        if there is not None and there.whole and there.content == content:
            task.in_place.add(item.path)
            return
        self.finished_moves += 1
        task.moved[item.path] = content
        how = self.lost_on_arrival.pop(item.path, "")
        if not how:
            self._put(task, item, content, whole=True)
            return
        self._put(task, item, content[: len(content) // 2], whole=False)
        self.unlisted.add(where)
        if how == "nothing":
            del self.archive[where]

    def _put(self, task: Task, item: TransferItem, content: bytes, *, whole: bool) -> None:
        where = destination(task.location, item.path)
        before = self.archive.get(where)
        self._on_put(task, item, before, content if whole else None)
        self.archive[where] = Copy(content, task.id, self.now(), whole)

    def _trouble(self, task: Task, item: TransferItem, code: str) -> None:
        if code in ENDS_THE_TASK:
            self.end(task, code, item.path)
            return
        self._fault(task, Fault(code, code.lower().replace("_", " "), item.path))
        task.again = max(self.now(), task.again) + 30
        task.waiting.remove(item)
        task.waiting.append(item)

    def _fault(self, task: Task, fault: Fault) -> None:
        task.faulty = True
        task.faults = [fault, *(each for each in task.faults if each != fault)]


class SimMover:
    """One location's mover at the service; see `archived.ports.Transfers`.

    `call` is told of every call before it has an effect, and after it; either may raise.
    """

    def __init__(
        self, service: Service, location: StorageLocation, call: Callable[[str, bool], None]
    ) -> None:
        self._service, self._location, self._call = service, location, call

    def reserve(self) -> str:
        """See `Transfers.reserve`."""
        self._begin("reserve")
        self._service.number += 1
        number = f"00000000-0000-4000-9000-{self._service.number:012}"
        self._call("reserve", True)
        return number

    def submit(self, order: TransferOrder, *, late: bool = False) -> str:
        """See `Transfers.submit`."""
        self._begin("submit")
        if order.deadline.timestamp() <= self._service.now():
            raise TransferRefusedError("the deadline has passed")
        if order.direction in BACK:
            # Nothing comes back in these stories: whoever brings records goes on without them.
            raise TransferRefusedError("this archive sends nothing back")
        for item in order.items:
            try:
                item.path.encode()
            except UnicodeEncodeError as error:
                raise TransferRefusedError("a path is no text") from error
        task = self._service.submit(self._location, order, late=late)
        self._call("submit", True)
        return task

    def find(self, submission_id: str, label: str) -> str | None:
        """See `Transfers.find`."""
        self._begin("find")
        found = self._service.by_submission.get(submission_id)
        self._call("find", True)
        return found

    def poll(self, task_id: str) -> TaskReport:
        """See `Transfers.poll`."""
        self._begin("poll")
        service = self._service
        task = service.tasks.get(task_id)
        report = TaskReport(TaskState.UNKNOWN)
        if task is not None and task_id not in service.shy:
            done = [*task.moved, *task.in_place]
            sizes = {item.path: item.size for item in task.order.items}
            report = TaskReport(
                state=TaskState.SUSPENDED if task.suspended and task.under_way else task.state,
                nice_status="suspended"
                if task.suspended
                else task.faults[0].code
                if task.faulty
                else "",
                faulty=task.faulty,
                files_done=len(done),
                bytes_done=sum(sizes[path] for path in done),
                rate=1e3 if task.state is TaskState.ACTIVE else None,
                faults=tuple(task.faults),
            )
        service.shy.discard(task_id)
        self._call("poll", True)
        return report

    def receipts(self, task_id: str) -> Iterator[Receipt]:
        """See `Transfers.receipts`."""
        self._begin("receipts")
        service = self._service
        task = service.tasks.get(task_id)
        if task is None:
            return
        if task.under_way:
            raise TransferUnavailableError("the transfer has not ended yet")
        for path, content in task.moved.items():
            if destination(self._location, path) not in service.unlisted:
                digest = Checksum("SHA256", hashlib.sha256(content).hexdigest())
                yield Receipt(path, len(content), digest, "successful transfers")
            self._call("receipts", True)

    def list(self, path: str) -> Sequence[Entry]:
        """See `Transfers.list`."""
        self._begin("list")
        if path in self._service.unseen:
            raise TransferRefusedError("403: this folder may not be listed")
        prefix = destination(self._location, f"{path}/" if path else "")
        found: dict[str, Entry] = {}
        for where in sorted(self._service.archive):
            if where.startswith(prefix):
                name, below, _ = where[len(prefix) :].partition("/")
                size = len(self._service.archive[where].content)
                folder = Entry(name, EntryType.FOLDER)
                found[name] = folder if below else Entry(name, EntryType.FILE, size)
        self._call("list", True)
        return list(found.values())

    def stat(self, path: str) -> Entry | None:
        """See `Transfers.stat`."""
        self._begin("stat")
        where = destination(self._location, path)
        copy = self._service.archive.get(where)
        self._call("stat", True)
        name = path.rpartition("/")[2]
        if copy is not None:
            return Entry(name, EntryType.FILE, len(copy.content))
        if any(each.startswith(f"{where}/") for each in self._service.archive):
            return Entry(name, EntryType.FOLDER)
        return None

    def cancel(self, task_id: str) -> None:
        """See `Transfers.cancel`."""
        self._begin("cancel")
        task = self._service.tasks.get(task_id)
        if task is not None:
            self._service.end(task, "CANCELED")
        self._call("cancel", True)

    def check(self) -> Sequence[Finding]:
        """See `Transfers.check`."""
        return []

    def close(self) -> None:
        """See `Transfers.close`."""

    def _begin(self, verb: str) -> None:
        self._call(verb, False)
        self._service.go_on()


def spooled(location: StorageLocation, path: str) -> bytes | None:
    """A file of the spool, which is a real one; None where it is not there."""
    try:
        with open(os.path.join(location.root, path), "rb") as file:
            return file.read()
    except OSError:
        return None


def raise_error(name: str) -> None:
    """Raise what a call runs into."""
    error = ERRORS[name]()
    assert isinstance(error, (ArchivedError, ValueError))
    raise error


def is_record(order: TransferOrder) -> bool:
    """Whether an order moves what the archive is told, not recordings."""
    return order.direction is Direction.RECORD
