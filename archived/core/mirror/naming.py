"""How datasets and types of files are called in the lab's database: as map-ephys called them, where it had a name."""

from __future__ import annotations

import hashlib
import re

from archived.core.filetypes import UNKNOWN
from archived.core.mirror.values import LabSession, Source, TextColumn
from archived.core.paths import printable

EPHYS = "ephys-raw"
VIDEO = "tracking-video"

_BY_CONVENTION = {"catgt": EPHYS, "spikeglx": EPHYS, "tracking-video": VIDEO}
_BY_MAP_EPHYS = re.compile(rf"(?:{EPHYS}|{VIDEO})-.*-\d+")


def dataset_type(source: Source) -> str:
    """The `dataset_type`: one of map-ephys' two where the dataset is such, else the name of its convention.

    What a lab's own convention archives is told by the types of its files.
    """
    known = _BY_CONVENTION.get(source.convention)
    if known is not None:
        return known
    types = [each for each in source.files.values() if each != UNKNOWN]
    for ours in (EPHYS, VIDEO):
        if types and all(each.startswith(f"{ours}-") for each in types):
            return ours
    return source.convention


def mirrored_type(file_type: str, of_dataset: str, column: TextColumn) -> str:
    """The `file_type`; what is unknown to us, or too long for the table, is unknown of its kind, as map-ephys has it."""
    if file_type == UNKNOWN or column.refuses(file_type):
        return f"{of_dataset}-{UNKNOWN}" if of_dataset in (EPHYS, VIDEO) else UNKNOWN
    return file_type


def session_name(of_dataset: str, h2o: str, session: LabSession) -> str:
    """The `dataset_name` of what belongs to a session: `ephys-raw-SC011-3`."""
    return f"{of_dataset}-{h2o}-{session.number}"


def names_session(name: str, of_dataset: str, session: LabSession) -> bool:
    """Whether a `dataset_name` is of this session, so that we linked the two; any other link is the lab's own."""
    return name.startswith(f"{of_dataset}-") and name.endswith(f"-{session.number}")


def own_name(path: str, column: TextColumn) -> str:
    """The `dataset_name` of what has no session: its path from the root, if need be cut and told apart by a hash."""
    if column.refuses(path) is None and not _BY_MAP_EPHYS.fullmatch(path):
        return path
    # ASCII alone, so that every table can hold it and none takes two of them for the same.
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    longest = max(0, (column.width or 128) - len(digest) - 1)
    plain = printable(path).encode("ascii", "replace").decode().replace("?", "_")
    return f"{plain[:longest]}~{digest}"
