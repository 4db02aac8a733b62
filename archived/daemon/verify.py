"""verify: VERIFYING ▶ ARCHIVED. SUCCEEDED is not proof; every file needs its receipt (DESIGN rule 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from archived.core.model import Batch, BatchFile, BatchState, Receipt
from archived.core.paths import printable
from archived.daemon.roots import noted_identity, stat_certain
from archived.daemon.surroundings import Surroundings, expected, raise_login_alarm
from archived.errands import Finished
from archived.ports import EntryType, Transfers
from archived.rig.root import Root, RootIdentity


@dataclass(frozen=True)
class Proof:
    """What was found out about a batch that was sent."""

    receipts: Sequence[Receipt]
    unproved: Sequence[tuple[BatchFile, str]]
    changed: Sequence[BatchFile]


class Verifying:
    """Collects the receipts of batches that were sent."""

    kinds = frozenset({"verify"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take the proofs that came back, then begin with the batches that are due."""
        for outcome in finished:
            self._take(outcome, now)
        around = self._around
        for batch in around.store.batches(BatchState.SENT, due_by=now):
            if around.errands.busy("verify", batch.id):
                continue
            files = around.store.batch_files(batch.id)
            root = around.root_of(batch.location).root
            mover = around.movers[batch.location]
            around.errands.start(
                "verify",
                batch.id,
                partial(collect, root, noted_identity(around.store, root), mover, batch, files),
            )

    def _take(self, outcome: Finished, now: datetime) -> None:
        around = self._around
        batch = around.store.batch(outcome.subject)
        if batch is None or batch.state is not BatchState.SENT:
            return
        error = expected(outcome)
        if error is not None:
            raise_login_alarm(around, batch.location, error, now)
            attempts = batch.attempts + 1
            due = around.next_try(attempts, now, error)
            around.store.postpone_batch(batch.id, due, attempts, str(error))
            around.log.warning("proof postponed", batch=batch.id, error=str(error), next_try=due)
            return
        self._conclude(batch, outcome.result, now)

    def _conclude(self, batch: Batch, proof: Proof, now: datetime) -> None:
        around = self._around
        around.store.release_files(
            batch.id, [file.file_id for file in proof.changed], now, ours=True
        )
        result = around.store.prove(batch.id, proof.receipts, now)
        reason = ""
        if proof.unproved:
            file, why = proof.unproved[0]
            others = len(proof.unproved) - 1
            reason = f"{printable(file.path)} {why}" + (f", and {others} more" if others else "")
        attempts = batch.attempts + 1
        around.store.end_batch(
            batch.id,
            BatchState.FAILED if proof.unproved else BatchState.PROVED,
            now,
            reason=reason,
            retry_at=around.next_try(attempts, now),
            needs_person=None,
        )
        around.log.info(
            "batch verified",
            batch=batch.id,
            proved=result.proved,
            unproved=len(proof.unproved),
            changed=len(result.changed) + len(proof.changed),
        )


def collect(
    root: Root,
    noted: RootIdentity | None,
    mover: Transfers,
    batch: Batch,
    files: Sequence[BatchFile],
) -> Proof:
    """A receipt for each file: from the task's own list, else from a look at the archive.

    The rig is looked at once more as well: a file that changed while it travelled is not proved by what arrived.
    """
    assert batch.task_id is not None
    stats = stat_certain(root, noted, [file.path for file in files])
    listed = {receipt.path: receipt for receipt in mover.receipts(batch.task_id)}
    receipts, unproved, changed = [], [], []
    for file in files:
        stat = stats.get(file.path)
        # A file that left the rig after it was sent is proved by what arrived; one that differs is not.
        receipt = listed.get(file.path) or _look(mover, file)
        if receipt is not None and stat is not None and stat.fingerprint != file.stat.fingerprint:
            changed.append(file)
            continue
        if receipt is None:
            unproved.append((file, "is not in the archive although the transfer succeeded"))
        elif receipt.size != file.size:
            unproved.append((file, f"has {receipt.size} of {file.size} bytes in the archive"))
        else:
            receipts.append(receipt)
    return Proof(receipts, unproved, changed)


def _look(mover: Transfers, file: BatchFile) -> Receipt | None:
    entry = mover.stat(file.path)
    if entry is None or entry.type is not EntryType.FILE:
        return None
    return Receipt(file.path, entry.size, None, "listing")
