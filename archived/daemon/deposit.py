"""deposit: WRITTEN ▶ PROVED. Manifests and records go to the archive, when nothing of the data waits to go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from archived.carry import Carrier, CarryPolicy
from archived.core.model import LIVE_BATCHES, Batch, BatchState, Direction
from archived.core.records import RecordState
from archived.daemon.surroundings import RecordKeeping, Surroundings, error_of, raise_login_alarm
from archived.errands import Finished
from archived.errors import StoreError
from archived.records.load import RecordLoad
from archived.records.places import Places, places_of
from archived.records.quiet import QuietAlarms
from archived.records.spool import sizes
from archived.store import OwedRecord

EVERY = timedelta(minutes=1)
"""How often is looked whether those that are written may go by now."""

AT_ONCE = 100
"""How many datasets' records travel in one batch: before the first time each is looked for in the archive."""

LOOKED_AT = 1_000
ALONE_AFTER = 3
"""After how many failures a record travels alone, so that it holds up no other."""

DEADLINE = timedelta(days=1)

WAITED_FOR = timedelta(minutes=10)
"""How long somebody who waits for the end of everything waits for one step of a batch. Its files are small; where it
takes longer, something is in its way, and the next run finds how it ended."""


class Depositing:
    """Has the records carried, one batch at a time."""

    kinds = frozenset({"deposit"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._begun = False
        self._maybe = True
        """Whether something may be written that is not under way."""
        self._look: datetime | None = None
        self._back: datetime | None = None
        """When the batch under way is to be seen to; None without one."""
        self._sweep = True
        self._places = Places({}, {})
        self._load: RecordLoad | None = None
        self._carrier: Carrier | None = None
        if around.records is not None:
            self._places = places_of(around.locations.values(), around.records.spool)
            self._load = _load(around, around.records, self._places)
            self._carrier = _carrier(around, self._load)

    def expect(self) -> None:
        """Something was written."""
        self._maybe, self._look = True, None

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came back, go on with what is under way, or begin a batch."""
        if not self._begun:
            self._begin(now)
        for outcome in finished:
            self._take(outcome, now)
        if self._load is None or self._around.errands.busy("deposit", ""):
            return
        if self._back is None and self._maybe and not _in(self._look, EVERY, now):
            self._look = now + EVERY
            self._plan(now)
        if self._back is not None and not _in(self._back, DEADLINE, now):
            self._around.errands.start("deposit", "", lambda: self._turn(now))

    def idle(self, now: datetime) -> bool:
        """Whether nothing can be sent before something that failed is tried again, or a pause is over."""
        if self._load is None or self._around.store.paused(now):
            return True
        logins = {alarm.key for alarm in self._around.store.alarms()}
        live = self._live()
        if any(
            each.attempts == 0
            and f"login:{each.location}" not in logins
            and _in(each.state_since + WAITED_FOR, WAITED_FOR, now)
            for each in live
        ):
            return False
        if live or not (self._around.errands.busy("deposit", "") or self._ready(now)):
            return True
        self._maybe, self._look = True, None
        return False

    def _begin(self, now: datetime) -> None:
        """The configuration may be another one than it was."""
        store = self._around.store
        for batch in self._live():
            if batch.location not in self._places.usable:
                reason = "its records are not sent any more"
                with store.together():
                    store.unload_records(batch.id, [], due=now, reason=reason, counts=False)
                    store.end_batch(batch.id, BatchState.FAILED, now, reason=reason)
        store.reopen_records(sorted(self._places.usable))
        self._begun = True
        if self._load is not None:
            self._back = now

    def _live(self) -> list[Batch]:
        return self._around.store.batches(*LIVE_BATCHES, direction=Direction.RECORD)

    def _turn(self, now: datetime) -> datetime | None:
        assert self._load is not None
        assert self._carrier is not None
        if self._sweep:
            self._load.sweep()
            self._sweep = False
        try:
            return self._carrier.turn(now)
        finally:
            self._load.clean()

    def _take(self, outcome: Finished, now: datetime) -> None:
        error = error_of(self._around, outcome)
        if error is None:
            self._back = outcome.result
            if self._back is None:
                # What did not arrive is written anew; what did makes room for the next batch.
                self.expect()
            return
        if isinstance(error, StoreError) and error.permanent:
            raise error
        self._back = now + self._around.policies.poll
        self._around.log.warning("records not sent", error=str(error))
        for batch in self._live():
            raise_login_alarm(self._around, batch.location, error, now)

    def _ready(self, now: datetime) -> dict[str, list[OwedRecord]]:
        """What is written, by locations to which nothing of the data waits to be submitted."""
        waits = {
            each.location for each in self._around.batches(BatchState.PLANNED, BatchState.RESERVED)
        }
        found: dict[str, list[OwedRecord]] = defaultdict(list)
        waits.update(each for each in self._around.locations if self._around.store.is_closed(each))
        for each in self._around.store.records_due(RecordState.WRITTEN, now, LOOKED_AT):
            if each.location not in waits:
                found[each.location].append(each)
        return found

    def _plan(self, now: datetime) -> None:
        store = self._around.store
        if store.paused(now):
            return
        ready = self._ready(now)
        self._maybe = bool(store.records_due(RecordState.WRITTEN, now, 1)) if not ready else True
        for location, written in ready.items():
            if location not in self._places.usable:
                for each in written:
                    store.set_record(each, RecordState.OWED)
            elif (go_at := self._go_at(written)) <= now:
                self._load_batch(location, _company(written), now)
                return
            else:
                self._look = min(go_at, self._look or go_at)

    def _go_at(self, written: Sequence[OwedRecord]) -> datetime:
        """Until when more company is waited for."""
        alone = self._around.hurry or len(written) >= AT_ONCE
        return written[0].due + (timedelta(0) if alone else self._around.policies.batch.batch_wait)

    def _load_batch(self, location: str, chosen: Sequence[OwedRecord], now: datetime) -> None:
        store, folder = self._around.store, self._places.usable[location].root
        size = sum(sum((sizes(folder, each.path) or {}).values()) for each in chosen)
        with store.together():
            batch = store.begin_batch(
                self._around.new_id(),
                location,
                Direction.RECORD,
                files=2 * len(chosen),
                size=size,
                now=now,
                deadline=now + DEADLINE,
            )
            store.load_records(batch.id, [each.dataset_id for each in chosen])
        self._around.log.info(
            "records batched", batch=batch.id, location=location, datasets=len(chosen)
        )
        self._back = now


def _company(written: Sequence[OwedRecord]) -> Sequence[OwedRecord]:
    """Those that travel together: the oldest, or one alone that has failed too often."""
    if written[0].attempts >= ALONE_AFTER:
        return written[:1]
    return [each for each in written if each.attempts < ALONE_AFTER][:AT_ONCE]


def _in(moment: datetime | None, longest: timedelta, now: datetime) -> bool:
    """Whether a time is still to come; one that is further ahead than it can be was noted by a wrong clock."""
    return moment is not None and moment - longest <= now < moment


def _load(around: Surroundings, keeping: RecordKeeping, places: Places) -> RecordLoad:
    return RecordLoad(around.store, places.usable, keeping.mover_of, around.next_try)


def _carrier(around: Surroundings, load: RecordLoad) -> Carrier:
    return Carrier(
        around.store,
        Direction.RECORD,
        load,
        rig=around.rig,
        policy=CarryPolicy(
            poll=around.policies.poll,
            deadline=DEADLINE,
            max_active=1,
            retry=around.policies.retry,
        ),
        alarms=QuietAlarms(load.tell),
        log=around.log,
        jitter=around.jitter,
    )
