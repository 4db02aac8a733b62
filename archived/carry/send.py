"""PLANNED ▶ RESERVED ▶ ACTIVE. The submission id is stored before anything is submitted (safety rule 2)."""

from __future__ import annotations

from datetime import datetime

from archived.carry.around import Around
from archived.carry.ask import next_poll
from archived.carry.give import give
from archived.carry.load import Ending
from archived.core.carrying import TOLD_AFTER, label, order_deadline
from archived.core.model import Batch, BatchState
from archived.errors import ArchivedError, ArchiveMissingError, StoreError
from archived.ports import TransferOrder

NOTHING_LEFT = "nothing was left to move"


def reserve(around: Around, batch: Batch, now: datetime) -> None:
    """Look once more, then store a submission id."""
    try:
        around.load.look(batch, now)
        if not around.load.items(batch):
            ending = Ending(
                after=BatchState.FAILED, reason=NOTHING_LEFT, retry_at=now, counts=False
            )
            around.end(batch, ending, now)
            return
        submission_id = around.load.mover(batch).reserve()
    except StoreError:
        raise
    except ArchivedError as error:
        _failed_call(around, batch, error, now)
        return
    deadline = now + around.policy.deadline
    around.store.reserve_batch(batch.id, submission_id, now, deadline=deadline)


def submit(around: Around, batch: Batch, now: datetime) -> None:
    """Give the order, perhaps once more: the same submission id begins nothing twice."""
    assert batch.submission_id is not None
    try:
        task_id = _accepted_before(around, batch, now)
        if task_id is not None:
            _begun(around, batch, task_id, now)
            return
        items = around.load.items(batch)
        if not items:
            # A task that is there all the same writes on; it gets some time before anybody looks again.
            retry_at = around.next_try(1, now)
            ending = Ending(
                after=BatchState.FAILED, reason=NOTHING_LEFT, retry_at=retry_at, counts=False
            )
            around.end(batch, ending, now)
            return
        order = TransferOrder(
            submission_id=batch.submission_id,
            label=label(around.rig, batch.id),
            direction=batch.direction,
            items=items,
            deadline=order_deadline(batch.deadline, now, around.policy.deadline),
        )
        task_id = give(around.load.mover(batch), order)
    except StoreError:
        raise
    except ArchivedError as error:
        _failed_call(around, batch, error, now)
        return
    _begun(around, batch, task_id, now)


def _accepted_before(around: Around, batch: Batch, now: datetime) -> str | None:
    """The task of an order whose answer was lost, or not noted.

    Asked before anybody looks at the destination, where the files that it is writing would seem to be another's.
    """
    assert batch.submission_id is not None
    if not around.back or batch.state_since >= now:
        return None
    mover = around.load.mover(batch)
    return mover.find(batch.submission_id, label(around.rig, batch.id))


def _begun(around: Around, batch: Batch, task_id: str, now: datetime) -> None:
    if around.store.start_batch(batch.id, task_id, now):
        around.store.postpone_batch(batch.id, next_poll(around, now, now), 0, "")
    around.clear_alarms(batch.location, "mover")
    around.log.info(
        "batch submitted",
        batch=batch.id,
        direction=str(batch.direction),
        task_id=task_id,
        location=batch.location,
        files=batch.files,
        bytes=batch.bytes,
    )


def _failed_call(around: Around, batch: Batch, error: ArchivedError, now: datetime) -> None:
    """Postpone, or end the batch where asking again would be pointless."""
    around.insist_on_login(batch, error, now)
    if error.permanent:
        reason = "; ".join(filter(None, (str(error), error.what_to_do)))
        around.log.warning("batch refused", batch=batch.id, error=reason)
        around.end(batch, Ending(after=BatchState.FAILED, reason=reason), now)
        return
    attempts = batch.attempts + 1
    due = around.next_try(attempts, now, error)
    if attempts >= TOLD_AFTER or isinstance(error, ArchiveMissingError):
        around.raise_alarm(
            "mover",
            batch.location,
            f"no transfer can be begun with the archive of {batch.location}: {error}",
            error.what_to_do or "nothing is lost; it goes on by itself once that is over",
            now,
        )
    around.store.postpone_batch(batch.id, due, attempts, str(error))
    around.log.warning(
        "mover unavailable", batch=batch.id, error=str(error), attempts=attempts, next_try=due
    )
