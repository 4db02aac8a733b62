"""Has the contents of one location's files compared by transfers, one batch at a time, until all have an answer."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archived.carry import Alarms, Carrier, CarryPolicy, Log
from archived.config import Configuration
from archived.core.model import LIVE_BATCHES, Batch, BatchState, Direction
from archived.core.retrying import RetryPolicy
from archived.core.verifying import How, Look, Wanted, portions
from archived.errors import StoreError, TransferRefusedError, TransferUnavailableError
from archived.store import Store
from archived.verify.load import ComparisonLoad
from archived.verify.scratch import Scratch

LONGEST_WAIT = timedelta(minutes=1)
SHORTEST_WAIT = timedelta(milliseconds=10)
STORE_PAUSE = timedelta(seconds=5)
READ_AT_ONCE = 5_000
"""How many files are looked up in the store at a time."""


@dataclass
class Comparing:
    """Compares, for whoever `audit` stands for. `idle` tells whether a new batch may be begun just now."""

    configuration: Configuration
    store: Store
    load: ComparisonLoad
    scratch: Scratch
    audit: int
    alarms: Alarms
    log: Log
    jitter: Callable[[], float]
    stop: threading.Event
    now: Callable[[], datetime]
    idle: Callable[[], bool] = lambda: True
    after_turn: Callable[[], None] = lambda: None
    _queue: deque[int] = field(default_factory=deque, init=False)

    def run(
        self, location: str, file_ids: Sequence[int], noted: Callable[[Sequence[Look]], None]
    ) -> None:
        """Compare these files of a location, until all have an answer or `stop` is set.

        Raises `TransferRefusedError` where no file can be compared, `TransferUnavailableError` for a spool that
        cannot be written, and what `Carrier.turn` raises. `StoreError` that will be over is waited for.
        """
        carrier = self._carrier()
        under_way = {each for batch in self._live() for each in self.store.comparing(batch.id)}
        self._queue.extend(each for each in file_ids if each not in under_way)
        while not self.stop.is_set():
            try:
                live = self._live()
                self._take_again()
                if not live and self._queue and self.idle():
                    self._begin(location, noted)
                back = carrier.turn(self.now())
                self._sweep()
                self.after_turn()
                if self.load.refused:
                    raise TransferRefusedError(
                        f"contents cannot be compared: {self.load.refused}",
                        what_to_do="the collection of this machine has to write to "
                        f"{self.scratch.top}, which holds nothing but copies for that",
                    )
                if back is None and not self._queue and not self.load.again:
                    return
                self._wait(back)
            except StoreError as error:
                if error.permanent:
                    raise
                self.log.warning("store unavailable", error=str(error))
                self.stop.wait(STORE_PAUSE.total_seconds())

    def _carrier(self) -> Carrier:
        transfer = self.configuration.transfer
        return Carrier(
            self.store,
            Direction.VERIFY,
            self.load,
            rig=self.configuration.rig,
            policy=CarryPolicy(
                poll=transfer.poll,
                deadline=transfer.deadline,
                max_active=1,
                retry=RetryPolicy(first=transfer.retry_first, longest=transfer.retry_longest),
                waits_for_room=False,
            ),
            alarms=self.alarms,
            log=self.log,
            jitter=self.jitter,
            mine=self._is_mine,
        )

    def _is_mine(self, batch: Batch) -> bool:
        return batch.id in {each.id for each in self.store.comparisons(self.audit)}

    def _live(self) -> list[Batch]:
        """Those that a killed process left are gone on with; those of a location that is gone have ended."""
        known = {each.location.name for each in self.configuration.locations}
        live = self.store.comparisons(self.audit)
        for batch in live:
            if batch.location not in known:
                with self.store.together():
                    self.store.end_comparison(batch.id)
                    why = "its location was taken out of the configuration"
                    self.store.end_batch(batch.id, BatchState.FAILED, self.now(), reason=why)
        return [each for each in live if each.location in known]

    def _take_again(self) -> None:
        now = self.now()
        due = [each for each in self.load.again if each[0] <= now]
        for each in due:
            self.load.again.remove(each)
            self._queue.append(each[1])

    def _begin(self, location: str, noted: Callable[[Sequence[Look]], None]) -> None:
        """Plan one batch of what is next. A file for which there is no room is told of, and no other waits for it."""
        room = self._room()
        wanted = self.store.to_compare([*self._queue][:READ_AT_ONCE])
        most = min(room, self.configuration.verify.scratch)
        files = min(self.configuration.transfer.max_files, READ_AT_ONCE)
        portion = next(portions(wanted, files=files, size=most), [])
        ids = {each.file_id for each in portion}
        looked_up = {each.file_id for each in wanted}
        head = [self._queue.popleft() for _ in range(min(len(self._queue), READ_AT_ONCE))]
        left = [each for each in head if each in looked_up and each not in ids]
        self._queue.extendleft(reversed(left))
        if not portion:
            return
        if sum(each.size for each in portion) > room:
            noted([_no_room(each, room) for each in portion])
            return
        now = self.now()
        self.store.plan_comparison(
            str(uuid.uuid4()),
            location,
            portion,
            now,
            now + self.configuration.transfer.deadline,
            audit=self.audit,
        )

    def _room(self) -> int:
        try:
            return self.scratch.room()
        except OSError as error:
            raise TransferUnavailableError(
                f"the spool {self.scratch.top} cannot be written: {error.strerror}",
                what_to_do="let this account write to it; see `spool` in the configuration",
            ) from error

    def _sweep(self) -> None:
        """What batches left, of whoever they were: those under way keep theirs."""
        live = self.store.batches(*LIVE_BATCHES, direction=Direction.VERIFY)
        self.scratch.sweep({each.id for each in live})

    def _wait(self, back: datetime | None) -> None:
        now = self.now()
        times = [each[0] for each in self.load.again]
        times += [] if back is None else [back]
        if back is None and self._queue:
            times.append(now if self.idle() else now + LONGEST_WAIT)
        wait = min(times, default=now) - now
        self.stop.wait(max(SHORTEST_WAIT, min(wait, LONGEST_WAIT)).total_seconds())


def _no_room(wanted: Wanted, room: int) -> Look:
    why = f"could not be compared: the spool has room for {room} bytes"
    return Look(wanted, How.TRANSFER, None, reason=why)
