"""verify: VERIFYING ▶ ARCHIVED. SUCCEEDED is not proof; every file needs its receipt (safety rule 1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from archived.core.carrying import GIVEN_UP_AFTER, TOLD_AFTER
from archived.core.dataclass import dataclass
from archived.core.formats import UnreadableError
from archived.core.model import Batch, BatchFile, BatchState, Receipt
from archived.core.paths import printable
from archived.daemon.prepare import insist_on_archive
from archived.daemon.roots import noted_identity, stats_now, unchanged
from archived.daemon.surroundings import Surroundings, error_of, raise_login_alarm
from archived.errands import Finished
from archived.errors import ArchivedError, TransferRefusedError
from archived.ports import EntryType, Transfers
from archived.rig.reader import checksum
from archived.rig.root import Root, RootIdentity
from archived.rig.scanner import FileTrouble


@dataclass(frozen=True)
class Proof:
    """What was found out about a batch that was sent."""

    receipts: Sequence[Receipt]
    unproved: Sequence[tuple[BatchFile, str]]
    changed: Sequence[BatchFile]
    strange: Sequence[tuple[BatchFile, str]] = ()
    """Files that are not what the program that recorded them says of their content."""


class Verifying:
    """Collects the receipts of batches that were sent."""

    kinds = frozenset({"verify"})

    def __init__(self, around: Surroundings, proved: Callable[[], None] = lambda: None) -> None:
        self._around = around
        self._proved = proved

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take the proofs that came back, then begin with the batches that are due."""
        for outcome in finished:
            self._take(outcome, now)
        around = self._around
        for batch in around.batches(BatchState.SENT, due_by=now):
            if around.errands.busy("verify", batch.id):
                continue
            files = around.store.batch_files(batch.id)
            root = around.root_of(batch.location).root
            mover = around.movers[batch.location]
            around.errands.start(
                "verify",
                batch.id,
                partial(
                    collect,
                    root,
                    noted_identity(around.store, root),
                    mover,
                    batch,
                    files,
                    examples=around.examples(batch.location),
                ),
            )

    def _take(self, outcome: Finished, now: datetime) -> None:
        around = self._around
        batch = around.store.batch(outcome.subject)
        if batch is None or batch.state is not BatchState.SENT:
            return
        error = error_of(around, outcome)
        if error is not None:
            self._postpone(batch, error, now)
            return
        around.store.clear_alarm(f"login:{batch.location}")
        around.store.clear_alarm(f"proof:{batch.location}")
        self._conclude(batch, outcome.result, now)

    def _postpone(self, batch: Batch, error: ArchivedError, now: datetime) -> None:
        around = self._around
        attempts = batch.attempts + 1
        login = raise_login_alarm(around, batch.location, error, now)
        if not login and attempts >= TOLD_AFTER:
            around.store.raise_alarm(
                f"proof:{batch.location}",
                f"what was sent to the archive of {batch.location} cannot be proved: {error}",
                error.what_to_do or "nothing is lost; it goes on by itself once that is over",
                now,
            )
        due = around.next_try(attempts, now, error)
        around.store.postpone_batch(batch.id, due, attempts, str(error))
        around.log.warning("proof postponed", batch=batch.id, error=str(error), next_try=due)

    def _conclude(self, batch: Batch, proof: Proof, now: datetime) -> None:
        around = self._around
        around.store.release_files(
            batch.id, [file.file_id for file in proof.changed], now, ours=True
        )
        for file, why in proof.strange:
            around.store.release_files(batch.id, [file.file_id], now, fault="checksum", reason=why)
        result = around.store.prove(batch.id, proof.receipts, now)
        reason = ""
        if proof.unproved:
            file, why = proof.unproved[0]
            others = len(proof.unproved) - 1
            reason = f"{printable(file.path)} {why}" + (f", and {others} more" if others else "")
        attempts = around.attempts_of(file for file, _ in proof.unproved) + 1
        around.store.end_batch(
            batch.id,
            BatchState.FAILED if proof.unproved else BatchState.PROVED,
            now,
            reason=reason,
            retry_at=around.next_try(attempts, now),
            needs_person=f"sent {attempts} times in vain: {reason}"
            if proof.unproved and attempts >= GIVEN_UP_AFTER
            else None,
        )
        if result.proved:
            self._proved()
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
    *,
    examples: Sequence[str] = (),
) -> Proof:
    """A receipt for each file: from the task's own list, else from a look at the archive.

    The rig is looked at once more as well: a file that changed while it travelled is not proved by what arrived.
    Nor is anything where the archive has none of `examples`, which it is known to hold: raises `ArchiveMissingError`.
    """
    assert batch.task_id is not None
    insist_on_archive(mover, examples)
    stats = stats_now(root, noted, [file.path for file in files])
    listed = {receipt.path: receipt for receipt in mover.receipts(batch.task_id)}
    receipts, unproved, changed, strange = [], [], [], []
    for file in files:
        stat = stats.get(file.path)
        receipt = listed.get(file.path) or _look(mover, file)
        if isinstance(receipt, str):
            unproved.append((file, receipt))
        elif isinstance(stat, FileTrouble):
            unproved.append((file, f"cannot be looked at on the rig: {stat.why}"))
        elif stat is not None and not unchanged(stat, file.stat):
            # A file that left the rig after it was sent is proved by what arrived; one that differs is not.
            changed.append(file)
        elif receipt.size != file.size:
            unproved.append((file, f"has {receipt.size} of {file.size} bytes in the archive"))
        elif stat is None or not _unchecked(file, receipt):
            receipts.append(receipt)
        else:
            try:
                why = _strange(root, file)
            except UnreadableError as error:
                # Its own trouble: the others of the batch are proved all the same.
                unproved.append((file, f"cannot be read on the rig to be compared: {error}"))
                continue
            if why:
                strange.append((file, why))
            else:
                receipts.append(receipt)
    return Proof(receipts, unproved, changed, strange)


def _unchecked(file: BatchFile, receipt: Receipt) -> bool:
    """Whether nobody compared the file with the checksum that the recording program left of it.

    A transfer that finds the file in the archive already, from an earlier one of ours, does not look at it again.
    """
    return file.external_checksum is not None and file.submitted > 0 and receipt.source == "listing"


def _strange(root: Root, file: BatchFile) -> str:
    """How the file differs from what its recording program says of it; "" where it does not."""
    told = file.external_checksum
    assert told is not None
    found = checksum(root, file.path, told.algorithm)
    if found == told.value.lower():
        return ""
    return (
        f"{printable(file.path)} is not what its recording program describes: its {told.algorithm} is {found}, "
        f"and {told.value} is noted; `accept` archives it as it is"
    )


def _look(mover: Transfers, file: BatchFile) -> Receipt | str:
    """The receipt of a look at the archive, or why there is none.

    Where the archive refuses to tell about one file, the others are proved all the same.
    """
    try:
        entry = mover.stat(file.path)
    except TransferRefusedError as error:
        return f"cannot be looked at in the archive: {error}"
    if entry is None or entry.type is not EntryType.FILE:
        return "is not in the archive although the transfer succeeded"
    return Receipt(file.path, entry.size, None, "listing")
