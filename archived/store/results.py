"""What the store is given and what it answers, beside the values of `archived.core.model`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Container, Mapping, Sequence

from archived.core.dataclass import dataclass
from archived.core.lifecycle import State
from archived.core.model import FileStat, Recording, Unrecognised
from archived.core.subjects import Subject

Moved = tuple[str, State, State]
"""The name of a dataset that moved, before, and after."""


@dataclass(frozen=True, slots=True)
class FolderSighting:
    """One folder of a recording as a look saw it.

    A look must give every folder of a recording that it entered, empty ones too: what is known in such a folder
    and is not among `files` counts as not there, unless the folder could not be looked at as a `whole`. `files`
    come with their file types.
    """

    root_key: str
    location: str
    recording: Recording
    folder: str
    mtime_ns: int
    subfolders: Sequence[str]
    files: Sequence[tuple[FileStat, str]]
    whole: bool = True
    listing: str | None = None
    """The digest of everything that is in it, where comparing `files` is all that there is to be done about it."""


@dataclass(frozen=True, slots=True)
class SightResult:
    """What sightings changed. `moved` has only moves, not new datasets.

    `too_long` are files that could not be stored: their paths are longer than this kind of database can index.
    """

    datasets_new: int = 0
    files_new: int = 0
    files_changed: int = 0
    moved: Sequence[Moved] = ()
    too_long: Sequence[Unrecognised] = ()


@dataclass(frozen=True, slots=True)
class LookSummary:
    """A look at a whole root that has ended: the folders it visited, and whether it saw everything without errors.

    `covers` says of a dataset, by its location and path, whether the look could have seen it: what the configuration
    does not recognise any more was not compared with anything.
    """

    visited: Container[str]
    complete: bool
    covers: Callable[[str, str], bool] = lambda _location, _path: True


@dataclass(frozen=True, slots=True)
class LookResult:
    """What a complete look means for files that it did not see.

    `candidates` counts the files not archived yet that were not seen, `gone` those of them that are given up now.
    With `fuse_blown` too many were not seen at once, and nothing was changed.
    """

    gone: int = 0
    fuse_blown: bool = False
    candidates: int = 0
    moved: Sequence[Moved] = ()


@dataclass(frozen=True, slots=True)
class ProveResult:
    """How many files got their receipt, and the paths of those that changed while they travelled."""

    proved: int
    changed: list[str]


@dataclass(frozen=True, slots=True)
class SubjectSaid:
    """What one source says of one animal: "hand" (a person), "file" or "datajoint", of some rig."""

    subject: str
    source: str
    rig: str


@dataclass(frozen=True, slots=True)
class SubjectConflict:
    """An animal that has several numbers. The first of `said` counts: by hand, then file, then datajoint."""

    h2o: str
    said: Sequence[SubjectSaid]

    @property
    def decided(self) -> bool:
        """Whether a person said which number it is."""
        return self.said[0].source == "hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChanges:
    """What became of a list of subjects in its source; `conflicts` are those with what other sources say."""

    added: Sequence[Subject] = ()
    changed: Sequence[tuple[str, str, str]] = ()
    """The h2o, and its subject before and after."""
    removed: Sequence[Subject] = ()
    refused: Sequence[tuple[str, str, str]] = ()
    """What a person had said otherwise, and said nothing of replacing: the h2o, its subject, and the one refused."""
    unchanged: int = 0
    conflicts: Sequence[SubjectConflict] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSubject:
    """An animal that is known, and what the catalogue of all rigs has of it."""

    h2o: str
    subject: str
    source: str
    details: Mapping[str, str]
    since: datetime.datetime
    """When its source last said something new of it."""
    datasets: int = 0
    bytes: int = 0
    others: Sequence[SubjectSaid] = ()
    """What other sources say that does not count, because it is another number."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The SHA-256 of a file as it was archived, with this size and time, or why it cannot be known."""

    size: int
    mtime_ns: int
    sha256: str | None
    why: str = ""
