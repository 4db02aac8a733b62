"""describe: OWED ▶ WRITTEN. What the archive is to be told of each dataset is put into the spool, one at a time.

It is never in the way of the data: it has threads of its own, and no failure here moves a dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from archived.core.records import Record, RecordState
from archived.daemon.digesting import Digested, digest_missing
from archived.daemon.surroundings import RecordKeeping, Surroundings, error_of
from archived.errands import Finished
from archived.errors import ArchivedError, StoreError
from archived.records.building import record_of
from archived.records.load import TOLD_AFTER
from archived.records.places import places_of
from archived.records.spool import SpoolError, write_record
from archived.store import OwedRecord, Store

EVERY = timedelta(minutes=1)
"""How often is looked for something to do, once there was nothing."""

PACE = timedelta(seconds=1)
"""How long after one dataset the next is begun with: a catalogue that is years old is told of slowly."""

ON_ITS_WAY = timedelta(hours=1)
"""When to look again at a dataset that is not archived just now. Once it is, its record is due at once."""

UNREADABLE_AFTER = 3
"""After how many failures a file counts as one that cannot be read."""


class Describing:
    """Computes what is missing, and writes manifests and records into the spool."""

    kinds = frozenset({"describe"})

    def __init__(self, around: Surroundings, wrote: Callable[[], None]) -> None:
        self._around = around
        self._wrote = wrote
        self._next: datetime | None = None
        self._newest = False
        self._at: OwedRecord | None = None
        """The one that an errand is under way for."""

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came back, then begin with the next."""
        keeping = self._around.records
        if keeping is None:
            return
        for outcome in finished:
            self._take(keeping, outcome, now)
        waits = self._next is not None and self._next - EVERY <= now < self._next
        if self._at is None and not waits:
            self._begin(keeping, now)

    def expect(self) -> None:
        """Look at once for something to do: a dataset may have been archived just now."""
        self._next = None

    def idle(self, now: datetime) -> bool:
        """Whether there is nothing to be written before something that failed is tried again."""
        if self._around.records is None:
            return True
        if self._at is None and not self._around.store.records_due(RecordState.OWED, now, 1):
            return True
        self._next = None
        return False

    def _begin(self, keeping: RecordKeeping, now: datetime) -> None:
        # From both ends by turns: what was archived just now may leave the rig soon, and the oldest waits longest.
        due = self._around.store.records_due(RecordState.OWED, now, 1, newest=self._newest)
        self._newest = not self._newest
        if not due:
            self._next = now + EVERY
            return
        self._next = now if self._around.hurry else now + PACE
        self._describe(keeping, due[0], now)

    def _describe(self, keeping: RecordKeeping, owed: OwedRecord, now: datetime) -> None:
        around, store = self._around, self._around.store
        if not owed.archived:
            self._postpone(owed, now + ON_ITS_WAY, "the dataset is not archived just now")
            return
        if store.record_batch_is_live(owed):
            self._postpone(owed, now + EVERY, "what was sent before is still under way")
            return
        if owed.location not in around.locations:
            reason = f"the configuration has no location {owed.location}"
            store.set_record(owed, RecordState.KEPT, reason=reason)
            return
        root = around.root_of(owed.location).root
        usable = places_of([around.locations[owed.location]], keeping.spool).usable
        folder = usable[owed.location].root if usable else None

        def work() -> Digested:
            # There may be tens of thousands of files, which take seconds to read from the store.
            digested = digest_missing(store, root, owed.dataset_id, keeping.pace())
            if digested.complete and folder is not None:
                write_record(folder, _record(store, owed.dataset_id, keeping))
            return digested

        if around.errands.start("describe", str(owed.dataset_id), work):
            self._at = owed

    def _take(self, keeping: RecordKeeping, outcome: Finished, now: datetime) -> None:
        owed = self._at
        if owed is None or outcome.subject != str(owed.dataset_id):
            return
        error = error_of(self._around, outcome)
        if isinstance(error, StoreError) and error.permanent:
            raise error
        if error is not None:
            self._failed(owed, error, now)
        elif outcome.result.complete:
            self._described(keeping, owed, now)
        else:
            self._incomplete(owed, outcome.result, now)
        self._at = None

    def _described(self, keeping: RecordKeeping, owed: OwedRecord, now: datetime) -> None:
        around = self._around
        unusable = places_of([around.locations[owed.location]], keeping.spool).unusable
        if unusable:
            reason = str(unusable[owed.location])
            around.store.set_record(owed, RecordState.KEPT, reason=reason)
        elif around.store.set_record(owed, RecordState.WRITTEN, due=now, attempts=owed.attempts):
            around.log.debug("record written", dataset=f"{owed.location}/{owed.path}")
            self._wrote()

    def _incomplete(self, owed: OwedRecord, result: Digested, now: datetime) -> None:
        store, attempts = self._around.store, owed.attempts + 1
        if result.unreadable and attempts >= UNREADABLE_AFTER:
            store.note_digests(result.unreadable)
        elif result.unreadable:
            why = next(iter(result.unreadable.values())).why
            due = self._around.next_try(attempts, now)
            store.set_record(owed, RecordState.OWED, due=due, attempts=attempts, reason=why)

    def _failed(self, owed: OwedRecord, error: ArchivedError, now: datetime) -> None:
        around, attempts = self._around, owed.attempts + 1
        around.log.warning(
            "record not written", dataset=f"{owed.location}/{owed.path}", error=str(error)
        )
        if error.permanent:
            around.store.set_record(owed, RecordState.KEPT, reason=str(error))
            return
        if isinstance(error, SpoolError) and attempts >= TOLD_AFTER:
            around.store.raise_alarm(
                f"records:{owed.location}",
                f"the archive of {owed.location} cannot be told what it holds: {error}",
                error.what_to_do,
                now,
            )
        due = around.next_try(attempts, now, error)
        around.store.set_record(
            owed, RecordState.OWED, due=due, attempts=attempts, reason=str(error)
        )

    def _postpone(self, owed: OwedRecord, due: datetime, reason: str) -> None:
        self._around.store.set_record(
            owed, RecordState.OWED, due=due, attempts=owed.attempts, reason=reason
        )


def _record(store: Store, dataset_id: int, keeping: RecordKeeping) -> Record:
    """What is known of a dataset as it was archived."""
    dataset = store.dataset_by_id(dataset_id)
    return record_of(
        dataset,
        store.files(dataset_id),
        store.digests(dataset_id),
        store.events(name=dataset.name),
        host=keeping.host,
        programs=keeping.programs,
    )
