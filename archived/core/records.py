"""What the archive says about itself: where the record of a dataset lies, and what it holds.

Beside the recordings an archive has the folder `.archived/v1`. In it every dataset has a folder of its own path,
with a manifest that `sha256sum -c` reads and a record for programs. `docs/RECORDS.md` describes both for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from archived.core.dataclass import dataclass
from archived.core.model import Checksum
from archived.errors import ArchivedError

VERSION = 1
"""Of the record. It only ever grows by keys; what an older reader would misunderstand gets another folder."""

OWN_FOLDER = ".archived"
"""At the root of an archive. Nothing below it is ever a recording, on a rig as little as in an archive."""

RECORDS_FOLDER = f"{OWN_FOLDER}/v1"
RECORD_NAME = "record.json"
MANIFEST_NAME = "manifest-sha256.txt"


class RecordError(ArchivedError):
    """A record or a manifest cannot be read: damaged, cut short, of a newer release, or not one at all."""


class RecordState(StrEnum):
    """How far the archive was told about one dataset as it was last archived."""

    OWED = "owed"
    """It is to be written, or what was written is to be written anew."""
    WRITTEN = "written"
    """Manifest and record lie in the spool and wait for a batch."""
    TRAVELLING = "travelling"
    """They are in a batch under way."""
    PROVED = "proved"
    """They are in the archive."""
    KEPT = "kept"
    """They stay in the store, because no transfer may take them to the archive; the reason says why."""


@dataclass(frozen=True, slots=True)
class RecordedReceipt:
    """Who proved that a file arrived (see `Receipt.source`), when, and with which checksum."""

    source: str
    at: datetime | None
    checksum: Checksum | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """One file as it was archived. `path` is from the root of the archive."""

    path: str
    size: int
    mtime_ns: int | None
    """When its content last changed on the rig, in nanoseconds since 1970; None where that was never known."""
    file_type: str
    sha256: str | None = None
    without_sha256: str = ""
    """Why there is no SHA-256; "" where there is one."""
    program_checksum: Checksum | None = None
    """What the program that recorded it noted of its content."""
    receipt: RecordedReceipt | None = None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One move of the dataset. The words for states are those of whatever release wrote them."""

    at: datetime
    before: str | None
    after: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything that the catalogue knows of a dataset as it was archived."""

    location: str
    path: str
    """The dataset's folder, from the root of the archive."""
    convention: str
    revision: int
    rig: str
    first_seen: datetime
    archived_at: datetime | None
    files: tuple[RecordedFile, ...]
    host: str | None = None
    """The machine that archived it."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """The releases of the programs that had a part in it, by their names."""
    h2o: str | None = None
    subject: str | None = None
    date: date | None = None
    ident: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    events: tuple[RecordedEvent, ...] = ()

    @property
    def dataset(self) -> str:
        """The name of the dataset."""
        return f"{self.location}/{self.path}"


def record_folder(path: str) -> str:
    """Where the record of the dataset with this path lies, from the root of the archive."""
    return f"{RECORDS_FOLDER}/{path}" if path else RECORDS_FOLDER


def record_path(path: str) -> str:
    """The record of a dataset, from the root of the archive."""
    return f"{record_folder(path)}/{RECORD_NAME}"


def manifest_path(path: str) -> str:
    """The manifest of a dataset, from the root of the archive."""
    return f"{record_folder(path)}/{MANIFEST_NAME}"


def is_own(path: str) -> bool:
    """Whether a path from a root or from an archive's root is this program's, never a recording's."""
    return path.split("/", 1)[0] == OWN_FOLDER


def is_sound(path: str) -> bool:
    """Whether a path that somebody else wrote stays below the folder that it is taken from."""
    return not {"", ".", ".."} & set(path.split("/")) and "\0" not in path
