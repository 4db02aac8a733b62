"""Discovering one location: walk its archive, take over what its records tell, and raise the alarm if need be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from archived import clock
from archived.config import Configuration, LocationSettings
from archived.core.dataclass import dataclass
from archived.core.model import CollectionArchive, StorageLocation
from archived.discover.sorting import Sorter, sorter_for
from archived.discover.walking import Walk, WalkProgress
from archived.ports import Transfers
from archived.records.reading import RecordProblem, read_records
from archived.store import Discovery, Store
from archived.transfer.pace import Manners, Pace, PatientMover, StoppedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asked for: below which folder of the archive, whether only to tell, whether to begin anew."""

    below: str = ""
    dry_run: bool = False
    restart: bool = False
    believe: bool = False
    """Take the archive's word also where it lost everything, or a large part of what it had."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went; what was found out is in the store, under the discovery's number."""

    discovery: Discovery
    complete: bool
    """Whether the end was reached, rather than `stop` having been set."""
    empty: bool = False
    """The archive is empty and the catalogue is not, so that no state was changed."""
    too_many: bool = False
    """So much seems to be lost at once that no state was changed."""
    problems: Sequence[RecordProblem] = ()
    """What of the archive's own records could not be read."""


class Discovering:
    """Discovers the locations of a configuration, one at a time.

    `mover_of` gives the mover of a location, also of one with another root. Any number of processes may do this at
    a time, and a daemon besides.
    """

    def __init__(
        self,
        configuration: Configuration,
        store: Store,
        mover_of: Callable[[StorageLocation], Transfers],
        *,
        stop: threading.Event,
        now: Callable[[], datetime] = clock.now,
        progress: Callable[[WalkProgress], None] = lambda _progress: None,
    ) -> None:
        self._configuration = configuration
        self._store = store
        self._mover_of = mover_of
        self._stop = stop
        self._now = now
        self._progress = progress

    def begin(self, wanted: LocationSettings, wish: Wish) -> Discovery:
        """The walk that was left off, or a new one."""
        return self._store.begin_discovery(
            wanted.location.name,
            wish.below,
            self._now(),
            dry_run=wish.dry_run,
            restart=wish.restart,
        )

    def run(
        self,
        wanted: LocationSettings,
        discovery: Discovery,
        manners: Manners,
        *,
        believe: bool = False,
    ) -> Outcome:
        """Walk to the end, or until `stop` is set. For `believe` see `Wish`.

        Raises children of `TransferError` for what makes going on pointless, and `StoreError`; whoever begins again
        goes on from there.
        """
        location, store = wanted.location, self._store
        if not isinstance(location.archive, CollectionArchive):
            manners = replace(manners, requests_a_second=None)
        pace = Pace(manners, monotonic=clock.monotonic, stop=self._stop)
        sorter = sorter_for(
            wanted,
            self._configuration.locations,
            lambda folder: store.knows_below(location.name, folder),
        )
        walk = Walk(
            store,
            discovery,
            PatientMover(self._mover_of(location), pace),
            sorter,
            pace,
            now=self._now,
            stop=self._stop,
            progress=self._progress,
            trusting=believe,
        )
        if not walk.run():
            return Outcome(store.discovery(discovery.id), complete=False)
        # Nothing is left of a walk that is gone, either.
        store.insist_on_walk(discovery)
        problems: Sequence[RecordProblem] = ()
        if not discovery.dry_run:
            try:
                # An archive that is not believed is not asked what it has to say about itself either.
                if walk.believed:
                    problems = self._take_records(location, discovery, sorter, pace)
            except StoppedError:
                return Outcome(store.discovery(discovery.id), complete=False)
            self._tell(location, discovery, walk)
        if self._stop.is_set():
            return Outcome(store.discovery(discovery.id), complete=False)
        store.end_discovery(discovery.id, self._now(), believed=walk.believed)
        return Outcome(
            store.discovery(discovery.id),
            complete=True,
            empty=walk.empty and not walk.believed,
            too_many=walk.too_many and not walk.believed,
            problems=problems,
        )

    def _take_records(
        self, location: StorageLocation, discovery: Discovery, sorter: Sorter, pace: Pace
    ) -> list[RecordProblem]:
        """What could not be read. Where nothing was found that lacks a record, none is asked for."""
        store = self._store
        if not store.wants_records(location.name):
            return []
        found = sorter.recogniser.find(discovery.below) if discovery.below else None
        problems: list[RecordProblem] = []
        for each in read_records(
            location,
            lambda place: PatientMover(self._mover_of(place), pace),
            self._configuration.spool,
            below=found.recording.path if found else discovery.below,
            now=self._now,
            stop=self._stop,
        ):
            if isinstance(each, RecordProblem):
                problems.append(each)
                continue
            known = sorter.recogniser.folder(each.path)
            recognised = known is not None and known.location == location.name
            store.take_record(discovery, each, self._now(), recognised=recognised)
        if not problems and not self._stop.is_set():
            store.owe_records(discovery, self._now())
        return problems

    def _tell(self, location: StorageLocation, discovery: Discovery, walk: Walk) -> None:
        """The alarms, raised or ended."""
        store, doubted = self._store, f"archive:{location.name}"
        if walk.believed:
            store.tell_of_missing(location.name, self._now())
            if not discovery.below:
                store.clear_alarm(doubted)
            return
        doubts = store.doubts(discovery.id, location.name)
        what = (
            "is empty, and the catalogue knows of files in it"
            if walk.empty
            else f"does not hold {doubts.files} of {doubts.archived} files as they were archived"
        )
        store.raise_alarm(
            doubted,
            f"the archive of {location.name}, {location.archive}, {what}; no state was changed",
            "see whether it is mounted, and whether `archive` in the configuration is right, then `archivedctl "
            "discover` again; if it did lose them, `archivedctl discover --believe`",
            self._now(),
        )
