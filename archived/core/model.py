"""The values that the parts of the program pass to each other. All are frozen; a change makes a new one.

Paths are text with forward slashes, relative to the root of their location. A name on disk that is not valid
UTF-8 is carried with surrogate escapes (PEP 383), so that it can be opened again; `paths.printable` shows it.
Times are aware datetimes in UTC; the times of files are integer nanoseconds as the file system gives them; sizes
are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from archived.core.dataclass import dataclass
from archived.core.lifecycle import Reason, State


class FileStat(NamedTuple):
    """One regular file as a look at the disk saw it. A look at everything makes millions of them."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rpartition("/")[2]

    @property
    def fingerprint(self) -> tuple[int, int, int, int]:
        """What must be equal for the file to count as unchanged before it is archived."""
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode)


@dataclass(frozen=True, slots=True)
class Recording:
    """One acquisition as its name tells it. `path` is the folder that holds its files."""

    convention: str
    path: str
    h2o: str | None = None
    date: date | None = None
    ident: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


class Answer(StrEnum):
    """What a rule says about a file or a recording being finished."""

    FINISHED = "finished"
    UNFINISHED = "unfinished"
    CONTRADICTION = "contradiction"
    """What is on disk contradicts itself; if that lasts, a person has to look."""
    CANNOT_TELL = "cannot tell"
    """The rule has no opinion; quiet time decides."""


class Verdict(NamedTuple):
    """What one rule says about one file (or folder), with a reason that a person understands."""

    file: str
    rule: str
    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum in lower-case hexadecimal; `algorithm` in Globus' spelling (MD5, SHA1, SHA256, SHA512)."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class CollectionArchive:
    """An archive that is a path inside a Globus collection."""

    collection: str
    path: str

    def __str__(self) -> str:
        return f"{self.collection}:{self.path}"


@dataclass(frozen=True, slots=True)
class DirectoryArchive:
    """An archive that is a directory on this machine."""

    path: str

    def __str__(self) -> str:
        return self.path


Archive = CollectionArchive | DirectoryArchive


@dataclass(frozen=True, slots=True)
class StorageLocation:
    """An alias, where the files are on this machine, and where they go.

    `root` is the folder on this machine; `collection` and `collection_path` say where Globus sees the same
    folder (None and "" when the archive is a directory). `conventions` names what goes there, in order.
    """

    name: str
    archive: Archive
    conventions: tuple[str, ...]
    root: str
    collection: str | None = None
    collection_path: str = ""


class FileState(StrEnum):
    """Where one file of a dataset stands."""

    PENDING = "pending"
    """Not archived yet, or accepted to be archived anew."""
    TRAVELLING = "travelling"
    """Part of a batch under way."""
    ARCHIVED = "archived"
    """Has a receipt for what is on the rig now."""
    CHANGED = "changed"
    """Archived, and different on the rig since; never sent again unless a person accepts it."""
    FAILED = "failed"
    """Set apart with its reason; the other files of its dataset travel on."""
    GONE = "gone"
    """Left the rig before it was archived; absent in two complete looks."""
    MISSING = "missing"
    """Has a receipt, and the archive does not hold it any more."""
    DIFFERENT = "different"
    """Has a receipt, and the archive holds it with another size than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The row that has a state."""

    id: int
    location: str
    path: str
    convention: str
    state: State
    reason: str
    """A sentence for people: why it is in this state."""
    h2o: str | None = None
    subject: str | None = None
    date: date | None = None
    ident: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1
    attempts: int = 0
    """Transfers that went wrong since it last settled; what the back-off counts."""
    due: datetime | None = None
    """When it is to be looked at or tried again; None means at once."""
    first_seen: datetime
    changed_at: datetime
    """When a look last saw a difference in it; quiet time counts from here."""
    state_since: datetime
    archived_at: datetime | None = None
    accepted: bool = False
    """A person said: archive it as it is, whatever the format says."""
    held_from: State | None = None
    files: int = 0
    """How many files it has, without those that are gone."""
    bytes: int = 0
    rig: str = ""
    """The rig in whose part of the catalogue it is."""

    @property
    def name(self) -> str:
        """`<location>/<path from the root>`, the name that people use."""
        return f"{self.location}/{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFile:
    """One file of a dataset: what is on the rig, and what was archived of it."""

    id: int
    dataset_id: int
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    file_type: str
    state: FileState
    reason: str = ""
    external_checksum: Checksum | None = None
    """What the acquisition program itself noted of the file's content (SpikeGLX `fileSHA1`)."""
    submitted: int = 0
    """In how many submitted batches of ours it has been; 0 means that what the archive holds under its name
    cannot be ours."""
    archived_size: int | None = None
    archived_mtime_ns: int | None = None
    archived_at: datetime | None = None
    checksum: Checksum | None = None
    """The checksum that the proof gave."""
    proof: str = ""
    """Who says that it arrived (see `Receipt.source`)."""
    batch: str | None = None
    """The batch it travels or travelled in."""

    @property
    def stat(self) -> FileStat:
        """The file as the store knows it."""
        return FileStat(self.path, self.size, self.mtime_ns, self.ctime_ns, self.inode)


class Direction(StrEnum):
    """Which way a batch travels."""

    ARCHIVE = "archive"
    RETRIEVE = "retrieve"
    RECORD = "record"
    """What the archive says about itself: manifests and records from the spool, never recordings."""
    VERIFY = "verify"
    """From the archive to a folder of our own, where a copy lies already: nothing moves where both are the same."""


BACK = frozenset({Direction.RETRIEVE, Direction.VERIFY})
"""The directions in which the archive is where things come from."""


class BatchState(StrEnum):
    """Where a batch stands."""

    PLANNED = "planned"
    """Its files are chosen; nothing was asked of the mover."""
    RESERVED = "reserved"
    """The submission id is stored; the submission may or may not have reached the mover."""
    ACTIVE = "active"
    """The mover gave a task id."""
    CANCELLING = "cancelling"
    """We asked the mover to stop it; its files wait until it has."""
    SENT = "sent"
    """The mover says it succeeded; receipts are being collected."""
    PROVED = "proved"
    """Every file has its receipt."""
    FAILED = "failed"
    """It ended without success; its files went back to their datasets."""


LIVE_BATCHES = frozenset(
    {
        BatchState.PLANNED,
        BatchState.RESERVED,
        BatchState.ACTIVE,
        BatchState.CANCELLING,
        BatchState.SENT,
    }
)
"""Batches whose files are still under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The files that travel in one transfer."""

    id: str
    """A UUID; part of the transfer's label at Globus."""
    location: str
    direction: Direction
    state: BatchState
    created_at: datetime
    state_since: datetime
    files: int
    bytes: int
    submission_id: str | None = None
    task_id: str | None = None
    deadline: datetime | None = None
    attempts: int = 0
    """Calls that failed since its last progress; what its back-off counts."""
    due: datetime | None = None
    files_done: int = 0
    bytes_done: int = 0
    rate: float | None = None
    """Bytes per second, as the mover last said."""
    nice_status: str = ""
    """The mover's own words about how it goes."""
    reason: str = ""
    retrieval: str | None = None
    """The retrieval that it belongs to, where it brings files back."""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch, as it was when the batch was planned."""

    file_id: int
    dataset_id: int
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    external_checksum: Checksum | None
    submitted: int
    """How often it had been submitted before this batch."""
    overwrite: bool
    """Whether a person accepted that it replaces what the archive holds."""

    @property
    def stat(self) -> FileStat:
        """The file as it was planned."""
        return FileStat(self.path, self.size, self.mtime_ns, self.ctime_ns, self.inode)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that one file arrived: its path from the root, its size, and who says so.

    `source` is one of "successful transfers" (the task's own list), "listing" (a look at the archive) or
    "re-read" (we read the archived bytes again).
    """

    path: str
    size: int
    checksum: Checksum | None
    source: str


@dataclass(frozen=True, slots=True)
class Event:
    """One move of one dataset; never changed or deleted. `before` is None for its first."""

    dataset: str
    at: datetime
    before: State | None
    after: State
    move: Reason | None
    why: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Something on disk that no convention claims. `nearest` is a template it almost matches, or ""."""

    path: str
    why: str
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A fault of the rig as a whole; there is one per `key` until it ends."""

    key: str
    message: str
    what_to_do: str
    since: datetime


def parent(path: str) -> str:
    """The folder of a path from the root; "" for what lies in the root itself."""
    return path.rpartition("/")[0]
