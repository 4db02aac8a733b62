"""ACTIVE ▶ SENT. Movers are asked how their tasks stand; a task that can never finish is cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from archived.carry.around import Around
from archived.carry.load import Ending, Proof, Setback
from archived.core.carrying import (
    CHECKSUM_UNSUPPORTED,
    FULL,
    READ_ONLY,
    hopeless,
    in_words,
    needs_person,
    of_one_file,
    overdue,
)
from archived.core.faults import explain
from archived.core.model import Batch, BatchState, Receipt
from archived.errors import ArchivedError, StoreError
from archived.ports import Fault, TaskReport, TaskState

FIRST_POLL = timedelta(seconds=1)
"""How soon a transfer is asked about that has just begun; the longer it runs, the more seldom it is."""


def next_poll(around: Around, since: datetime, now: datetime) -> datetime:
    """When to ask again about a transfer that began at `since`."""
    most = around.policy.poll
    return now + max(min(FIRST_POLL, most), min(most, (now - since) / 4))


def ask(around: Around, batch: Batch, now: datetime) -> None:
    """Ask about one task, and act on the answer."""
    assert batch.task_id is not None
    try:
        if batch.state is BatchState.CANCELLING:
            around.load.mover(batch).cancel(batch.task_id)
        report = around.load.mover(batch).poll(batch.task_id)
    except StoreError:
        raise
    except ArchivedError as error:
        around.insist_on_login(batch, error, now)
        if batch.state is BatchState.CANCELLING and error.permanent:
            _given_up(around, batch, error, now)
            return
        around.log.warning("transfer cannot be asked about", batch=batch.id, error=str(error))
        # The task goes on by itself; not being able to ask about it is nobody's failed attempt.
        due = max(around.next_try(1, now, error), now + around.policy.poll)
        around.store.postpone_batch(batch.id, due, batch.attempts, batch.reason or str(error))
        return
    match report.state:
        case TaskState.SUCCEEDED:
            around.store.sent_batch(batch.id, now)
            around.clear_alarms(batch.id, "suspended")
            around.clear_alarms(batch.location, "full")
        case TaskState.FAILED:
            _ended(around, batch, report, now)
        case TaskState.UNKNOWN if batch.state is BatchState.CANCELLING:
            # What the mover does not know does not run, so there is nothing left to stop.
            retry_at = around.next_try(around.load.attempts(batch) + 1, now)
            ending = Ending(after=BatchState.FAILED, reason=batch.reason, retry_at=retry_at)
            around.end(batch, ending, now)
        case TaskState.UNKNOWN:
            # Submitting is idempotent by the submission id, so asking again begins nothing twice.
            around.log.warning("task unknown", batch=batch.id, task_id=batch.task_id)
            around.store.move_batch(
                batch.id, batch.state, BatchState.RESERVED, now, reason="task unknown"
            )
        case TaskState.QUEUED | TaskState.ACTIVE | TaskState.SUSPENDED:
            _under_way(around, batch, report, now)


def _given_up(around: Around, batch: Batch, error: ArchivedError, now: datetime) -> None:
    """Asking for its end would be refused for ever. What it may yet write is found in place later."""
    around.log.warning(
        "transfer cannot be stopped; it may go on by itself",
        batch=batch.id,
        task_id=batch.task_id,
        error=str(error),
    )
    retry_at = around.next_try(around.load.attempts(batch) + 1, now)
    around.end(batch, Ending(after=BatchState.FAILED, reason=str(error), retry_at=retry_at), now)


def _under_way(around: Around, batch: Batch, report: TaskReport, now: datetime) -> None:
    around.store.update_batch(
        batch.id,
        files_done=report.files_done,
        bytes_done=report.bytes_done,
        rate=report.rate,
        nice_status=report.nice_status,
        now=now,
    )
    kept = batch.reason if batch.state is BatchState.CANCELLING else ""
    due = next_poll(around, batch.state_since, now)
    around.store.postpone_batch(batch.id, due, batch.attempts, kept)
    if report.state is TaskState.SUSPENDED:
        around.raise_alarm(
            "suspended",
            batch.id,
            f"the transfer of batch {batch.id} is suspended: {report.nice_status}",
            "renew the login (archivedctl login) or ask the archive's administrator",
            now,
        )
    else:
        around.clear_alarms(batch.id, "suspended")
    reason = _why_to_cancel(around, batch, report, now)
    if reason and batch.state is BatchState.ACTIVE:
        around.log.warning("batch can never finish", batch=batch.id, reason=reason)
        around.store.move_batch(
            batch.id, BatchState.ACTIVE, BatchState.CANCELLING, now, reason=reason
        )


def _why_to_cancel(around: Around, batch: Batch, report: TaskReport, now: datetime) -> str:
    fault = hopeless(report.faults) if report.faulty else None
    if fault is not None:
        return f"cancelled: {fault.code} {fault.message}"
    if overdue(batch.state_since, now, around.policy.deadline):
        return "cancelled: it did not end at its deadline"
    return ""


def _ended(around: Around, batch: Batch, report: TaskReport, now: datetime) -> None:
    """The task ended without success: files at fault have failed, and the others travel again."""
    faults = [*report.faults, *report.skipped]
    paths = around.load.paths(batch)
    failed: dict[str, Setback] = {}
    for fault in faults:
        own = fault.path in paths and of_one_file(fault, files_done=report.files_done)
        if own and fault.path is not None:
            failed.setdefault(fault.path, _setback(around, fault))
    full = next((fault for fault in faults if fault.code in FULL), None)
    if full is not None:
        _tell_of_full(around, batch, full, now)
    # Without the files at fault nothing is known to be wrong with the rest, which goes on at once.
    apart = bool(failed) or any(fault.code == CHECKSUM_UNSUPPORTED for fault in faults)
    person = None if apart else _needs_person(around, faults)
    attempts = around.load.attempts(batch) + 1
    reason = batch.reason or in_words(faults) or report.nice_status or "the transfer failed"
    around.log.warning("batch failed", batch=batch.id, task_id=batch.task_id, reason=reason)
    around.end(
        batch,
        Ending(
            after=BatchState.FAILED,
            reason=person or reason,
            arrived=_arrived_all_the_same(around, batch),
            failed=failed,
            retry_at=None if person else now if apart else around.next_try(attempts, now),
            counts=not apart,
        ),
        now,
    )


def _arrived_all_the_same(around: Around, batch: Batch) -> Sequence[Receipt]:
    """The files that a task moved before it failed. Without an answer they travel again, and are found in place."""
    assert batch.task_id is not None
    try:
        listed = {each.path: each for each in around.load.mover(batch).receipts(batch.task_id)}
        proof = around.load.prove(batch, listed) if listed else Proof()
    except StoreError:
        raise
    except ArchivedError as error:
        around.log.warning("what arrived is not known", batch=batch.id, error=str(error))
        return ()
    return [each for each in proof.arrived if each.path in listed]


def _needs_person(around: Around, faults: Sequence[Fault]) -> str | None:
    if not around.policy.waits_for_room:
        for fault in faults:
            if fault.code in FULL:
                return f"{fault.code}: {fault.message}; {explain(fault.code, back=around.back)}"
    return needs_person(faults, back=around.back)


def _setback(around: Around, fault: Fault) -> Setback:
    reason = f"{fault.message}; {explain(fault.code, back=around.back)}"
    return Setback(fault.code, reason)


def _tell_of_full(around: Around, batch: Batch, fault: Fault, now: datetime) -> None:
    none = "nothing can be written" if fault.code == READ_ONLY else "there is no room"
    around.raise_alarm(
        "full",
        batch.location,
        f"{none} for what goes to {batch.location}: {fault.message}"
        if not around.back
        else f"{none} for what comes from {batch.location}: {fault.message}",
        explain(fault.code, back=around.back),
        now,
    )
