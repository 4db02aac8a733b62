"""Bring back what a plan says: noted in the store, carried, proved; whatever stops it, it can be gone on with."""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archived import clock
from archived.carry import Carrier, CarryPolicy, Log
from archived.config import Configuration
from archived.core.model import Direction
from archived.core.paths import printable
from archived.core.retrieving import BringState, WantedFile, split
from archived.core.retrying import RetryPolicy
from archived.core.units import format_size
from archived.errors import StoreError
from archived.movers import Movers
from archived.retrieve.load import Bringing
from archived.retrieve.places import insist_on_writable
from archived.retrieve.planning import location_of
from archived.retrieve.telling import Telling
from archived.retrieve.values import (
    NoRoomError,
    Outcome,
    Plan,
    Progress,
    Remark,
    StoppedError,
    Tell,
    untold,
)
from archived.store import Store

LONGEST_WAIT = timedelta(minutes=1)
SHORTEST_WAIT = timedelta(milliseconds=10)
STORE_PAUSE = timedelta(seconds=5)

CANCELLED = "cancelled by a person"


def bring(
    configuration: Configuration,
    store: Store,
    movers: Movers,
    plan: Plan,
    *,
    asked_for: str = "",
    asked_by: str = "",
    stop: threading.Event | None = None,
    tell: Tell = untold,
    log: Log | None = None,
    now: Callable[[], datetime] = clock.now,
    jitter: Callable[[], float] = random.random,
) -> Outcome:
    """Bring the files of a plan, wait until all are there or have failed, and say what became of each.

    What was asked for in the words of `asked_for` before, and was stopped, is gone on with. `stop` ends the waiting:
    transfers that Globus has begun go on there, and the outcome names what is left. `tell` hears of progress, and
    `log` of trouble that passes.

    Raises `AnotherRetrievalError` while somebody else retrieves for this rig, `NoRoomError`, `LoginRequiredError`
    where the login has ended (what was begun is gone on with after the next one), and what stores raise.
    """
    insist_on_writable(configuration)
    insist_on_room(plan)
    ending = stop or threading.Event()
    store.join()
    with store.claim_retrieval(os.getpid(), asked_by or "somebody", now()):
        noted = _note(store, plan, asked_for, asked_by, now())
        run = _Run(configuration, store, movers, noted, ending, tell, Telling(store, log), now)
        run.until_done(jitter)
    return _outcome(store, plan, noted)


def cancel(
    configuration: Configuration,
    store: Store,
    movers: Movers,
    *,
    asked_by: str = "",
    stop: threading.Event | None = None,
    log: Log | None = None,
    now: Callable[[], datetime] = clock.now,
    jitter: Callable[[], float] = random.random,
) -> int:
    """Give up every retrieval that has not ended, stop its transfers, and wait until they have; how many there were.

    What has arrived stays. Raises as `bring` does.
    """
    with store.claim_retrieval(os.getpid(), asked_by or "somebody", now()):
        noted = [each.id for each in store.retrievals()]
        run = _Run(
            configuration,
            store,
            movers,
            noted,
            stop or threading.Event(),
            untold,
            Telling(store, log),
            now,
        )
        run.until_cancelled(jitter)
    return len(noted)


def insist_on_room(plan: Plan) -> None:
    """Raise `NoRoomError` unless what is to be brought fits on the disks that it goes to."""
    for room in plan.room:
        if room.needed > room.free:
            raise NoRoomError(
                f"there is no room at {printable(room.folder)}: {format_size(room.needed)} are needed and "
                f"{format_size(room.free)} are free; nothing was begun",
                what_to_do="make room there, ask for less, or name another folder: --to DIR",
            )


def _note(store: Store, plan: Plan, asked_for: str, asked_by: str, now: datetime) -> Sequence[str]:
    """The retrievals of a plan; those that have just been noted, and those that are gone on with."""
    if plan.resumed:
        return plan.resumed
    return [
        store.begin_retrieval(
            str(uuid.uuid4()),
            portion.location.name,
            portion.location.root,
            {file.file_id: file.leftover for file in (*portion.files, *portion.under_way)},
            asked_by=asked_by,
            asked_for=asked_for,
            now=now,
        ).id
        for portion in plan.portions
    ]


@dataclass
class _Run:
    """One process that brings things back, until everything it was asked for has ended."""

    configuration: Configuration
    store: Store
    movers: Movers
    retrievals: Sequence[str]
    stop: threading.Event
    tell: Tell
    telling: Telling
    now: Callable[[], datetime]

    def until_done(self, jitter: Callable[[], float]) -> None:
        carrier = self._carrier(jitter)
        while not self.stop.is_set():
            try:
                self._plan_due(self.now())
                back = carrier.turn(self.now())
                self._end_what_is_done(self.now())
                self._tell_progress()
                if not self._open():
                    return
                self._wait(back)
            except StoppedError:
                return
            except StoreError as error:
                self._wait_for_store(error)

    def until_cancelled(self, jitter: Callable[[], float]) -> None:
        carrier = self._carrier(jitter)
        while not self.stop.is_set():
            try:
                carrier.cancel(self.now(), reason=CANCELLED)
                back = carrier.turn(self.now())
                if back is None:
                    for each in self.retrievals:
                        self.store.end_retrieval(each, self.now())
                    return
                self._wait(back)
            except StoreError as error:
                self._wait_for_store(error)

    def _carrier(self, jitter: Callable[[], float]) -> Carrier:
        load = Bringing(
            self.store,
            location_of=lambda each: location_of(self.configuration, self.store, each),
            mover_of=self.movers.of,
            stop=self.stop,
            now=self.now,
        )
        transfer = self.configuration.transfer
        policy = CarryPolicy(
            poll=transfer.poll,
            deadline=transfer.deadline,
            max_active=transfer.max_active,
            retry=RetryPolicy(first=transfer.retry_first, longest=transfer.retry_longest),
            waits_for_room=False,
        )
        return Carrier(
            self.store,
            Direction.RETRIEVE,
            load,
            rig=self.configuration.rig,
            policy=policy,
            alarms=self.telling,
            log=self.telling,
            jitter=jitter,
        )

    def _plan_due(self, now: datetime) -> None:
        transfer = self.configuration.transfer
        for each in self.retrievals:
            due = [file for file in self._wanted(each) if file.due is None or file.due <= now]
            portions = split(due, max_files=transfer.max_files, max_bytes=transfer.max_bytes)
            for portion in portions:
                self.store.plan_retrieval(
                    str(uuid.uuid4()),
                    each,
                    [file.file_id for file in portion],
                    now,
                    now + transfer.deadline,
                )

    def _wanted(self, retrieval: str) -> list[WantedFile]:
        if not self.store.retrieval_totals(retrieval)[BringState.WANTED][0]:
            return []
        return self.store.retrieval_files(retrieval, BringState.WANTED)

    def _open(self) -> bool:
        going_on = {each.id for each in self.store.retrievals()}
        return any(each in going_on for each in self.retrievals)

    def _end_what_is_done(self, now: datetime) -> None:
        for each in self.retrievals:
            totals = self.store.retrieval_totals(each)
            if not totals[BringState.WANTED][0] and not totals[BringState.TRAVELLING][0]:
                self.store.end_retrieval(each, now)

    def _wait(self, back: datetime | None) -> None:
        times = [] if back is None else [back]
        for each in self.retrievals:
            times += [file.due for file in self._wanted(each) if file.due is not None]
        now = self.now()
        wait = min(times, default=now + SHORTEST_WAIT) - now
        self.stop.wait(max(SHORTEST_WAIT, min(wait, LONGEST_WAIT)).total_seconds())

    def _wait_for_store(self, error: StoreError) -> None:
        """A store that refuses is waited for: nothing is lost, and transfers that were begun go on."""
        if error.permanent:
            raise error
        self.telling.warning("store unavailable", error=str(error))
        self.stop.wait(STORE_PAUSE.total_seconds())

    def _tell_progress(self) -> None:
        totals = [self.store.retrieval_totals(each) for each in self.retrievals]
        done = (BringState.ARRIVED, BringState.THERE)
        live = self.store.live_retrievals()
        running = sum(each.bytes_done for each in live if each.retrieval in self.retrievals)
        self.tell(
            Progress(
                "bringing",
                sum(each[state][0] for each in totals for state in done),
                sum(files for each in totals for files, _ in each.values()),
                running + sum(each[state][1] for each in totals for state in done),
                sum(size for each in totals for _, size in each.values()),
            )
        )


def _outcome(store: Store, plan: Plan, retrievals: Iterable[str]) -> Outcome:
    """What became of the files of a plan, by what the store says now."""
    asked = {file.file_id for each in plan.portions for file in (*each.files, *each.under_way)}
    by_state: dict[BringState, list[Remark]] = {state: [] for state in BringState}
    for retrieval in retrievals:
        for file in store.retrieval_files(retrieval):
            if file.file_id in asked:
                remark = Remark(file.dataset, file.path, file.size, file.reason)
                by_state[file.state].append(remark)
    arrived = [replace(each, reason="") for each in by_state[BringState.ARRIVED]]
    return Outcome(
        brought=tuple(arrived),
        there=(*plan.there, *by_state[BringState.THERE]),
        differing=(*plan.differing, *by_state[BringState.DIFFERS]),
        missing=plan.missing,
        failed=(*plan.refused, *by_state[BringState.FAILED]),
        left=(*by_state[BringState.WANTED], *by_state[BringState.TRAVELLING]),
    )
