"""PLANNED ▶ RESERVED ▶ ACTIVE ▶ SENT ▶ PROVED for one direction; it may be killed at any instruction and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from archived.carry.around import Around, CarryPolicy, Log
from archived.carry.ask import FIRST_POLL, ask
from archived.carry.load import Alarms, Ending, Load
from archived.carry.prove import prove
from archived.carry.send import reserve, submit
from archived.core.model import LIVE_BATCHES, Batch, BatchState, Direction
from archived.errors import StoreError
from archived.store import Store

STEPS: Mapping[BatchState, Callable[[Around, Batch, datetime], None]] = {
    BatchState.PLANNED: reserve,
    BatchState.RESERVED: submit,
    BatchState.ACTIVE: ask,
    BatchState.CANCELLING: ask,
    BatchState.SENT: prove,
}
"""In this order, so that a batch may go through several of them in one turn."""

NOT_BEGUN = frozenset({BatchState.PLANNED, BatchState.RESERVED})
AT_THE_MOVER = (BatchState.RESERVED, BatchState.ACTIVE, BatchState.CANCELLING)


class Carrier:
    """Takes the batches of one direction through their states.

    `rig` names this rig in the labels of transfers, and `jitter` gives numbers in [0, 1) that spread retries. `mine`
    tells which batches of the direction are carried here, where several processes carry some.
    """

    def __init__(
        self,
        store: Store,
        direction: Direction,
        load: Load,
        *,
        rig: str,
        policy: CarryPolicy,
        alarms: Alarms,
        log: Log,
        jitter: Callable[[], float],
        mine: Callable[[Batch], bool] = lambda _batch: True,
    ) -> None:
        self._around = Around(store, direction, load, rig, policy, alarms, log, jitter, mine)

    def turn(self, now: datetime) -> datetime | None:
        """Do what is due now, waiting for the answers; return when to come back, None when no batch is left.

        What goes wrong with one batch does not keep the others (safety rule 8). When all had their turn, the first
        error that cannot be waited out by itself is raised: `LoginRequiredError`, or one that nobody expected.
        `StoreError` ends the turn at once. Whatever was not stored is done again.
        """
        first: Exception | None = None
        for state, step in STEPS.items():
            for batch in self._due(state, now):
                try:
                    step(self._around, batch, now)
                except StoreError:
                    raise
                except Exception as error:  # noqa: BLE001 - raised below, after the others
                    first = first or error
        if first is not None:
            raise first
        return self._come_back(now)

    def cancel(self, now: datetime, *, reason: str) -> None:
        """Ask for the end of all that can be stopped; turns go on until no batch is left.

        What may have reached the mover, and is not known there yet, is submitted first and stopped then: call this
        before every turn.
        """
        around = self._around
        for batch in around.batches(BatchState.PLANNED):
            around.end(batch, Ending(after=BatchState.FAILED, reason=reason), now)
        for batch in around.batches(BatchState.ACTIVE):
            around.store.move_batch(
                batch.id, BatchState.ACTIVE, BatchState.CANCELLING, now, reason=reason
            )

    def _due(self, state: BatchState, now: datetime) -> list[Batch]:
        around = self._around
        due = around.batches(state, due_by=now)
        if state in NOT_BEGUN and due and around.store.paused(now):
            return []
        if state is not BatchState.PLANNED:
            return due
        # What only waits to be asked for again takes no place from others.
        active = [
            each
            for each in around.batches(*AT_THE_MOVER)
            if each.state is not BatchState.RESERVED or each.due is None or each.due <= now
        ]
        return due[: max(0, around.policy.max_active - len(active))]

    def _come_back(self, now: datetime) -> datetime | None:
        live = self._around.batches(*LIVE_BATCHES)
        soonest = now + min(FIRST_POLL, self._around.policy.poll)
        # Some wait for a place among those under way, or for the end of a pause: these have no time of their own.
        return min((max(soonest, each.due or now) for each in live), default=None)
