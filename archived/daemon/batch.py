"""batch: READY ▶ TRANSFERRING. Datasets that are ready are put together into batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.core.batching import Candidate, Plan, plan
from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState, Direction, FileState
from archived.daemon.settle import Settling
from archived.daemon.surroundings import Surroundings
from archived.errands import Finished

PLANNED_AHEAD = 2
"""How many batches are planned beyond those that may run. What is planned later can still be planned better."""

READY_LIMIT = 2000
"""How many ready datasets one turn looks at."""


class Batching:
    """Plans batches while there are not enough of them."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, around: Surroundings, settling: Settling) -> None:
        self._around = around
        self._settling = settling

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Plan what is due."""
        around = self._around
        if around.store.paused(now):
            return
        room = PLANNED_AHEAD - len(around.store.batches(BatchState.PLANNED))
        if room <= 0:
            return
        candidates = self._candidates(now)
        hurry = around.hurry and not self._settling.company_expected()
        for each in plan(candidates, around.policies.batch, now, hurry=hurry):
            # The parts of one large dataset are planned together, whatever the room: the rest of a dataset that
            # was planned in part would belong to nobody.
            if room <= 0 and not self._continues(each, candidates):
                break
            self._store(each, now)
            room -= 1

    def _candidates(self, now: datetime) -> list[Candidate]:
        store = self._around.store
        candidates = []
        for dataset in store.ready(READY_LIMIT):
            pending = [file for file in store.files(dataset.id) if file.state is FileState.PENDING]
            if pending:
                candidates.append(Candidate(dataset, pending))
            else:
                store.move(
                    dataset.id,
                    State.READY,
                    State.SETTLING,
                    Reason.CHANGED,
                    "nothing is left to send; it is looked at again",
                    now,
                )
        return candidates

    @staticmethod
    def _continues(each: Plan, candidates: Sequence[Candidate]) -> bool:
        """Whether the plan is a part of a dataset of which another part may be planned already."""
        owners = {file.dataset_id for file in each.files}
        sizes = {one.dataset.id: len(one.files) for one in candidates}
        return len(owners) == 1 and sizes[next(iter(owners))] > len(each.files)

    def _store(self, each: Plan, now: datetime) -> None:
        around = self._around
        batch = around.store.plan_batch(
            around.new_id(),
            each.location,
            Direction.ARCHIVE,
            [file.id for file in each.files],
            now,
            now + around.policies.deadline,
        )
        if batch is None:
            # Something moved under our hands; whoever is still ready is planned in the next turn.
            return
        around.log.info(
            "batch planned",
            batch=batch.id,
            location=batch.location,
            files=batch.files,
            bytes=batch.bytes,
        )
