"""The errand behind `sight`: one walk below a root, sorted into what belongs to recordings and what does not."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from archived.core.model import Unrecognised
from archived.core.recognition import Found
from archived.daemon.roots import confirmed
from archived.daemon.surroundings import WatchedRoot
from archived.errands import Finished
from archived.rig.root import RootIdentity
from archived.rig.scanner import FolderSeen, FolderSkipped, FolderTrouble, KnownFolder, look
from archived.store import FolderSighting

PORTION_FOLDERS = 200
PORTION_FILES = 5_000
"""How much of a look is handed over at a time: large enough for a quick store, small enough for a short tick."""


@dataclass
class Portion:
    """What a look saw since the last portion."""

    sightings: list[FolderSighting] = field(default_factory=list)
    plain: list[FolderSeen] = field(default_factory=list)
    unrecognised: list[Unrecognised] = field(default_factory=list)
    troubles: list[FolderTrouble] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    files: int = 0
    entries: int = 0
    """How many files and folders of whatever kind it saw."""

    def full(self) -> bool:
        """Whether it is time to hand it over."""
        return len(self.visited) >= PORTION_FOLDERS or self.files >= PORTION_FILES


@dataclass
class Look:
    """A look under way. `below` is None for a look at everything."""

    below: tuple[str, ...] | None
    deep: bool
    first: bool
    begun: datetime
    portions: queue.SimpleQueue[Portion] = field(default_factory=queue.SimpleQueue)
    unwritten: Portion | None = None
    """The portion that is being written. It is let go of only once the store has it: with a portion less, the look
    would take what it saw for missing."""
    recordings: bool = False
    """Whether it saw any."""
    entries: int = 0
    visited: set[str] = field(default_factory=set)
    unrecognised: dict[str, Unrecognised] = field(default_factory=dict)
    troubles: list[FolderTrouble] = field(default_factory=list)
    identity: RootIdentity | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    outcome: Finished | None = None


def walk(
    watched: WatchedRoot,
    begun: Look,
    noted: RootIdentity | None,
    now: datetime,
    known: Callable[[str], KnownFolder | None],
) -> None:
    """Look, and hand over portion after portion. Touches nothing but the disk, and the store through `known`.

    Raises `RootUnavailableError` where the root is not the one that was noted, or does not stay the same.
    """
    portion = Portion()
    with confirmed(watched.root, noted) as identity:
        for seen in look(
            watched.root,
            below=("",) if begun.below is None else begun.below,
            known=known,
            now=now,
            stop=begun.stop,
        ):
            _sort(watched, seen, portion)
            if portion.full():
                watched.root.confirm(identity)
                begun.portions.put(portion)
                portion = Portion()
    begun.identity = identity
    begun.portions.put(portion)


def _sort(
    watched: WatchedRoot,
    seen: FolderSeen | FolderSkipped | FolderTrouble,
    portion: Portion,
) -> None:
    if isinstance(seen, FolderTrouble):
        portion.troubles.append(seen)
        return
    portion.visited.append(seen.path)
    if isinstance(seen, FolderSkipped):
        portion.entries += bool(seen.path)
        return
    portion.entries += len(seen.files) + len(seen.subfolders) + len(seen.others)
    found = watched.recogniser.find(seen.path)
    for other in seen.others:
        portion.unrecognised.append(
            Unrecognised(other, "neither a file nor a folder (a link, a pipe): not followed")
        )
    if found is not None:
        portion.unrecognised.extend(
            Unrecognised(file.path, "scratch, which its convention leaves out of the archive")
            for file in seen.files
            if found.convention.excludes(file.path)
        )
        portion.sightings.append(_sighting(watched, seen, found))
        portion.files += len(seen.files)
        return
    misses = list(_near_misses(watched, seen))
    portion.unrecognised.extend(misses)
    if not misses:
        portion.plain.append(seen)


def _sighting(watched: WatchedRoot, seen: FolderSeen, found: Found) -> FolderSighting:
    convention = found.convention
    return FolderSighting(
        root_key=watched.key,
        location=found.location,
        recording=found.recording,
        folder=seen.path,
        mtime_ns=seen.mtime_ns,
        subfolders=seen.subfolders,
        files=tuple(
            (file, convention.file_type(file.path))
            for file in seen.files
            if not convention.excludes(file.path)
        ),
        whole=seen.whole,
    )


def _near_misses(watched: WatchedRoot, seen: FolderSeen) -> Iterator[Unrecognised]:
    """The folder itself where it nearly is a recording, else the files in it that look like parts of one."""
    if seen.path:
        miss = watched.recogniser.near_miss(seen.path)
        if miss is not None:
            yield miss
            return
    for file in seen.files:
        miss = watched.recogniser.near_miss(file.path)
        if miss is not None:
            yield miss
