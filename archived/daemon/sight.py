"""sight: what is on the disk ▶ the store. Events say where to look at once; the rescan is the truth.

A look runs on a thread of its own and hands over what it saw in portions; only the tick writes to the store.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from archived.core.model import Unrecognised, parent
from archived.core.paths import printable
from archived.core.recognition import Found
from archived.daemon.roots import confirmed, note_identity, noted_identity
from archived.daemon.surroundings import Surroundings, WatchedRoot, error_of
from archived.errands import Finished
from archived.errors import RootUnavailableError
from archived.rig.root import RootIdentity
from archived.rig.scanner import (
    FolderSeen,
    FolderSkipped,
    FolderTrouble,
    KnownFolder,
    look,
    nothing_known,
)
from archived.rig.watcher import Watcher
from archived.store import FolderSighting, LookSummary

PORTION_FOLDERS = 200
PORTION_FILES = 5_000
"""How much of a look is handed over at a time: large enough for a quick store, small enough for a short tick."""

PORTIONS_A_TICK = 4
UNRECOGNISED_LIMIT = 1_000
"""How many unrecognised names are kept of one root: a report for people, not a catalogue."""


LOOKS_FOR_LONG = timedelta(hours=6)
"""After how long a look that has not ended is told of: a disk that hangs raises no error."""


@dataclass
class Portion:
    """What a look saw since the last portion."""

    sightings: list[FolderSighting] = field(default_factory=list)
    plain: list[FolderSeen] = field(default_factory=list)
    unrecognised: list[Unrecognised] = field(default_factory=list)
    troubles: list[FolderTrouble] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    files: int = 0

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
    visited: set[str] = field(default_factory=set)
    unrecognised: dict[str, Unrecognised] = field(default_factory=dict)
    troubles: int = 0
    identity: RootIdentity | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    outcome: Finished | None = None


@dataclass
class RootWatch:
    """What the step remembers of one root between ticks; all of it may be forgotten."""

    watched: WatchedRoot
    due: datetime | None = None
    deep_due: datetime | None = None
    hints: set[str] = field(default_factory=set)
    look: Look | None = None
    complete_looks: int = 0
    blocked: bool = False
    """Whether the last look said that nothing here can be believed; a person has to see to it."""


class Sighting:
    """Keeps the store's picture of every root up to date."""

    kinds = frozenset({"look"})

    def __init__(self, around: Surroundings, watcher: Watcher | None) -> None:
        self._around = around
        self._watcher = watcher
        self._watches = {each.key: RootWatch(each) for each in around.roots}

    def seen_everything(self) -> bool:
        """Whether every root was looked at completely since the start, or cannot be, and nothing is pending."""
        return all(
            (each.complete_looks > 0 or each.blocked) and each.look is None and not each.hints
            for each in self._watches.values()
        )

    def blocked_roots(self) -> Set[str]:
        """The keys of the roots of which nothing is believed until a person saw to them."""
        return {key for key, each in self._watches.items() if each.blocked}

    def stop(self) -> None:
        """Let the looks that are under way end early; what they would have told is not waited for."""
        for each in self._watches.values():
            if each.look is not None:
                each.look.stop.set()

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what was seen, then begin the looks that are due."""
        for outcome in finished:
            watch = self._watches[outcome.subject]
            if watch.look is not None:
                watch.look.outcome = outcome
        self._take_hints(now)
        for watch in self._watches.values():
            if watch.look is not None:
                self._take(watch, watch.look, now)
            if watch.look is None:
                self._begin(watch, now)

    def _take_hints(self, now: datetime) -> None:
        if self._watcher is None:
            return
        for root, hints in self._watcher.drain().items():
            watch = self._watches[root]
            if hints.everything:
                watch.due, watch.deep_due = now, None
                self._around.log.warning("events were lost, looking at everything", root=root)
            for path in hints.paths:
                found = watch.watched.recogniser.find(path)
                watch.hints.add(found.recording.path if found else parent(path))

    def _begin(self, watch: RootWatch, now: datetime) -> None:
        policies = self._around.policies
        if _is_due(watch.due, policies.rescan, now):
            deep = _is_due(watch.deep_due, policies.deep_look, now)
            begun = Look(None, deep, first=watch.complete_looks == 0, begun=now)
            watch.due = now + policies.rescan
            if deep:
                # It covers what was hinted at until now; any other look passes over folders whose time did not
                # move, in which a file may have been written to in place.
                watch.hints.clear()
        elif watch.hints:
            begun = Look(_topmost(watch.hints), deep=True, first=False, begun=now)
            watch.hints = set()
        else:
            return
        watch.look = begun
        noted = noted_identity(self._around.store, watch.watched.root)
        self._around.errands.start(
            "look", watch.watched.key, partial(self._look, watch.watched, begun, noted, now)
        )

    def _look(
        self, watched: WatchedRoot, begun: Look, noted: RootIdentity | None, now: datetime
    ) -> None:
        """The errand itself: on a thread of its own; of the store it reads only what may be passed over."""
        portion = Portion()
        with confirmed(watched.root, noted) as identity:
            for seen in look(
                watched.root,
                below=("",) if begun.below is None else begun.below,
                known=nothing_known if begun.deep else partial(self._known, watched.key),
                now=now,
                stop=begun.stop,
            ):
                self._sort(watched, seen, portion)
                if portion.full():
                    watched.root.confirm(identity)
                    begun.portions.put(portion)
                    portion = Portion()
        begun.identity = identity
        begun.portions.put(portion)

    def _known(self, key: str, folder: str) -> KnownFolder | None:
        known = self._around.store.known_folder(key, folder)
        return None if known is None else KnownFolder(known[0], tuple(known[1]))

    def _sort(
        self,
        watched: WatchedRoot,
        seen: FolderSeen | FolderSkipped | FolderTrouble,
        portion: Portion,
    ) -> None:
        if isinstance(seen, FolderTrouble):
            portion.troubles.append(seen)
            return
        portion.visited.append(seen.path)
        if isinstance(seen, FolderSkipped):
            return
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

    def _take(self, watch: RootWatch, under_way: Look, now: datetime) -> None:
        for _ in range(PORTIONS_A_TICK):
            if under_way.unwritten is None:
                try:
                    under_way.unwritten = under_way.portions.get_nowait()
                except queue.Empty:
                    break
            self._write(watch, under_way, under_way.unwritten, now)
            under_way.unwritten = None
        if under_way.outcome is not None and under_way.portions.empty():
            # Never twice, whatever the store says: what a look did not see is counted.
            watch.look = None
            self._end(watch, under_way, under_way.outcome, now)
        elif now - under_way.begun >= LOOKS_FOR_LONG:
            self._late(watch, under_way, now)

    def _write(self, watch: RootWatch, under_way: Look, portion: Portion, now: datetime) -> None:
        store, key = self._around.store, watch.watched.key
        result = store.sight(portion.sightings, now)
        for plain in portion.plain:
            store.sight_plain(key, plain.path, plain.mtime_ns, plain.subfolders)
        for item in result.too_long:
            under_way.unrecognised[item.path] = item
        if under_way.below is None and not under_way.first and self._events_expected():
            store.count("found_only_by_rescan", result.files_new)
        under_way.visited.update(portion.visited)
        under_way.recordings = under_way.recordings or bool(portion.sightings)
        for item in portion.unrecognised:
            if len(under_way.unrecognised) < UNRECOGNISED_LIMIT:
                under_way.unrecognised[item.path] = item
        for trouble in portion.troubles:
            under_way.troubles += 1
            self._around.log.warning(
                "folder not readable", folder=printable(trouble.path), why=trouble.why
            )

    def _events_expected(self) -> bool:
        return self._watcher is not None

    def _end(self, watch: RootWatch, ended: Look, outcome: Finished, now: datetime) -> None:
        store, key, policies = self._around.store, watch.watched.key, self._around.policies
        store.clear_alarm(f"look:{key}")
        error = error_of(self._around, outcome)
        if error is not None:
            self._root_alarm(watch, error, now)
            return
        store.clear_alarm(f"root:{key}")
        if ended.below is not None or ended.stop.is_set():
            return
        assert ended.identity is not None
        if ended.recordings:
            # An empty folder, perhaps the mount point of a disk that is still away, is nothing to hold on to.
            note_identity(store, watch.watched.root, ended.identity)
        if ended.troubles:
            store.raise_alarm(
                f"unreadable:{key}",
                f"{ended.troubles} folders under {key} cannot be read; what is in them is not archived",
                "give the service's user permission to read them",
                now,
            )
        else:
            store.clear_alarm(f"unreadable:{key}")
        if ended.deep:
            watch.deep_due = now + policies.deep_look
            store.set_unrecognised(key, list(ended.unrecognised.values()), now)
        self._finish(watch, ended, now)
        watch.complete_looks += 1

    def _finish(self, watch: RootWatch, ended: Look, now: datetime) -> None:
        """Absence counts only here: after a complete look, with the root confirmed once more (DESIGN rule 6)."""
        store, key = self._around.store, watch.watched.key
        assert ended.identity is not None
        try:
            watch.watched.root.confirm(ended.identity)
        except RootUnavailableError as error:
            self._root_alarm(watch, error, now)
            return
        result = store.finish_look(key, LookSummary(ended.visited, ended.troubles == 0), now)
        watch.blocked = result.fuse_blown
        if result.fuse_blown:
            store.raise_alarm(
                f"missing:{key}",
                f"{result.candidates} files under {key} that are not archived yet are missing at once; "
                "no state was changed",
                "see whether a disk is not mounted; if they were removed on purpose, hold their datasets",
                now,
            )
        else:
            store.clear_alarm(f"missing:{key}")

    def _late(self, watch: RootWatch, under_way: Look, now: datetime) -> None:
        key = watch.watched.key
        self._around.store.raise_alarm(
            f"look:{key}",
            f"a look at {key} has not ended since {under_way.begun:%Y-%m-%d %H:%M} UTC; until it has, what is new "
            "there is not noticed",
            "see whether its disk or its server hangs, then restart the service",
            now,
        )

    def _root_alarm(self, watch: RootWatch, error: Exception, now: datetime) -> None:
        key = watch.watched.key
        watch.blocked = True
        what_to_do = getattr(error, "what_to_do", "")
        self._around.store.raise_alarm(f"root:{key}", str(error), what_to_do, now)
        self._around.log.error("root unavailable", root=key, error=str(error))


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


def _is_due(due: datetime | None, pause: timedelta, now: datetime) -> bool:
    """Whether it is time. A time that is further away than the pause was noted before the clock was set back."""
    return due is None or not now < due <= now + pause


def _topmost(folders: set[str]) -> tuple[str, ...]:
    """The folders without those that lie below another of them."""
    kept: list[str] = []
    for folder in sorted(folders, key=lambda each: (each.count("/"), each)):
        if not any(
            above == "" or folder == above or folder.startswith(above + "/") for above in kept
        ):
            kept.append(folder)
    return tuple(kept)
