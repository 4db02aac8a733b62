"""The errand behind `sight`: one walk below a root, sorted into what belongs to recordings and what does not."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from archived import __version__
from archived.core.model import Unrecognised
from archived.core.recognition import Found, Recogniser
from archived.core.sighting import KnownFolder
from archived.daemon.roots import confirmed
from archived.daemon.surroundings import WatchedRoot
from archived.errands import Finished
from archived.rig.root import RootIdentity
from archived.rig.scanner import (
    FolderSame,
    FolderSeen,
    FolderSkipped,
    FolderTrouble,
    Sight,
    look,
)
from archived.store import FolderSighting

PORTION_FOLDERS = 200
PORTION_FILES = 5_000
"""How much of a look is handed over at a time: large enough for a quick store, small enough for a short tick."""

PORTIONS_AHEAD = 4
"""By how many portions a walk may be ahead of the store, which is slower where everything is new: memory is theirs."""


@dataclass
class Portion:
    """What a look saw since the last portion."""

    sightings: list[FolderSighting] = field(default_factory=list)
    plain: list[FolderSeen] = field(default_factory=list)
    unrecognised: list[Unrecognised] = field(default_factory=list)
    troubles: list[FolderTrouble] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    folders: int = 0
    files: int = 0
    """How many folders, and files of recordings, are to be compared with the store."""
    entries: int = 0
    """How many files and folders of whatever kind it saw."""
    recordings: bool = False
    """Whether any of it belongs to one."""

    def full(self) -> bool:
        """Whether it is time to hand it over."""
        return self.folders >= PORTION_FOLDERS or self.files >= PORTION_FILES


@dataclass
class Look:
    """A look under way. `below` is None for a look at everything."""

    below: tuple[str, ...] | None
    deep: bool
    first: bool
    begun: datetime
    wake: Callable[[], None] = lambda: None
    """Called when there is something to be taken."""
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
    overtaken: bool = False
    """Whether events were lost since it began: it may have gone by before something happened that nobody tells of."""
    stop: threading.Event = field(default_factory=threading.Event)
    outcome: Finished | None = None
    _portions: queue.SimpleQueue[Portion] = field(default_factory=queue.SimpleQueue)
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PORTIONS_AHEAD))
    _taker: int = field(default_factory=threading.get_ident)

    def hand_over(self, portion: Portion) -> None:
        """Leave a portion to the tick, and wait until it is not too far behind; not where the tick itself walks."""
        if threading.get_ident() != self._taker and not self.stop.is_set():
            self._room.acquire()
        self._portions.put(portion)
        self.wake()

    def take(self) -> Portion | None:
        """The next portion, if one is there."""
        try:
            portion = self._portions.get_nowait()
        except queue.Empty:
            return None
        self._room.release()
        return portion

    def more(self) -> bool:
        """Whether there is a portion to be taken."""
        return not self._portions.empty()

    def end_early(self) -> None:
        """Nobody waits for the rest; what comes of it must not be taken for everything."""
        self.stop.set()
        self._room.release()


def walk(
    watched: WatchedRoot,
    begun: Look,
    noted: RootIdentity | None,
    now: datetime,
    known: Callable[[], Mapping[str, KnownFolder]],
) -> None:
    """Look, and hand over portion after portion. Touches nothing but the disk, and the store through `known`.

    What the store learns of a known folder while the look is under way the next one finds: this one tells what it would
    have told at its beginning. Raises `RootUnavailableError` where the root is not the one that was noted, or does not
    stay the same.
    """
    portion = Portion()
    with confirmed(watched.root, noted) as identity:
        for seen in look(
            watched.root,
            below=("",) if begun.below is None else begun.below,
            known=known().get,
            deep=begun.deep,
            key=listing_key(watched.recogniser),
            now=now,
            stop=begun.stop,
        ):
            _sort(watched, seen, portion)
            if portion.full():
                watched.root.confirm(identity)
                begun.hand_over(portion)
                portion = Portion()
    begun.identity = identity
    begun.hand_over(portion)


def listing_key(recogniser: Recogniser) -> bytes:
    """What decides, besides a listing, what is made of it: the release, and how names are read.

    So nothing is taken for compared that was compared by another release, or under another configuration.
    """
    text = f"{__version__}\n{recogniser.described}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def _sort(watched: WatchedRoot, seen: Sight, portion: Portion) -> None:
    if isinstance(seen, FolderTrouble):
        portion.troubles.append(seen)
        return
    portion.visited.append(seen.path)
    if isinstance(seen, FolderSkipped):
        portion.entries += bool(seen.path)
    elif isinstance(seen, FolderSame):
        portion.entries += seen.entries
        portion.recordings = portion.recordings or seen.known.recording
    else:
        _sort_folder(watched, seen, portion)


def _sort_folder(watched: WatchedRoot, seen: FolderSeen, portion: Portion) -> None:
    portion.folders += 1
    portion.entries += len(seen.files) + len(seen.subfolders) + len(seen.others)
    found = watched.recogniser.find(seen.path)
    told = [
        Unrecognised(other, "neither a file nor a folder (a link, a pipe): not followed")
        for other in seen.others
    ]
    if found is not None:
        told += [
            Unrecognised(file.path, "scratch, which its convention leaves out of the archive")
            for file in seen.files
            if found.convention.excludes(file.path)
        ]
        portion.recordings = True
        portion.files += len(seen.files)
    else:
        told += (misses := list(_near_misses(watched, seen)))
    portion.unrecognised.extend(told)
    if told:
        # Whatever is told of has to be told of by every deep look.
        seen = replace(seen, listing=None)
    if found is not None:
        portion.sightings.append(_sighting(watched, seen, found))
    elif not misses:
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
        listing=seen.listing,
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
