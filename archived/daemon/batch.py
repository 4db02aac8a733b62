"""batch: READY ▶ TRANSFERRING. Datasets that are ready are put together into batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from archived.core.batching import Candidate, Plan, plan
from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState
from archived.daemon.settle import Settling
from archived.daemon.surroundings import Surroundings
from archived.errands import Finished
from archived.store import Selector

PLANNED_AHEAD = 2
"""How many batches of a location are planned beyond those that may run. What is planned later can still be planned
better; and a location whose archive is away must not take the place of the others."""

READY_LIMIT = 2000
"""How many ready datasets of a location one turn looks at."""

ALONE_AFTER = 3
"""After how many transfers that went wrong a dataset travels alone: not every fault names the file that it is about,
and one bad dataset must not hold up for ever those that it travels with (safety rule 8)."""


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
        planned = Counter(batch.location for batch in around.batches(BatchState.PLANNED))
        for location in around.locations:
            if around.store.is_closed(location):
                continue
            room = PLANNED_AHEAD - planned[location]
            if room > 0:
                self._plan(location, room, now)

    def _plan(self, location: str, room: int, now: datetime) -> None:
        candidates = self._candidates(location, now)
        before: set[int] = set()
        for each in self._plans(candidates, now):
            # The parts of one large dataset are planned together, whatever the room: the rest of a dataset that
            # was planned in part would belong to nobody.
            owners = {file.dataset_id for file in each.files}
            if room <= 0 and owners != before:
                break
            self._store(each, now)
            room -= 1
            before = owners

    def _plans(self, candidates: Sequence[Candidate], now: datetime) -> list[Plan]:
        """In the order in which they go; those that failed again and again travel alone."""
        hurry = self._around.hurry and not self._settling.company_expected()
        return plan(candidates, self._around.policies.batch, now, hurry=hurry)

    def _candidates(self, location: str, now: datetime) -> list[Candidate]:
        store = self._around.store
        candidates = []
        ready = Selector(location=location, states=(State.READY,))
        for dataset in list(store.select(ready, limit=READY_LIMIT)):
            pending = store.pending(dataset)
            if pending:
                alone = dataset.attempts >= ALONE_AFTER
                candidates.append(Candidate(dataset, pending, alone=alone))
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

    def _store(self, each: Plan, now: datetime) -> None:
        around = self._around
        batch = around.store.plan_batch(
            around.new_id(),
            each.location,
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
