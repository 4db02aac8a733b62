"""How the world enters: what the daemon asks of a mover and of the disk. Each port has a conformance suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from archived.core.dataclass import dataclass
from archived.core.model import Checksum, Direction, Receipt


@dataclass(frozen=True, slots=True)
class TransferItem:
    """One file to move; `path` is from the root at both ends."""

    path: str
    size: int
    external_checksum: Checksum | None = None
    overwrite: bool = False
    """It may replace a different file at the destination: a person accepted that, or it was ours before."""
    mtime_ns: int | None = None
    """When the source was changed last, where the mover can hold it against that; in nanoseconds since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """Everything that a mover needs; the same order is given again after a crash."""

    submission_id: str
    label: str
    """At most 128 characters; holds the batch id, by which an own task is found again."""
    direction: Direction
    items: Sequence[TransferItem]
    deadline: datetime


class TaskState(StrEnum):
    """What a mover says of a task."""

    QUEUED = "queued"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """It goes on only after somebody did something: renewed a login, ended a pause."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The mover knows no such task; the same order may be submitted again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a mover ran into. `path` is from the root where the fault names a file of the order."""

    code: str
    """Globus' event code (`FILE_NOT_FOUND`, …), whichever mover."""
    message: str
    path: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskReport:
    """How a task stands. `faults` are the newest first; a task may be ACTIVE and have faults."""

    state: TaskState
    nice_status: str = ""
    """The mover's own words; "" when all is well."""
    faulty: bool = False
    """It is not getting on just now."""
    files_done: int = 0
    bytes_done: int = 0
    rate: float | None = None
    faults: Sequence[Fault] = ()
    skipped: Sequence[Fault] = ()
    """Files that the mover left out of a task that succeeded otherwise."""


class EntryType(StrEnum):
    """What an entry of a listing is."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a listing at the archive."""

    name: str
    type: EntryType
    size: int = 0
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` looked at."""

    ok: bool
    what: str
    what_to_do: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    warning: bool = False
    """It works, and a person should hear of it all the same."""


class Transfers(Protocol):
    """A mover between one location's root and its archive.

    Every verb may block for as long as a network takes, is called from worker threads (one call at a time per
    batch), and raises only children of `TransferError`.
    """

    def reserve(self) -> str:
        """A fresh submission id. Reserving has no effect of its own; an id that is never used is forgotten."""

    def submit(self, order: TransferOrder) -> str:
        """Begin the transfer and return its task id.

        Idempotent by submission id: the same order given again, after whatever crash, returns the same task and
        never begins a second one. An active task of ours for the same paths is adopted. Sends every file with
        verification of its content, never deletes at the destination.
        """

    def find(self, submission_id: str, label: str) -> str | None:
        """The task of an order that was given before, should it have been accepted, however it stands by now.

        None where no such task is known, which is no proof that there is none.
        """

    def poll(self, task_id: str) -> TaskReport:
        """How the task stands."""

    def receipts(self, task_id: str) -> Iterator[Receipt]:
        """The files that the ended task proves to have moved; files that it found in place may be missing.

        Raises `TransferUnavailableError` while the list is not complete yet.
        """

    def list(self, path: str) -> Sequence[Entry]:
        """What the archive holds in a folder, given by its path from the root ("" is the root itself).

        A folder that does not exist is empty, and so is a file in its place. Raises rather than returning a part.
        """

    def stat(self, path: str) -> Entry | None:
        """One entry of the archive, or None where it does not exist."""

    def cancel(self, task_id: str) -> None:
        """Ask the mover to stop; the task has ended only when `poll` says so. Safe to repeat."""

    def check(self) -> Sequence[Finding]:
        """A doctor's visit: login, both ends reachable, settings of the archive that matter."""

    def close(self) -> None:
        """Let go of threads and connections; running copies stop at once and are gone on with later."""
