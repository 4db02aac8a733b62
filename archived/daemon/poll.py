"""poll: ACTIVE ▶ SENT. Transfers under way are asked about; one that can never finish is cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from archived.core.carrying import (
    CHECKSUM_UNSUPPORTED,
    FULL,
    READ_ONLY,
    hopeless,
    in_words,
    needs_person,
    of_one_file,
)
from archived.core.faults import explain
from archived.core.model import Batch, BatchFile, BatchState
from archived.core.paths import printable
from archived.daemon.surroundings import Surroundings, error_of, raise_login_alarm
from archived.errands import Finished
from archived.errors import ArchivedError
from archived.ports import Fault, TaskReport, TaskState

CHANGED_AT_SOURCE = frozenset({"FILE_SIZE_CHANGED", "FILE_NOT_FOUND"})
"""Faults that a fresh look at the rig explains: the file was still written to, or it left."""

LOOKED_AT_ANEW = CHANGED_AT_SOURCE | {"SOURCE_READ_ERROR"}
"""Faults after which a file has to settle again before it travels. A disk that failed once, a cable that was loose,
may be in order by then."""

NOT_CHANGED_AFTER = 5
"""After how many submissions a file that Globus finds changed or missing is not just being written to: perhaps Globus
looks into another folder than this program does."""


class Polling:
    """Asks the movers how their tasks stand, and acts on the answers."""

    kinds = frozenset({"poll", "cancel"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take the answers, then ask about the tasks that are due."""
        for outcome in finished:
            self._take(outcome, now)
        around = self._around
        for batch in around.batches(BatchState.ACTIVE, BatchState.CANCELLING, due_by=now):
            if around.errands.busy("cancel", batch.id):
                continue
            mover, task_id = around.movers[batch.location], batch.task_id
            assert task_id is not None
            around.errands.start("poll", batch.id, partial(mover.poll, task_id))

    def _take(self, outcome: Finished, now: datetime) -> None:
        around = self._around
        batch = around.store.batch(outcome.subject)
        if batch is None or batch.state not in (BatchState.ACTIVE, BatchState.CANCELLING):
            return
        error = error_of(around, outcome)
        if error is not None:
            if not raise_login_alarm(around, batch.location, error, now):
                self._unanswered(batch, error, now)
            # The task goes on by itself; not being able to ask about it is nobody's failed attempt.
            due = max(around.next_try(1, now, error), now + around.policies.poll)
            around.store.postpone_batch(batch.id, due, batch.attempts, str(error))
            return
        around.store.clear_alarm(f"login:{batch.location}")
        if outcome.kind == "poll":
            around.store.clear_alarm(f"mover:{batch.location}")
            self._judge(batch, outcome.result, now)

    def _unanswered(self, batch: Batch, error: ArchivedError, now: datetime) -> None:
        self._around.log.warning("transfer cannot be asked about", batch=batch.id, error=str(error))
        if error.permanent:
            # It is asked again all the same, as whoever logs in anew may be allowed to know.
            hint = "log in as whoever began it (archivedctl login)"
        elif batch.reason:
            hint = "nothing is lost; it goes on by itself once that is over"
        else:
            return  # One question without an answer is nothing to tell; it is asked again soon.
        self._around.store.raise_alarm(
            f"mover:{batch.location}",
            f"what becomes of the transfer of batch {batch.id} cannot be asked: {error}",
            error.what_to_do or hint,
            now,
        )

    def _judge(self, batch: Batch, report: TaskReport, now: datetime) -> None:
        match report.state:
            case TaskState.SUCCEEDED:
                self._around.store.sent_batch(batch.id, now)
                self._around.store.clear_alarm(f"suspended:{batch.id}")
                self._around.store.clear_alarm(f"full:{batch.location}")
                self._around.log.info("batch sent", batch=batch.id, task_id=batch.task_id)
            case TaskState.FAILED:
                self._ended(batch, report, now)
            case TaskState.UNKNOWN:
                # Submitting is idempotent by the submission id, so asking again begins nothing twice.
                self._around.log.warning("task unknown", batch=batch.id, task_id=batch.task_id)
                self._around.store.clear_alarm(f"suspended:{batch.id}")
                self._around.store.move_batch(
                    batch.id, batch.state, BatchState.RESERVED, now, reason="task unknown"
                )
            case TaskState.QUEUED | TaskState.ACTIVE | TaskState.SUSPENDED:
                self._under_way(batch, report, now)

    def _under_way(self, batch: Batch, report: TaskReport, now: datetime) -> None:
        around = self._around
        around.store.update_batch(
            batch.id,
            files_done=report.files_done,
            bytes_done=report.bytes_done,
            rate=report.rate,
            nice_status=report.nice_status,
            now=now,
        )
        kept = batch.reason if batch.state is BatchState.CANCELLING else ""
        around.store.postpone_batch(batch.id, now + around.policies.poll, batch.attempts, kept)
        if report.state is TaskState.SUSPENDED:
            around.store.raise_alarm(
                f"suspended:{batch.id}",
                f"the transfer of batch {batch.id} is suspended: {report.nice_status}",
                "renew the login (archivedctl login) or ask the archive's administrator",
                now,
            )
        else:
            around.store.clear_alarm(f"suspended:{batch.id}")
        if batch.state is BatchState.CANCELLING:
            self._cancel(batch)
            return
        fault = hopeless(report.faults) if report.faulty else None
        if fault is not None:
            reason = f"cancelled: {fault.code} {fault.message}"
            around.log.warning("batch can never finish", batch=batch.id, reason=reason)
            if around.store.move_batch(
                batch.id, BatchState.ACTIVE, BatchState.CANCELLING, now, reason=reason
            ):
                self._cancel(batch)

    def _cancel(self, batch: Batch) -> None:
        mover, task_id = self._around.movers[batch.location], batch.task_id
        assert task_id is not None
        self._around.errands.start("cancel", batch.id, partial(mover.cancel, task_id))

    def _ended(self, batch: Batch, report: TaskReport, now: datetime) -> None:
        """The task ended without success: set the files at fault apart, and let the others travel again."""
        around = self._around
        # With those that are set apart already: this may have been begun before the process died.
        files = {file.path: file for file in around.store.batch_files(batch.id, released=True)}
        faults = [*report.faults, *report.skipped]
        alone = [
            fault
            for fault in faults
            if fault.path in files and of_one_file(fault, files_done=report.files_done)
        ]
        self._set_apart(batch, files, alone, now)
        without_checksums = any(fault.code == CHECKSUM_UNSUPPORTED for fault in faults)
        apart = bool(alone) or without_checksums
        if full := next((fault for fault in faults if fault.code in FULL), None):
            self._tell_of_full(batch, full, now)
        attempts = around.attempts_of(files.values()) + 1
        reason = batch.reason or in_words(faults) or report.nice_status or "the transfer failed"
        around.store.clear_alarm(f"suspended:{batch.id}")
        around.log.warning("batch failed", batch=batch.id, task_id=batch.task_id, reason=reason)
        around.store.end_batch(
            batch.id,
            BatchState.FAILED,
            now,
            reason=reason,
            # Without the files at fault nothing is known to be wrong with the rest, which goes on at once.
            retry_at=now if apart else around.next_try(attempts, now),
            needs_person=None if apart else needs_person(faults),
        )

    def _tell_of_full(self, batch: Batch, fault: Fault, now: datetime) -> None:
        what = "is full or its quota is used up"
        to_do = "make room at the archive or ask for a larger quota"
        if fault.code == READ_ONLY:
            what, to_do = f"cannot be written: {fault.message}", explain(fault.code)
        self._around.store.raise_alarm(
            f"full:{batch.location}",
            f"the archive of {batch.location} {what}; nothing is lost, recordings wait on the rig",
            to_do,
            now,
        )

    def _set_apart(
        self,
        batch: Batch,
        files: dict[str, BatchFile],
        faults: Sequence[Fault],
        now: datetime,
    ) -> None:
        for fault in faults:
            file = files[fault.path or ""]
            if fault.code in LOOKED_AT_ANEW and file.submitted < NOT_CHANGED_AFTER:
                self._around.store.release_files(batch.id, [file.file_id], now)
                continue
            self._around.store.release_files(
                batch.id,
                [file.file_id],
                now,
                fault=_fault_word(fault.code),
                reason=f"{printable(file.path)}: {fault.message}; {_explained(fault.code)}",
            )


def _explained(code: str) -> str:
    if code in CHANGED_AT_SOURCE:
        return (
            f"so it went {NOT_CHANGED_AFTER + 1} times, although it is on the rig and was unchanged: see whether the "
            "collection shows the watched folder (local_endpoint_subdir)"
        )
    return explain(code)


def _fault_word(code: str) -> str:
    return {
        "EXTERNAL_CHECKSUM_MISMATCH": "checksum",
        "DESTINATION_DIFFERS": "conflict",
        "DESTINATION_REFUSES": "refused",
        "PERMISSION_DENIED": "unreadable",
        "SOURCE_PERMISSION_DENIED": "unreadable",
    }.get(code, "source")
