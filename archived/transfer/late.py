"""A mover that is made when it is asked something for the first time: what moves may take longer to load than all else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from archived.core.model import Receipt
from archived.errors import TransferUnavailableError
from archived.ports import Entry, Finding, TaskReport, TransferOrder, Transfers

PATIENCE = 1.0
"""Seconds that `close` waits for somebody who is just making the mover."""


class LateMover:
    """Stands for the mover that `make` makes, on whichever thread asks first; the others wait for it meanwhile.

    What `make` raises is raised by the verb that needed the mover, and the next one tries again.
    """

    def __init__(self, make: Callable[[], Transfers]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Transfers | None = None
        self._closed = threading.Event()

    def _mover(self) -> Transfers:
        with self._lock:
            if self._closed.is_set():
                raise TransferUnavailableError("the mover was closed")
            if self._made is None:
                made = self._make()
                if self._closed.is_set():
                    # Somebody closed it meanwhile, and did not wait.
                    made.close()
                    raise TransferUnavailableError("the mover was closed")
                self._made = made
            return self._made

    def reserve(self) -> str:
        """See `Transfers.reserve`."""
        return self._mover().reserve()

    def submit(self, order: TransferOrder) -> str:
        """See `Transfers.submit`."""
        return self._mover().submit(order)

    def find(self, submission_id: str, label: str) -> str | None:
        """See `Transfers.find`."""
        return self._mover().find(submission_id, label)

    def poll(self, task_id: str) -> TaskReport:
        """See `Transfers.poll`."""
        return self._mover().poll(task_id)

    def receipts(self, task_id: str) -> Iterator[Receipt]:
        """See `Transfers.receipts`."""
        return self._mover().receipts(task_id)

    def list(self, path: str) -> Sequence[Entry]:
        """See `Transfers.list`."""
        return self._mover().list(path)

    def stat(self, path: str) -> Entry | None:
        """See `Transfers.stat`."""
        return self._mover().stat(path)

    def cancel(self, task_id: str) -> None:
        """See `Transfers.cancel`."""
        self._mover().cancel(task_id)

    def check(self) -> Sequence[Finding]:
        """See `Transfers.check`."""
        return self._mover().check()

    def close(self) -> None:
        """See `Transfers.close`. None is made any more.

        Whoever is making one may wait for a disk that does not answer; the end of the program waits for nobody.
        """
        self._closed.set()
        if self._lock.acquire(timeout=PATIENCE):
            made = self._made
            self._lock.release()
            if made is not None:
                made.close()
