"""The attributes of datasets and of files, by the names that the tables of map-ephys gave them; ours follow."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from archived.core.dataclass import dataclass
from archived.core.lifecycle import State
from archived.core.model import FileState
from archived.core.paths import shown
from archived.errors import ArchivedError


class QueryError(ArchivedError):
    """A question to the catalogue that cannot be understood; nothing was read."""

    exit_code = 2


class About(StrEnum):
    """What a question is about."""

    DATASETS = "datasets"
    FILES = "files"


class Kind(StrEnum):
    """How the values of an attribute are compared."""

    TEXT = "text"
    WORD = "word"
    """One of a few words."""
    NUMBER = "whole number"
    SIZE = "number of bytes"
    DATE = "date"
    TIME = "time"
    NUMBER_OR_TEXT = "number or text"
    """A whole number where it is written as one, as a lab's numbers of subjects are."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One column of a table that a person sees. `optional` ones may be None.

    `unknown` says of one that is always None why that is; nothing can be compared with it.
    """

    about: About
    name: str
    kind: Kind
    meaning: str
    optional: bool = False
    words: tuple[str, ...] = ()
    unknown: str = ""


_NO_SESSIONS = (
    "the lab's database alone numbers its sessions (experiment.Session); use session_date, and ident where a day "
    "has several recordings"
)

_ANIMAL = (
    ("subject_id", Kind.NUMBER_OR_TEXT, "the animal's number in the lab's database", True),
    ("water_restriction_number", Kind.TEXT, "the animal's name on disk; `h2o` is the same", True),
    ("session_date", Kind.DATE, "the day of the recording", True),
    ("session", Kind.NUMBER, "None: only the lab's database numbers its sessions", True),
    ("globus_alias", Kind.TEXT, "the storage location", False),
    ("dataset_name", Kind.TEXT, "the name of the dataset, as `archivedctl` knows it", False),
)
_ORIGIN = (
    ("dataset_type", Kind.TEXT, "`ephys-raw`, `tracking-video`, or a lab's own convention", False),
    ("convention", Kind.TEXT, "the convention that recognised it", False),
    ("ident", Kind.TEXT, "what tells recordings of one day apart", True),
)
_RIG = (("rig", Kind.TEXT, "the rig in whose part of the catalogue it is", False),)
_DATASET_STATE = ("state", Kind.WORD, "where the dataset stands", False)
_FILE_STATE = ("state", Kind.WORD, "where the file stands", False)

_DATASETS = (
    *_ANIMAL,
    *_ORIGIN,
    _DATASET_STATE,
    ("files", Kind.NUMBER, "how many files it has", False),
    ("bytes", Kind.SIZE, "how large they are together", False),
    ("archived_at", Kind.TIME, "when the last proof of it was complete", True),
    *_RIG,
)
_FILES = (
    *_ANIMAL,
    ("file_subpath", Kind.TEXT, "its path from the root of the location, without a slash before it", False),
    ("file_type", Kind.TEXT, "the type of the file, `unknown` where nothing describes it", False),
    ("size", Kind.SIZE, "in bytes; of the archived copy where there is one", False),
    _FILE_STATE,
    ("checksum", Kind.TEXT, "the checksum that proved it, in hexadecimal", True),
    ("checksum_algorithm", Kind.TEXT, "how that was computed, such as `MD5`", True),
    ("archived_at", Kind.TIME, "when it was proved to be archived", True),
    *_ORIGIN,
    *_RIG,
)  # fmt: skip


def _heading(
    about: About, rows: tuple[tuple[str, Kind, str, bool], ...], words: type[StrEnum]
) -> Mapping[str, Attribute]:
    return MappingProxyType(
        {
            name: Attribute(
                about,
                name,
                kind,
                meaning,
                optional,
                tuple(words) if kind is Kind.WORD else (),
                _NO_SESSIONS if name == "session" else "",
            )
            for name, kind, meaning, optional in rows
        }
    )


ATTRIBUTES: Mapping[About, Mapping[str, Attribute]] = MappingProxyType(
    {
        About.DATASETS: _heading(About.DATASETS, _DATASETS, State),
        About.FILES: _heading(About.FILES, _FILES, FileState),
    }
)
"""Every attribute, in the order in which it is shown."""

KEYS: Mapping[About, tuple[str, ...]] = MappingProxyType(
    {
        About.DATASETS: ("globus_alias", "dataset_name", "rig"),
        About.FILES: ("globus_alias", "dataset_name", "file_subpath", "rig"),
    }
)
"""The attributes that tell one row from all others."""

_SAME = {"h2o": "water_restriction_number"}
_NEAR = {
    "date": "session_date",
    "location": "globus_alias",
    "mouse": "water_restriction_number",
    "name": "dataset_name",
    "path": "file_subpath",
    "subject": "subject_id",
    "type": "dataset_type",
}
"""What the commands call some of them."""


def find(about: About, name: str) -> Attribute:
    """The attribute of that name, in whichever case. Raises `QueryError` that names the nearest ones."""
    known = ATTRIBUTES[about]
    lowered = name.lower()
    found = known.get(_SAME.get(lowered, lowered))
    if found is not None:
        return found
    near = difflib.get_close_matches(lowered, [*known, *_SAME], n=2, cutoff=0.6)
    if _NEAR.get(lowered) in known:
        near = [_NEAR[lowered]]
    elsewhere = next((each for each in About if lowered in ATTRIBUTES[each]), None)
    if elsewhere is About.FILES:
        hint = f"it is one of the files: ask `.files` for {lowered}"
    elif elsewhere is About.DATASETS:
        hint = f"it is one of the datasets: restrict them by {lowered} before `.files`"
    elif near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = f"there are {', '.join(known)}"
    raise QueryError(f"{about} have no attribute {shown(name)}", what_to_do=hint)
