"""Brings records from the archive of a collection to the spool, some at a time."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from archived.core.dataclass import dataclass
from archived.core.model import Direction, StorageLocation
from archived.core.paths import shown
from archived.errors import TransferUnavailableError
from archived.ports import TaskReport, TaskState, TransferItem, TransferOrder, Transfers
from archived.records.files import make_folder, remove_small
from archived.records.places import discovered

FILES_AT_ONCE = 1_000
BYTES_AT_ONCE = 200_000_000
FIRST_POLL = timedelta(seconds=1)
LONGEST_POLL = timedelta(seconds=30)
DEADLINE = timedelta(hours=6)
PATIENCE = 3
"""How often in a row a transfer may be found in trouble before it is given up."""

NAMESPACE = uuid.UUID("6f1f3e5e-5a0c-5a62-9f6a-2f4a3f4d8f1d")

_ENDED = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Portion:
    """Files that were brought below a folder of the spool; why some may be missing, or ""."""

    folder: str
    paths: Sequence[str]
    why: str


class Bringing:
    """Transfers to `spool`/discovered/LOCATION. What was brought is removed once it was read.

    Raises `PathError` where the collection does not export the spool, `TransferUnavailableError` where the spool
    cannot be written, and what the mover raises.
    """

    def __init__(
        self,
        location: StorageLocation,
        mover_of: Callable[[StorageLocation], Transfers],
        spool: str,
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
    ) -> None:
        place = discovered(location, spool)
        self._name = location.name
        self._folder = place.root
        self._mover = mover_of(place)
        self._now = now
        self._stop = stop

    def portions(self, sizes: Mapping[str, int]) -> Iterator[Portion]:
        """The files, some at a time, in the order of their names; they are there until the next portion is asked for."""
        for paths in _portions(sizes):
            why = self._bring(paths, sizes)
            if self._stop.is_set():
                return
            yield Portion(self._folder, paths, why)
            for path in paths:
                remove_small(self._folder, path)

    def _bring(self, paths: Sequence[str], sizes: Mapping[str, int]) -> str:
        """Why some may be missing; "" when all were brought."""
        try:
            make_folder(self._folder)
        except OSError as error:
            raise TransferUnavailableError(
                f"records cannot be brought to {shown(self._folder)}: {error.strerror}",
                what_to_do="let this account write to the spool",
            ) from error
        order = TransferOrder(
            submission_id=self._mover.reserve(),
            label=self._label(paths),
            direction=Direction.RETRIEVE,
            items=[TransferItem(path, sizes[path], overwrite=True) for path in paths],
            deadline=self._now() + DEADLINE,
        )
        task_id = self._mover.submit(order)
        report = self._ended(task_id)
        if report.state is TaskState.SUCCEEDED:
            return ""
        why = report.faults[0].message if report.faults else report.nice_status
        return f"it was not brought from the archive: {why or report.state}"

    def _label(self, paths: Sequence[str]) -> str:
        """The same for the same files, so that a transfer which a killed process began is found again."""
        key = "\n".join([self._name, *paths]).encode("utf-8", "surrogatepass")
        return f"archived records {self._name[:60]} {uuid.uuid5(NAMESPACE, key.hex())}"

    def _ended(self, task_id: str) -> TaskReport:
        wait, faulty = FIRST_POLL, 0
        while True:
            report = self._mover.poll(task_id)
            faulty = faulty + 1 if report.faulty else 0
            if faulty == PATIENCE:
                # Whoever asked waits for it, and records are a help only: the data need none.
                self._mover.cancel(task_id)
            if report.state in _ENDED or faulty >= PATIENCE:
                return report
            if self._stop.wait(wait.total_seconds()):
                return report
            wait = min(wait * 2, LONGEST_POLL)


def _portions(sizes: Mapping[str, int]) -> Iterator[Sequence[str]]:
    portion: list[str] = []
    total = 0
    for path in sorted(sizes):
        if portion and (len(portion) >= FILES_AT_ONCE or total + sizes[path] > BYTES_AT_ONCE):
            yield portion
            portion, total = [], 0
        portion.append(path)
        total += sizes[path]
    if portion:
        yield portion
