"""sight: what is on the disk ▶ the store. Events say where to look at once; the rescan is the truth.

A look runs on a thread of its own and hands over what it saw in portions; only the tick writes to the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from archived.core.model import parent
from archived.core.paths import printable
from archived.core.sighting import KnownFolder
from archived.daemon.hinted import Hinted
from archived.daemon.looking import Look, Portion, walk
from archived.daemon.roots import note_identity, noted_identity
from archived.daemon.surroundings import Surroundings, WatchedRoot, error_of
from archived.errands import Finished
from archived.errors import StoreError
from archived.rig.watcher import Watcher
from archived.store import LookSummary, Store

PORTIONS_A_TICK = 4
UNRECOGNISED_LIMIT = 1_000
"""How many unrecognised names are kept of one root: a report for people, not a catalogue."""


LOOKS_FOR_LONG = timedelta(hours=6)
"""After how long a look that has not ended is told of: a disk that hangs raises no error."""


@dataclass
class RootWatch:
    """What the step remembers of one root between ticks; all of it may be forgotten."""

    watched: WatchedRoot
    hints: Hinted
    due: datetime | None = None
    deep_due: datetime | None = None
    look: Look | None = None
    outcome: Finished | None = None
    """What was last brought of a look; it is brought again where the store refused meanwhile."""
    troubled: frozenset[str] = frozenset()
    """Folders that could not be looked at when somebody last tried: whatever is known of them is not believed."""
    complete_looks: int = 0
    blocked: bool = False
    """Whether the last look said that nothing here can be believed; a person has to see to it."""


class Sighting:
    """Keeps the store's picture of every root up to date."""

    kinds = frozenset({"look"})

    def __init__(self, around: Surroundings, watcher: Watcher | None) -> None:
        self._around = around
        self._watcher = watcher
        # Whoever waits for the end of everything waits for no pause.
        pause = timedelta(0) if around.hurry else around.policies.rescan
        self._watches = {each.key: RootWatch(each, Hinted(pause)) for each in around.roots}

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
                each.look.end_early()

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what was seen, then begin the looks that are due."""
        for outcome in finished:
            watch = self._watches[outcome.subject]
            if watch.look is not None and outcome is not watch.outcome:
                watch.look.outcome = watch.outcome = outcome
        self._take_hints(now)
        for watch in self._watches.values():
            if watch.look is not None:
                self._take(watch, watch.look, now)
            if watch.look is None and self._may_begin():
                self._begin(watch, now)

    def _may_begin(self) -> bool:
        """What happens after a look went by has to be told of, so watches come first."""
        return self._watcher is None or self._watcher.ready()

    def _take_hints(self, now: datetime) -> None:
        if self._watcher is None:
            return
        for root, hints in self._watcher.drain().items():
            watch = self._watches[root]
            if hints.everything:
                watch.due, watch.deep_due = now, None
                if watch.look is not None:
                    watch.look.overtaken = True
                self._around.log.warning("events were lost, looking at everything", root=root)
            covered: set[str] = set()
            for path in hints.paths:
                above = parent(path)
                if above in covered:
                    continue
                found = watch.watched.recogniser.find(path)
                folder = found.recording.path if found else above
                watch.hints.add(folder)
                if above == folder or above.startswith(folder + "/"):
                    covered.add(above)

    def _begin(self, watch: RootWatch, now: datetime) -> None:
        # First of all, and whatever is due: the store may refuse, and then nothing was begun.
        if not (watch.hints.due(now) or _is_due(watch.due, self._around.policies.rescan, now)):
            return
        noted = noted_identity(self._around.store, watch.watched.root)
        watch.look = begun = self._due_look(watch, now)
        key = watch.watched.key
        # What was hinted at is looked at whatever is known of it.
        known: Callable[[], Mapping[str, KnownFolder]] = dict
        if begun.below is None:
            known = partial(_known, self._around.store, key, watch.troubled)
        self._around.errands.start(
            "look", key, partial(walk, watch.watched, begun, noted, now, known)
        )

    def _due_look(self, watch: RootWatch, now: datetime) -> Look:
        """A look at everything where it is time for that, else one at what was hinted at."""
        policies, wake = self._around.policies, self._around.wake
        if not _is_due(watch.due, policies.rescan, now):
            return Look(
                _topmost(watch.hints.take(now)), deep=True, first=False, begun=now, wake=wake
            )
        deep = _is_due(watch.deep_due, policies.deep_look, now)
        watch.due = now + policies.rescan
        if deep:
            # It covers what was hinted at until now; any other look passes over folders whose time did not
            # move, in which a file may have been written to in place.
            watch.hints.clear()
        return Look(None, deep, first=watch.complete_looks == 0, begun=now, wake=wake)

    def _take(self, watch: RootWatch, under_way: Look, now: datetime) -> None:
        for _ in range(PORTIONS_A_TICK):
            if under_way.unwritten is None:
                under_way.unwritten = under_way.take()
            if under_way.unwritten is None:
                break
            self._write(watch, under_way, under_way.unwritten, now)
            under_way.unwritten = None
        if under_way.more():
            self._around.wake()
        elif under_way.outcome is not None:
            # Never twice, whatever the store says: what a look did not see is counted.
            watch.look = None
            self._end(watch, under_way, under_way.outcome, now)
        elif now - under_way.begun >= LOOKS_FOR_LONG:
            self._late(watch, under_way, now)

    def _write(self, watch: RootWatch, under_way: Look, portion: Portion, now: datetime) -> None:
        store, key = self._around.store, watch.watched.key
        result = store.sight(portion.sightings, now)
        for plain in portion.plain:
            store.sight_plain(key, plain.path, plain.mtime_ns, plain.subfolders, plain.listing)
        for item in result.too_long:
            under_way.unrecognised[item.path] = item
        if under_way.below is None and not under_way.first and self._events_expected():
            store.count("found_only_by_rescan", result.files_new)
        under_way.visited.update(portion.visited)
        under_way.entries += portion.entries
        under_way.recordings = under_way.recordings or portion.recordings
        for item in portion.unrecognised:
            if len(under_way.unrecognised) < UNRECOGNISED_LIMIT:
                under_way.unrecognised[item.path] = item
        for trouble in portion.troubles:
            under_way.troubles.append(trouble)
            self._around.log.warning(
                "folder not readable", folder=printable(trouble.path), why=trouble.why
            )

    def _events_expected(self) -> bool:
        return self._watcher is not None

    def _end(self, watch: RootWatch, ended: Look, outcome: Finished, now: datetime) -> None:
        store, key, policies = self._around.store, watch.watched.key, self._around.policies
        store.clear_alarm(f"look:{key}")
        error = error_of(self._around, outcome)
        if error is not None and ended.below is not None:
            # Nobody tells again of what happened there, and only a deep look sees what was written in place.
            watch.deep_due = None
        if isinstance(error, StoreError):
            # What is known was to be read from the store, which was away: nothing is wrong with the root.
            if error.permanent:
                raise error
            self._around.log.warning("look cut short, looking again", root=key, why=str(error))
            watch.due = None
            return
        if error is not None:
            self._root_alarm(watch, error, now)
            return
        store.clear_alarm(f"root:{key}")
        whole = ended.below is None and not ended.stop.is_set()
        troubled = frozenset(each.path for each in ended.troubles)
        watch.troubled = troubled if whole else watch.troubled | troubled
        if not whole:
            return
        assert ended.identity is not None
        if ended.recordings:
            # An empty folder, perhaps the mount point of a disk that is still away, is nothing to hold on to.
            note_identity(store, watch.watched.root, ended.identity)
        self._tell_of_troubles(key, ended, now)
        self._tell_of_emptiness(watch, ended, now)
        if ended.deep:
            if not ended.overtaken:
                watch.deep_due = now + policies.deep_look
            store.set_unrecognised(key, list(ended.unrecognised.values()), now)
        self._finish(watch, ended, now)
        watch.complete_looks += 1

    def _finish(self, watch: RootWatch, ended: Look, now: datetime) -> None:
        """Absence counts only here: after a complete look, with the root confirmed at its end (safety rule 6).

        The look does that itself: the tick asks no disk, which might hang.
        """
        store, key = self._around.store, watch.watched.key
        summary = LookSummary(ended.visited, not ended.troubles, watch.watched.recogniser.covers)
        result = store.finish_look(key, summary, now)
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

    def _tell_of_troubles(self, key: str, ended: Look, now: datetime) -> None:
        store = self._around.store
        if not ended.troubles:
            store.clear_alarm(f"unreadable:{key}")
            return
        first, others = ended.troubles[0], len(ended.troubles) - 1
        more = f" (and {others} more)" if others else ""
        store.raise_alarm(
            f"unreadable:{key}",
            f"{printable(first.path) or 'the root'}{more} under {key} cannot be read: {first.why}; what is in there "
            "is not archived, and nothing counts as missing meanwhile",
            "give the service's user permission to read it, or see whether its disk is in order",
            now,
        )

    def _tell_of_emptiness(self, watch: RootWatch, ended: Look, now: datetime) -> None:
        """A root in which nothing was ever seen is more likely a disk that is away than a rig without recordings."""
        store, key = self._around.store, watch.watched.key
        if ended.entries or noted_identity(store, watch.watched.root) is not None:
            store.clear_alarm(f"empty:{key}")
            return
        if not ended.deep:
            # The root itself may have been passed over, so that nothing is known of what is in it.
            return
        store.raise_alarm(
            f"empty:{key}",
            f"{printable(key)} is empty: there is nothing to archive, and nothing counts as missing",
            "see whether its disk is mounted, and whether local_endpoint_local_path is right",
            now,
        )

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


def _is_due(due: datetime | None, pause: timedelta, now: datetime) -> bool:
    """Whether it is time. A time that is further away than the pause was noted before the clock was set back."""
    return due is None or not now < due <= now + pause


def _known(store: Store, key: str, troubled: frozenset[str]) -> Mapping[str, KnownFolder]:
    """What is known of the folders below a root, as far as it is believed."""
    found = store.known_folders(key)
    return (
        {path: each for path, each in found.items() if path not in troubled} if troubled else found
    )


def _topmost(folders: set[str]) -> tuple[str, ...]:
    """The folders without those that lie below another of them."""
    kept: list[str] = []
    for folder in sorted(folders, key=lambda each: (each.count("/"), each)):
        if not any(
            above == "" or folder == above or folder.startswith(above + "/") for above in kept
        ):
            kept.append(folder)
    return tuple(kept)
