"""One process that brings things back: it plans what is due, has it carried, and waits for what comes next."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archived.carry import FIRST_POLL, Carrier, CarryPolicy
from archived.config import Configuration
from archived.core.model import Direction
from archived.core.retrieving import BringState, split
from archived.core.retrying import RetryPolicy
from archived.errors import StoreError
from archived.retrieve.load import Bringing
from archived.retrieve.places import account_of
from archived.retrieve.planning import location_of
from archived.retrieve.telling import Telling
from archived.retrieve.values import Movers, Progress, StoppedError, Tell
from archived.store import Store

LONGEST_WAIT = timedelta(minutes=1)
SHORTEST_WAIT = timedelta(milliseconds=10)
STORE_PAUSE = timedelta(seconds=5)

Totals = Mapping[BringState, tuple[int, int]]
"""How many files are in each state, and their bytes."""

CANCELLED = "cancelled by a person"


@dataclass
class Run:
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
        """Bring, until everything has ended or `stop` is set. Raises what `bring` raises."""
        carrier = self._carrier(jitter)
        while not self.stop.is_set():
            try:
                self._plan_due(self.now())
                back = carrier.turn(self.now())
                # Once a turn: these are sums over every file, and nobody else changes them meanwhile.
                totals = self._totals()
                self._end_what_is_done(totals, self.now())
                self._tell_progress(totals)
                if not self._open():
                    return
                self._wait(back, totals)
            except StoppedError:
                return
            except StoreError as error:
                self._wait_for_store(error)

    def until_cancelled(self, jitter: Callable[[], float]) -> None:
        """Stop everything, until the movers say that it has stopped. Raises what `cancel` raises."""
        carrier = self._carrier(jitter, giving_up=True)
        while not self.stop.is_set():
            try:
                carrier.cancel(self.now(), reason=CANCELLED)
                back = carrier.turn(self.now())
                if back is None:
                    for each in self.retrievals:
                        self.store.end_retrieval(each, self.now())
                    return
                self._wait(back, self._totals())
            except StoreError as error:
                self._wait_for_store(error)

    def _carrier(self, jitter: Callable[[], float], *, giving_up: bool = False) -> Carrier:
        load = Bringing(
            self.store,
            location_of=lambda each: location_of(self.configuration, self.store, each),
            account_of=lambda each: account_of(self.configuration, each.location),
            mover_of=self.movers.of,
            stop=self.stop,
            now=self.now,
            giving_up=giving_up,
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
            wanted = self.store.retrieval_files(each, BringState.WANTED)
            due = [file for file in wanted if file.due is None or file.due <= now]
            portions = split(due, max_files=transfer.max_files, max_bytes=transfer.max_bytes)
            for portion in portions:
                self.store.plan_retrieval(
                    str(uuid.uuid4()),
                    each,
                    [file.file_id for file in portion],
                    now,
                    now + transfer.deadline,
                )

    def _open(self) -> bool:
        going_on = {each.id for each in self.store.retrievals()}
        return any(each in going_on for each in self.retrievals)

    def _totals(self) -> Mapping[str, Totals]:
        going_on = {each.id for each in self.store.retrievals()}
        return {each: self.store.retrieval_totals(each) for each in {*self.retrievals, *going_on}}

    def _end_what_is_done(self, totals: Mapping[str, Totals], now: datetime) -> None:
        for each, sums in totals.items():
            if not sums[BringState.WANTED][0] and not sums[BringState.TRAVELLING][0]:
                self.store.end_retrieval(each, now)

    def _wait(self, back: datetime | None, totals: Mapping[str, Totals]) -> None:
        times, now = [] if back is None else [back], self.now()
        # What was due and could not be planned travels to the same place already, for another command.
        soonest = now + min(FIRST_POLL, self.configuration.transfer.poll)
        for each in self.retrievals:
            if totals[each][BringState.WANTED][0]:
                wanted = self.store.retrieval_files(each, BringState.WANTED)
                times += [max(file.due, soonest) for file in wanted if file.due is not None]
        wait = min(times, default=now + SHORTEST_WAIT) - now
        self.stop.wait(max(SHORTEST_WAIT, min(wait, LONGEST_WAIT)).total_seconds())

    def _wait_for_store(self, error: StoreError) -> None:
        """A store that refuses is waited for: nothing is lost, and transfers that were begun go on."""
        if error.permanent:
            raise error
        self.telling.warning("store unavailable", error=str(error))
        self.stop.wait(STORE_PAUSE.total_seconds())

    def _tell_progress(self, all_totals: Mapping[str, Totals]) -> None:
        totals = [all_totals[each] for each in self.retrievals]
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
