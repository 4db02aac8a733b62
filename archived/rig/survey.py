"""A short look at a root for the doctor's visit: how many folders it has, and one file to look up elsewhere."""

from __future__ import annotations

from datetime import datetime

from archived.clock import monotonic
from archived.core.dataclass import dataclass
from archived.core.model import FileStat
from archived.core.paths import is_utf8
from archived.rig.root import Root
from archived.rig.scanner import FolderSeen, look

SECONDS = 10.0
"""How long a survey lasts at most. A million files take about that."""


@dataclass(frozen=True)
class Survey:
    """What was seen. `whole` says whether that is everything; `sample` is a file that nobody wrote to lately."""

    folders: int
    whole: bool
    sample: FileStat | None


def survey(root: Root, *, quiet_since: datetime, seconds: float = SECONDS) -> Survey:
    """Walk below a root for so many seconds at most, reading names and sizes only.

    The sample was last changed before `quiet_since`, is not empty, and has a name that every machine can spell.
    Raises `RootUnavailableError`.
    """
    until, limit = monotonic() + seconds, int(quiet_since.timestamp() * 10**9)
    folders, whole, sample = 0, True, None
    for sight in look(root):
        if isinstance(sight, FolderSeen):
            folders += 1
            sample = sample or next((each for each in sight.files if _fits(each, limit)), None)
        else:
            whole = False
        if monotonic() > until:
            return Survey(folders, False, sample)
    return Survey(folders, whole, sample)


def _fits(file: FileStat, limit: int) -> bool:
    return file.size > 0 and file.mtime_ns < limit and is_utf8(file.path)
