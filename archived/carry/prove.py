"""SENT ▶ PROVED. SUCCEEDED is not proof; every file is judged by itself (safety rule 1)."""

from __future__ import annotations

from datetime import datetime

from archived.carry.around import Around
from archived.carry.load import Ending, Proof
from archived.core.carrying import GIVEN_UP_AFTER, TOLD_AFTER
from archived.core.model import Batch, BatchState
from archived.core.paths import printable
from archived.errors import ArchivedError, StoreError


def prove(around: Around, batch: Batch, now: datetime) -> None:
    """Collect the mover's receipts, let the load judge every file, and end the batch."""
    assert batch.task_id is not None
    try:
        listed = around.load.mover(batch).receipts(batch.task_id)
        proof = around.load.prove(batch, {receipt.path: receipt for receipt in listed})
    except StoreError:
        raise
    except ArchivedError as error:
        _postpone(around, batch, error, now)
        return
    around.clear_alarms(batch.location, "proof")
    around.end(batch, _ending(around, batch, proof, now), now)


def _ending(around: Around, batch: Batch, proof: Proof, now: datetime) -> Ending:
    shortcomings = {**proof.wrong, **proof.unproved}
    if not shortcomings:
        return Ending(after=BatchState.PROVED, arrived=proof.arrived)
    path, setback = next(iter(shortcomings.items()))
    others = len(shortcomings) - 1
    reason = f"{printable(path)} {setback.reason}" + (f", and {others} more" if others else "")
    attempts = around.load.attempts(batch) + 1
    given_up = attempts >= GIVEN_UP_AFTER
    return Ending(
        after=BatchState.FAILED,
        reason=f"tried {attempts} times in vain: {reason}" if given_up else reason,
        arrived=proof.arrived,
        failed=proof.wrong,
        retry_at=None if given_up else around.next_try(attempts, now),
    )


def _postpone(around: Around, batch: Batch, error: ArchivedError, now: datetime) -> None:
    around.insist_on_login(batch, error, now)
    attempts = batch.attempts + 1
    if attempts >= TOLD_AFTER:
        around.raise_alarm(
            "proof",
            batch.location,
            f"what was moved from or to the archive of {batch.location} cannot be proved: {error}",
            error.what_to_do or "nothing is lost; it goes on by itself once that is over",
            now,
        )
    due = around.next_try(attempts, now, error)
    around.store.postpone_batch(batch.id, due, attempts, str(error))
    around.log.warning("proof postponed", batch=batch.id, error=str(error), next_try=due)
