"""submit: PLANNED ▶ RESERVED ▶ ACTIVE. The submission id is stored before anything is sent (safety rule 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from archived.carry import give
from archived.core.carrying import TOLD_AFTER, label, order_deadline
from archived.core.model import Batch, BatchState
from archived.core.paths import printable
from archived.daemon.prepare import Prepared, prepare
from archived.daemon.roots import noted_identity
from archived.daemon.surroundings import Surroundings, error_of, raise_login_alarm
from archived.errands import Finished
from archived.errors import ArchivedError, ArchiveMissingError, NotPermittedError
from archived.ports import TransferItem, TransferOrder, Transfers
from archived.store.fields import exact_time


class Submitting:
    """Prepares and submits batches, never more than may be active at once."""

    kinds = frozenset({"prepare", "submit"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came back, then prepare and submit what is due."""
        for outcome in finished:
            if outcome.kind == "prepare":
                self._prepared(outcome, now)
            else:
                self._submitted(outcome, now)
        if self._around.store.paused(now):
            return
        self._submit_reserved(now)
        self._prepare_planned(now)

    def _prepare_planned(self, now: datetime) -> None:
        around = self._around
        planned = around.batches(BatchState.PLANNED)
        preparing = [each for each in planned if around.errands.busy("prepare", each.id)]
        under_way = [
            *preparing,
            *around.batches(BatchState.RESERVED, BatchState.ACTIVE, BatchState.CANCELLING),
        ]
        # What waits to be asked for again takes no place from other locations, only from its own.
        active = sum(not _postponed(each, now) for each in under_way)
        crowd = Counter(each.location for each in under_way)
        most = around.policies.max_active
        for batch in planned:
            if active >= most:
                return
            if batch in preparing or _postponed(batch, now) or crowd[batch.location] >= most:
                continue
            active += 1
            crowd[batch.location] += 1
            self._prepare(batch)

    def _prepare(self, batch: Batch) -> None:
        around = self._around
        files = around.store.batch_files(batch.id)
        root = around.root_of(batch.location).root
        mover = around.movers[batch.location]
        guards = around.mover_guards(batch.location)
        around.errands.start(
            "prepare",
            batch.id,
            partial(
                prepare,
                root,
                noted_identity(around.store, root),
                mover,
                files,
                guards=guards,
                examples=around.examples(batch.location),
            ),
        )

    def _prepared(self, outcome: Finished, now: datetime) -> None:
        around = self._around
        batch = around.store.batch(outcome.subject)
        if batch is None or batch.state is not BatchState.PLANNED:
            return
        error = error_of(around, outcome)
        if error is not None:
            self._failed_call(batch, error, now)
            return
        found: Prepared = outcome.result
        self._take_out(batch, found, now)
        around.store.clear_alarm(f"login:{batch.location}")
        if around.store.is_empty(batch.id):
            around.store.end_batch(
                batch.id,
                BatchState.FAILED,
                now,
                reason="nothing was left to send",
                retry_at=now,
                needs_person=None,
            )
            return
        around.store.clear_alarm(f"mover:{batch.location}")
        around.store.reserve_batch(batch.id, found.submission_id, now)

    def _take_out(self, batch: Batch, found: Prepared, now: datetime) -> None:
        """Take out of the batch what must not travel, or not yet."""
        around = self._around
        if found.changed:
            around.log.info(
                "files changed before they were sent", batch=batch.id, files=len(found.changed)
            )
            # A dataset with one changed file is not settled as a whole, so all of it waits.
            owners = {file.dataset_id for file in found.changed}
            files = around.store.batch_files(batch.id)
            around.store.release_files(
                batch.id, [file.file_id for file in files if file.dataset_id in owners], now
            )
        for file, size in found.conflicts:
            around.store.release_files(
                batch.id,
                [file.file_id],
                now,
                fault="conflict",
                reason=f"the archive already holds {printable(file.path)} ({size} bytes; {file.size} "
                "here), which this catalogue did not send; nothing was overwritten",
            )
        for file, why in found.refused:
            around.store.release_files(
                batch.id,
                [file.file_id],
                now,
                fault="refused",
                reason=f"whether the archive holds it already cannot be told: {why}",
            )

    def _submit_reserved(self, now: datetime) -> None:
        around = self._around
        for batch in around.batches(BatchState.RESERVED, due_by=now):
            if around.errands.busy("submit", batch.id):
                continue
            order = self._order(batch, now)
            mover = around.movers[batch.location]
            submit: Callable[[], str | None] = partial(give, mover, order)
            if around.store.is_closed(batch.location):
                submit = partial(_look_for, mover, order)
            around.errands.start("submit", batch.id, submit)

    def _order(self, batch: Batch, now: datetime) -> TransferOrder:
        around = self._around
        assert batch.submission_id is not None
        # A mover that never replaces a different file needs a person's word; Globus only has to be spared files
        # that we cannot have sent ourselves, which were looked for before the batch was reserved.
        guards = around.mover_guards(batch.location)
        return TransferOrder(
            submission_id=batch.submission_id,
            label=label(around.rig, batch.id),
            direction=batch.direction,
            items=[
                TransferItem(
                    path=file.path,
                    size=file.size,
                    mtime_ns=exact_time(file.mtime_ns),
                    external_checksum=file.external_checksum
                    if around.policies.external_checksums
                    else None,
                    overwrite=file.overwrite or (file.submitted > 0 and not guards),
                )
                for file in around.store.batch_files(batch.id)
            ],
            deadline=order_deadline(batch.deadline, now, around.policies.deadline),
        )

    def _submitted(self, outcome: Finished, now: datetime) -> None:
        around = self._around
        batch = around.store.batch(outcome.subject)
        if batch is None or batch.state is not BatchState.RESERVED:
            return
        error = error_of(around, outcome)
        if error is not None:
            self._failed_call(batch, error, now)
            return
        if outcome.result is None:
            self._unknown(batch, now)
            return
        around.store.start_batch(batch.id, outcome.result, now)
        around.store.clear_alarm(f"login:{batch.location}")
        around.store.clear_alarm(f"mover:{batch.location}")
        around.log.info(
            "batch submitted",
            batch=batch.id,
            task_id=outcome.result,
            location=batch.location,
            files=batch.files,
            bytes=batch.bytes,
        )

    def _unknown(self, batch: Batch, now: datetime) -> None:
        """A store that was put back knows of an order that its mover knows nothing of, or nothing any more."""
        self._around.log.warning(
            "batch of before the store was put back is unknown", batch=batch.id
        )
        self._around.store.end_batch(
            batch.id,
            BatchState.FAILED,
            now,
            reason="the store was put back from a copy, and its mover knows nothing of this batch",
            retry_at=now,
            needs_person=None,
        )

    def _failed_call(self, batch: Batch, error: ArchivedError, now: datetime) -> None:
        """Postpone, or hand the batch's datasets to a person where trying again would be pointless."""
        around = self._around
        if raise_login_alarm(around, batch.location, error, now):
            due = now + around.policies.poll
            around.store.postpone_batch(batch.id, due, batch.attempts, str(error))
            return
        if error.permanent:
            self._refused(batch, error, now)
            return
        attempts = batch.attempts + 1
        due = around.next_try(attempts, now, error)
        if attempts >= TOLD_AFTER or isinstance(error, ArchiveMissingError):
            around.store.raise_alarm(
                f"mover:{batch.location}",
                f"nothing can be sent to the archive of {batch.location}: {error}",
                error.what_to_do or "nothing is lost; it goes on by itself once that is over",
                now,
            )
        around.store.postpone_batch(batch.id, due, attempts, str(error))
        around.log.warning(
            "mover unavailable", batch=batch.id, error=str(error), attempts=attempts, next_try=due
        )

    def _refused(self, batch: Batch, error: ArchivedError, now: datetime) -> None:
        """Hand a dataset to a person, once it is certain that it is the one which is refused.

        A refusal names no file. Of several datasets each is tried again until it travels alone.
        """
        around = self._around
        around.log.error("batch refused", batch=batch.id, error=str(error))
        files = around.store.batch_files(batch.id)
        attempts = around.attempts_of(files)
        alone = len({file.dataset_id for file in files}) == 1
        certain = alone or isinstance(error, NotPermittedError)
        around.store.end_batch(
            batch.id,
            BatchState.FAILED,
            now,
            reason=str(error),
            retry_at=around.next_try(attempts + 1, now),
            needs_person="; ".join(filter(None, (str(error), error.what_to_do)))
            if certain
            else None,
            # Refused, and looked for in vain: should it lie there one day all the same, it counts as another's.
            never_sent=batch.state is BatchState.RESERVED and batch.task_id is None,
        )


def _look_for(mover: Transfers, order: TransferOrder) -> str | None:
    """The task of an order, which is not given again: what it was to send may have been sent and changed since."""
    return mover.find(order.submission_id, order.label)


def _postponed(batch: Batch, now: datetime) -> bool:
    """Whether nothing is being asked of the mover for it just now."""
    waits = batch.state in (BatchState.PLANNED, BatchState.RESERVED)
    return waits and batch.due is not None and batch.due > now
