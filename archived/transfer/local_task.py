"""One order of the local mover: how far it has come, and how it ended."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from archived.core.model import Receipt
from archived.ports import Fault, TaskReport, TaskState, TransferOrder
from archived.transfer.copying import Copied
from archived.transfer.trouble import Trouble

_SOURCE_OF_PROOF = "re-read"


class StoppedError(Exception):
    """The task was cancelled, or the mover is being closed."""


class LocalTask:
    """Shared by the threads that copy its files and by whoever asks about it."""

    def __init__(self, order: TransferOrder, mount: str) -> None:
        self.order = order
        self.mount = mount
        """The mount point of the archive that it was ordered for."""
        self.items = list({item.path: item for item in order.items}.values())
        self._lock = threading.Lock()
        self._left = len(self.items)
        self._begun_at: datetime | None = None
        self._bytes_done = 0
        self._bytes_copied = 0
        self._receipts: list[Receipt] = []
        self._faults: list[Fault] = []
        self._ending: Fault | None = None
        """Why the rest is not copied."""
        self._state = TaskState.QUEUED if self.items else TaskState.SUCCEEDED

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self._state in (TaskState.SUCCEEDED, TaskState.FAILED)

    def begin(self, now: datetime | None) -> None:
        """A thread takes one of its files up."""
        with self._lock:
            if self._state is TaskState.QUEUED:
                self._state = TaskState.ACTIVE
                self._begun_at = now

    def insist(self, now: datetime | None) -> None:
        """Raise `StoppedError` where the rest must not be copied any more."""
        if self._ending is None and now is not None and now >= self.order.deadline:
            self.end(Fault("EXPIRED", "the deadline has passed", at=now))
        if self._ending is not None:
            raise StoppedError

    def end(self, fault: Fault) -> None:
        """Do not copy the rest. The first reason stays; a task that has ended stays as it is."""
        with self._lock:
            if self._ending is None and not self.ended:
                self._ending = fault

    def copied(self, path: str, size: int, proof: Copied) -> None:
        """A file is in place."""
        receipt = Receipt(path, size, proof.checksum, _SOURCE_OF_PROOF)
        with self._lock:
            self._receipts.append(receipt)
            self._bytes_done += size

    def wrote(self, count: int) -> None:
        """Bytes were written, of which file ever."""
        with self._lock:
            self._bytes_copied += count

    def failed(self, path: str, trouble: Trouble, now: datetime | None) -> None:
        """A file could not be copied."""
        # A fault of the whole archive names no file, so that none is set apart for it.
        fault = Fault(trouble.code, str(trouble), None if trouble.stops else path, now)
        with self._lock:
            if not trouble.stops:
                self._faults.insert(0, fault)
            elif self._ending is None:
                self._ending = fault

    def leave(self, files: int) -> None:
        """A thread is through with so many of its files."""
        with self._lock:
            self._left -= files
            if self._left == 0:
                well = len(self._receipts) == len(self.items) and self._ending is None
                self._state = TaskState.SUCCEEDED if well else TaskState.FAILED

    def receipts(self) -> Sequence[Receipt]:
        """The files that are in place."""
        with self._lock:
            return list(self._receipts)

    def report(self, now: datetime | None) -> TaskReport:
        """How it stands."""
        with self._lock:
            faults = ([self._ending] if self._ending else []) + self._faults
            return TaskReport(
                state=self._state,
                nice_status=faults[0].code if faults else "",
                # It goes on with the other files; what it could not copy it says at its end.
                faulty=False,
                files_done=len(self._receipts),
                bytes_done=max(self._bytes_done, min(self._bytes_copied, self._total())),
                rate=self._rate(now),
                faults=tuple(faults),
            )

    def _rate(self, now: datetime | None) -> float | None:
        if now is None or self._begun_at is None or self._state is not TaskState.ACTIVE:
            return None
        seconds = (now - self._begun_at).total_seconds()
        return self._bytes_copied / seconds if seconds > 0 else None

    def _total(self) -> int:
        return sum(item.size for item in self.items)
