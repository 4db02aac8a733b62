"""Verifying one location after the other: sizes by listing first, then the contents of what is in place."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from archived import clock
from archived.carry import Alarms, Log
from archived.config import Configuration
from archived.core.model import (
    LIVE_BATCHES,
    Batch,
    BatchState,
    CollectionArchive,
    Direction,
    DirectoryArchive,
    StorageLocation,
    parent,
)
from archived.core.verifying import Look
from archived.discover.sorting import sorter_for
from archived.discover.walking import Walk, WalkProgress
from archived.errors import ArchivedError, NameNotFoundError, StoreError
from archived.rig.root import Root
from archived.store import Store
from archived.transfer.pace import Manners, Pace, PatientMover, StoppedError
from archived.verify.comparing import Comparing
from archived.verify.fuse import Fuse
from archived.verify.listing import folder_sorter
from archived.verify.load import ComparisonLoad
from archived.verify.reading import Reading
from archived.verify.scratch import Scratch
from archived.verify.values import Movers, Outcome, Part, Plan, Progress, Tell, Wish

NOTED_AT_ONCE = 200
"""After how many files that were read the store is told, so that a kill costs little."""

BYTES_AT_ONCE = 2_000_000_000

IN_PROPORTION = 500
"""How many files are looked up at a time."""


def _at_full_speed(_count: int) -> None:
    """No rests."""


@dataclass
class Verifying:
    """Verifies for one caller. `rests` is called between reads with the bytes read, and may wait or raise."""

    configuration: Configuration
    store: Store
    movers: Movers
    stop: threading.Event
    log: Log
    alarms: Alarms
    tell: Tell = lambda _progress: None
    now: Callable[[], datetime] = clock.now
    manners: Manners = field(default_factory=Manners)
    rests: Callable[[int], None] = _at_full_speed
    idle: Callable[[], bool] = lambda: True
    jitter: Callable[[], float] = random.random

    def run(self, plan: Plan) -> list[Outcome]:
        """Verify everything, or until `stop` is set. What is wrong with one archive keeps no other from being looked at.

        Raises `StoreError`. Whatever was found out is in the store as soon as it was.
        """
        outcomes = []
        if not plan.wish.deep:
            self._give_up_comparisons(plan.wish.audit)
        for part in plan.parts:
            if self.stop.is_set():
                break
            outcomes.append(_OfLocation(self, plan.wish, part).run())
        return outcomes

    def _give_up_comparisons(self, audit: int) -> None:
        """End what a killed process left, where contents are not compared any more. Their copies are not needed."""
        locations = {each.location.name: each.location for each in self.configuration.locations}
        scratch = Scratch(self.configuration.spool)
        for batch in self.store.comparisons(audit):
            if batch.task_id is not None and batch.location in locations:
                with contextlib.suppress(ArchivedError):
                    self.movers.of(locations[batch.location]).cancel(batch.task_id)
            with self.store.together():
                self.store.end_comparison(batch.id)
                why = "contents are not compared any more"
                self.store.end_batch(batch.id, BatchState.FAILED, self.now(), reason=why)
        live = self.store.batches(*LIVE_BATCHES, direction=Direction.VERIFY)
        scratch.sweep({each.id for each in live})


class _OfLocation:
    """One location's turn."""

    def __init__(self, verifying: Verifying, wish: Wish, part: Part) -> None:
        self._with = verifying
        self._wish = wish
        self._part = part
        self._location = part.settings.location
        store = verifying.store
        drawn = len(part.files) if part.sampled else None
        self._discovery = store.begin_audit(
            self._location.name,
            sorted({parent(each.path) for each in part.files}),
            verifying.now(),
            audit=wish.audit,
            drawn=drawn,
        )
        self._compared = self._bytes = 0
        self._total = 0
        self._fuse: Fuse | None = None

    def run(self) -> Outcome:
        """List, compare, and raise the alarm if need be."""
        store, number = self._with.store, self._discovery.id
        outcome = Outcome(self._part, self._discovery, complete=False)
        try:
            manners = self._with.manners
            if not isinstance(self._location.archive, CollectionArchive):
                manners = replace(manners, requests_a_second=None)
            pace = Pace(manners, monotonic=clock.monotonic, stop=self._with.stop)
            walk = self._walk(pace)
            complete = walk.run()
            outcome = replace(
                outcome,
                complete=complete,
                empty=walk.empty and not walk.believed,
                too_many=walk.too_many and not walk.believed,
            )
            if complete and walk.believed and self._wish.deep:
                self._compare()
                too_many = self._fuse is not None and self._fuse.blown
                outcome = replace(outcome, complete=not self._with.stop.is_set(), too_many=too_many)
        except StoreError:
            raise
        except StoppedError:
            outcome = replace(outcome, complete=False)
        except ArchivedError as error:
            outcome = replace(outcome, complete=False, error=error)
        self._tell_of_drift(outcome)
        if outcome.complete:
            store.end_discovery(number, self._with.now())
        return replace(
            outcome,
            discovery=store.discovery(number),
            compared=self._compared,
            bytes_compared=self._bytes,
        )

    def _walk(self, pace: Pace) -> Walk:
        store, name = self._with.store, self._location.name
        sorter = sorter_for(
            self._part.settings,
            self._with.configuration.locations,
            lambda folder: store.knows_below(name, folder),
        )
        return Walk(
            store,
            self._discovery,
            PatientMover(self._with.movers.of(self._location), pace),
            folder_sorter(sorter),
            pace,
            now=self._with.now,
            stop=self._with.stop,
            progress=self._tell_of_walk,
            trusting=self._wish.believe,
        )

    def _tell_of_walk(self, walk: WalkProgress) -> None:
        done = walk.folders.done + walk.folders.refused
        progress = Progress(
            walk.location, "sizes", done, done + walk.folders.left, walk.files, walk.waiting_for
        )
        self._with.tell(progress)

    def _compare(self) -> None:
        """The contents of what the listing found in place, in the order of their paths."""
        store = self._with.store
        ordered = sorted(self._part.files, key=lambda each: each.path)
        ids = store.seen_in_place((each.file_id for each in ordered), self._discovery.started_at)
        in_place = set(ids)
        self._total = sum(each.size for each in ordered if each.file_id in in_place)
        archived = store.doubts(self._discovery.id, self._location.name).archived
        self._fuse = Fuse(archived, trusting=self._wish.believe)
        if isinstance(self._location.archive, DirectoryArchive):
            self._read(self._location.archive.path, ids)
        elif ids:
            self._have_compared(ids)

    def _read(self, archive: str, ids: Sequence[int]) -> None:
        reading = Reading(archive, Root(self._location.root), self._read_on)
        looks: list[Look] = []
        size = 0
        try:
            for begin in range(0, len(ids), IN_PROPORTION):
                for wanted in self._with.store.to_compare(ids[begin : begin + IN_PROPORTION]):
                    looks.append(reading.look(wanted))
                    size += wanted.size
                    if len(looks) >= NOTED_AT_ONCE or size >= BYTES_AT_ONCE:
                        self._note(looks)
                        looks, size = [], 0
        finally:
            self._note(looks)

    def _read_on(self, count: int) -> None:
        if self._with.stop.is_set():
            raise StoppedError
        self._bytes += count
        self._with.rests(count)
        progress = Progress(
            self._location.name, "contents", self._bytes, self._total, self._compared
        )
        self._with.tell(progress)

    def _have_compared(self, ids: Sequence[int]) -> None:
        around = self._with
        scratch = Scratch(around.configuration.spool)
        scratch.place(self._location, "check")
        load = ComparisonLoad(
            around.store,
            scratch,
            location_of=self._location_of,
            mover_of=around.movers.of,
            noted=self._noted_of,
            going_on=self._copy_on,
        )
        comparing = Comparing(
            configuration=around.configuration,
            store=around.store,
            load=load,
            scratch=scratch,
            audit=self._wish.audit,
            alarms=around.alarms,
            log=around.log,
            jitter=around.jitter,
            stop=around.stop,
            now=around.now,
            idle=around.idle,
            after_turn=self._after_turn,
        )
        comparing.run(self._location.name, ids, self._note)

    def _copy_on(self, count: int) -> None:
        if self._with.stop.is_set():
            raise StoppedError
        self._with.rests(count)

    def _after_turn(self) -> None:
        live = self._with.store.comparisons(self._wish.audit)
        done = self._bytes + sum(each.bytes_done for each in live)
        progress = Progress(self._location.name, "contents", done, self._total, self._compared)
        self._with.tell(progress)

    def _location_of(self, name: str) -> StorageLocation:
        for each in self._with.configuration.locations:
            if each.location.name == name:
                return each.location
        raise NameNotFoundError(f"there is no location {name}")

    def _noted_of(self, batch: Batch, looks: Sequence[Look], _now: datetime) -> None:
        """A batch that a killed process left may be of another location, which has notes of its own."""
        if batch.location == self._location.name:
            self._note(looks)
            self._bytes += sum(each.wanted.size for each in looks)
            return
        store, now = self._with.store, self._with.now()
        other = store.begin_audit(batch.location, [], now, audit=self._wish.audit)
        archived = store.doubts(other.id, batch.location).archived
        fuse = Fuse(archived, trusting=self._wish.believe)
        store.note_contents(other, looks, now, believed=fuse.believes(looks))
        store.tell_of_missing(batch.location, now)

    def _note(self, looks: Sequence[Look]) -> None:
        if not looks:
            return
        assert self._fuse is not None
        believed = self._fuse.believes(looks)
        self._with.store.note_contents(self._discovery, looks, self._with.now(), believed=believed)
        self._compared += sum(each.content is not None for each in looks)

    def _tell_of_drift(self, outcome: Outcome) -> None:
        """The alarms, raised or ended; they are those of `discover`."""
        store, name, now = self._with.store, self._location.name, self._with.now()
        store.tell_of_missing(name, now)
        doubted = f"verify:{name}"
        if not outcome.empty and not outcome.too_many:
            if outcome.complete:
                store.clear_alarm(doubted)
            return
        what = (
            "is empty, and the catalogue knows of files in it"
            if outcome.empty
            else "does not hold a large part of what was looked at as it was archived"
        )
        store.raise_alarm(
            doubted,
            f"the archive of {name}, {self._location.archive}, {what}; that was not believed",
            "see whether it is mounted, and whether `archive` in the configuration is right, then `archivedctl "
            "discover` again; if it did lose them, `archivedctl discover --believe`, or `verify --deep --believe` "
            "for contents",
            now,
        )
