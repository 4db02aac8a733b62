"""The values of the mirror: a dataset of ours, what the lab's tables hold of it, and a change."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import field
from datetime import date

from archived.core.dataclass import dataclass
from archived.core.model import Dataset, DatasetFile, FileState
from archived.core.paths import is_utf8


@dataclass(frozen=True, slots=True)
class TextColumn:
    """What a text column of a table can hold, and which texts it cannot tell apart."""

    width: int | None = None
    """In characters; None where there is no limit."""
    charset: str = "utf8mb4"
    """As MySQL calls it; PostgreSQL holds every character but NUL."""
    folds: bool = False
    """Whether letters that differ only in case or accents are the same to it."""
    pads: bool = False
    """Whether blanks at the end make no difference to it, as in most collations of MySQL."""

    def refuses(self, text: str) -> str | None:
        """Why the text cannot be held, or None."""
        if not is_utf8(text) or "\x00" in text:
            return "it is not valid text in UTF-8"
        if self.width is not None and len(text) > self.width:
            return f"it has {len(text)} characters, and the lab's table holds {self.width}"
        if not self._encodes(text):
            return f"it has characters that the lab's table cannot hold ({self.charset})"
        return None

    def key(self, text: str) -> str:
        """What is equal for texts that are the same to the column."""
        if self.pads:
            text = text.rstrip(" ")
        if not self.folds:
            return text
        apart = unicodedata.normalize("NFKD", text)
        return "".join(each for each in apart if not unicodedata.combining(each)).casefold()

    def _encodes(self, text: str) -> bool:
        if self.charset in ("utf8mb3", "utf8"):
            return all(ord(each) <= 0xFFFF for each in text)
        # What MySQL calls latin1 is the code page 1252.
        encoding = {"latin1": "cp1252", "ascii": "ascii"}.get(self.charset)
        if encoding is None:
            return True
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class LabSession:
    """One session of the lab's database (`experiment.Session`)."""

    subject: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One archived dataset of the catalogue, with what is to be mirrored of it."""

    rig: str
    location: str
    path: str
    revision: int
    convention: str
    h2o: str | None = None
    date: date | None = None
    order: tuple[str, str] = ("", "")
    """What its name says about the order of the day: the mark of a session, and the ident; "" for what is not there."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The types of its archived files, by their paths from the root."""
    lost: frozenset[str] = frozenset()
    """Files that were archived, and that the archive does not hold any more."""
    paths: frozenset[str] = frozenset()
    """All its files by their paths from the root, whatever became of them; others' rows are told by these."""

    @property
    def dataset(self) -> str:
        """The name by which people know it."""
        return f"{self.location}/{self.path}"

    @classmethod
    def of(cls, dataset: Dataset, files: tuple[DatasetFile, ...] = ()) -> Source:
        """From the catalogue's values."""
        return cls(
            rig=dataset.rig,
            location=dataset.location,
            path=dataset.path,
            revision=dataset.revision,
            convention=dataset.convention,
            h2o=dataset.h2o,
            date=dataset.date,
            order=(dataset.fields.get("session", ""), dataset.ident or ""),
            files={each.path: each.file_type for each in files if each.state is FileState.ARCHIVED},
            lost=frozenset(each.path for each in files if each.state is FileState.MISSING),
            paths=frozenset(each.path for each in files),
        )


@dataclass(frozen=True, slots=True)
class Note:
    """What we noted in the lab's database about a dataset that we mirrored."""

    rig: str
    location: str
    name: str
    """The `dataset_name` under which it is."""
    revision: int
    """The revision that is there whole; 0 while it is not."""
    ours: bool
    """Whether the row of `data_set` was made by us."""


@dataclass(frozen=True, slots=True)
class Existing:
    """What the lab's tables hold under one `dataset_name`."""

    dataset_type: str | None = None
    """None where there is no row of `data_set`."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Types of files by `file_subpath`, as it stands there."""
    sessions: frozenset[LabSession] = frozenset()
    """The sessions that it is linked to."""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not mirrored, and why. `path` is a file's path from the root, "" for the whole dataset.

    With `mirrored` the rest of it is, and only something about it is missing.
    """

    dataset: str
    path: str
    reason: str
    mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What has to be done to the rows under one `dataset_name`; nothing, where all of it is empty."""

    location: str
    name: str
    dataset: str
    """The dataset of the catalogue that it is about."""
    dataset_type: str
    insert: bool = False
    """Whether the row of `data_set` is missing."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files to insert, with their types."""
    retyped: Mapping[str, str] = field(default_factory=dict)
    """Files of ours that get another type, by `file_subpath` as it stands there."""
    lost: tuple[str, ...] = ()
    """Files of ours to delete, as the archive does not hold them any more."""
    link: LabSession | None = None
    """The session to link it to."""
    unlinked: frozenset[LabSession] = frozenset()
    """Links of ours to delete, as they are to another session."""

    def __bool__(self) -> bool:
        return bool(
            self.insert or self.files or self.retyped or self.lost or self.link or self.unlinked
        )
