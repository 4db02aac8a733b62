"""The walk: several folders are listed at once, and what each holds is written down before its subfolders are listed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from archived.core.dataclass import dataclass
from archived.core.model import parent
from archived.discover.sorting import Sorter
from archived.errands import Finished, ThreadErrands
from archived.errors import (
    ArchiveMissingError,
    NotPermittedError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import Entry
from archived.store import Discovery, FolderCounts, Store
from archived.transfer.pace import Pace, PatientMover, StoppedError

AT_ONCE = 4
"""How many folders are listed at a time."""

AHEAD = 16
"""How many more folders wait for a thread."""

LOOK_UP = timedelta(seconds=0.5)
"""How often progress is told while nothing comes back."""


@dataclass(frozen=True, slots=True)
class WalkProgress:
    """How far a walk is. `files` were listed by this process; `waiting_for` is why nothing goes on just now."""

    location: str
    folders: FolderCounts
    files: int
    waiting_for: str = ""


@dataclass(frozen=True, slots=True)
class _Listing:
    folder: str
    again: bool
    asked_at: datetime
    entries: Sequence[Entry]


class Walk:
    """One walk over the archive of one location, from where it was left off to its end.

    Only the calling thread writes to the store. `run` raises what makes all further listing pointless: children of
    `TransferError`, and `StoreError`; what was listed until then is kept.
    """

    def __init__(
        self,
        store: Store,
        discovery: Discovery,
        mover: PatientMover,
        sorter: Sorter,
        pace: Pace,
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        progress: Callable[[WalkProgress], None],
        trusting: bool = False,
    ) -> None:
        self._store = store
        self._discovery = discovery
        self._mover = mover
        self._sorter = sorter
        self._pace = pace
        self._now = now
        self._stop = stop
        self._progress = progress
        self._trusting = trusting
        self._wake = threading.Event()
        self._errands = ThreadErrands(
            lanes={"list": AT_ONCE}, lane_of=lambda _kind: "list", wake=self._wake.set
        )
        self._under_way: set[str] = set()
        self._second = False
        """Whether folders are listed a second time by now."""
        self._files = 0
        self._told: datetime | None = None
        self.empty = False
        """Whether the archive holds nothing at all, although the catalogue knows of files in it."""
        self.too_many = False
        """Whether a large part of what was archived seems to be lost at once."""

    @property
    def believed(self) -> bool:
        """Whether the archive is taken for what it says: it may be a disk that is not mounted, or another one."""
        return self._trusting or not (self.empty or self.too_many)

    def run(self) -> bool:
        """Walk; return whether the end was reached, rather than `stop` having been set."""
        try:
            while not self._stop.is_set():
                self._begin_some()
                if not self._under_way and not self._go_on_to_second_looks():
                    return not self._stop.is_set()
                self._wake.wait(LOOK_UP.total_seconds())
                self._wake.clear()
                for outcome in self._errands.finished():
                    self._take(outcome)
                self._tell()
            return False
        finally:
            self._errands.close()

    def _begin_some(self) -> None:
        room = AT_ONCE + AHEAD - len(self._under_way)
        if room <= 0:
            return
        number = self._discovery.id
        waiting = self._store.folders_to_list(
            number, room + len(self._under_way), again=self._second
        )
        for folder, again in [each for each in waiting if each[0] not in self._under_way][:room]:
            self._under_way.add(folder)
            self._errands.start("list", folder, partial(self._list, folder, again))

    def _list(self, folder: str, again: bool) -> _Listing:
        """On a thread of its own."""
        asked_at = self._now()
        return _Listing(folder, again, asked_at, self._mover.list(folder))

    def _go_on_to_second_looks(self) -> bool:
        """Once every folder was listed: look for those that were not there at all. False where nothing is left."""
        number = self._discovery.id
        if not self._second:
            self._second = True
            if not self._discovery.audit:
                self._store.note_absent_folders(self._discovery)
            if self._store.folders_to_list(number, 1, again=True):
                self.empty = not self._ask("")
                self.too_many = self._store.doubts(number, self._discovery.location).too_many
        return bool(self._store.folders_to_list(number, 1, again=True))

    def _ask(self, folder: str) -> Sequence[Entry]:
        try:
            return self._mover.list(folder)
        except StoppedError:
            return []

    def _take(self, outcome: Finished) -> None:
        folder = outcome.subject
        self._under_way.discard(folder)
        error = outcome.error
        if error is None:
            self._write(outcome.result)
        elif isinstance(error, StoppedError):
            return
        elif isinstance(error, (NotPermittedError, TransferRefusedError)):
            if folder == self._discovery.below:
                raise error
            self._store.refuse_folder(self._discovery.id, folder, str(error))
        elif isinstance(error, TransferUnavailableError) and self._only_this(folder, error):
            self._store.refuse_folder(self._discovery.id, folder, str(error))
        else:
            raise error

    def _only_this(self, folder: str, error: TransferUnavailableError) -> bool:
        """Whether a folder that could not be listed for long is at fault itself: the one above it can be listed."""
        if isinstance(error, ArchiveMissingError) or folder == self._discovery.below:
            return False
        self._ask(parent(folder))
        return not self._stop.is_set()

    def _write(self, listing: _Listing) -> None:
        seen = self._sorter.sort(
            listing.folder,
            listing.entries,
            listed_at=listing.asked_at,
            again=listing.again,
            believed=self.believed,
        )
        self._files += len(seen.files)
        self._store.take_listing(self._discovery, seen, self._now())

    def _tell(self) -> None:
        """Not more often than a person can read: counting the folders of a large archive takes a moment."""
        now = self._now()
        if self._told is not None and self._told <= now < self._told + LOOK_UP:
            return
        self._told = now
        counts = self._store.folder_counts(self._discovery.id)
        self._progress(
            WalkProgress(self._discovery.location, counts, self._files, self._pace.waiting_for)
        )
