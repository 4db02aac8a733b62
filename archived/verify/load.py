"""Comparing with a collection, as a load to be carried: a transfer to the scratch folder that moves only what differs.

The direction is what makes it safe: the archive is only ever the source. A copy of the rig's unchanged file lies at
the destination, so that Globus, which compares checksums before it moves anything (sync level 3), moves nothing where
the two are the same. What is not on the rig any more is brought whole, and compared with what is known of it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from archived.carry import Ending, Proof, Setback
from archived.core.formats import UnreadableError
from archived.core.model import Batch, Receipt, StorageLocation
from archived.core.verifying import Content, How, Look, Wanted, against_known, to_compare
from archived.errors import TransferUnavailableError
from archived.ports import TransferItem, Transfers
from archived.rig.root import Root
from archived.store import Store
from archived.transfer.content import read_content
from archived.transfer.hashing import PROOF
from archived.verify.reading import comparable
from archived.verify.rig_copy import is_unchanged, rig_checksum
from archived.verify.scratch import Scratch

NOT_BROUGHT = Setback("", "was not brought, although the transfer succeeded")
ELSEWHERE = Setback(
    "",
    "was moved, and not to the scratch folder on this machine: the collection does not export the spool as "
    "local_endpoint_subdir and local_endpoint_local_path say",
)

Noted = Callable[[Batch, Sequence[Look], datetime], None]
"""Takes what looks told, within the transaction that ends their batch."""


class ComparisonLoad:
    """The load of batches that compare; see `archived.carry.Load`."""

    def __init__(
        self,
        store: Store,
        scratch: Scratch,
        *,
        location_of: Callable[[str], StorageLocation],
        mover_of: Callable[[StorageLocation], Transfers],
        noted: Noted,
        going_on: Callable[[int], None],
    ) -> None:
        self._store = store
        self._scratch = scratch
        self._location_of = location_of
        self._mover_of = mover_of
        self._noted = noted
        self._going_on = going_on
        self._looks: dict[str, dict[str, Look]] = {}
        """What was found out, by batch and path, until it is noted."""
        self._attempts: dict[int, int] = {}
        self.again: list[tuple[datetime, int]] = []
        """Files that are to be compared in another batch, and when."""
        self.refused = ""
        """Why trying again is of no use, for any file."""

    def mover(self, batch: Batch) -> Transfers:
        """See `Load.mover`. Raises `PathError` where the collection does not export the spool."""
        return self._mover_of(self._scratch.place(self._location_of(batch.location), batch.id))

    def attempts(self, batch: Batch) -> int:
        """See `Load.attempts`."""
        return max(
            (self._attempts.get(each, 0) for each in self._store.comparing(batch.id)), default=0
        )

    def look(self, batch: Batch, now: datetime) -> None:
        """See `Load.look`: copies of the rig's files are put where the transfer goes.

        Nothing was submitted yet, so that nobody else writes there. What can be compared with nothing leaves the batch.
        """
        location = self._location_of(batch.location)
        self._scratch.place(location, batch.id)
        copied, left_out = [], []
        try:
            self._scratch.make(batch.id)
            for wanted in self._files(batch):
                if self._copied(location, wanted, batch.id):
                    copied.append(wanted.file_id)
                elif not to_compare(wanted):
                    left_out.append(wanted)
        except OSError as error:
            raise TransferUnavailableError(
                f"the spool {self._scratch.folder(batch.id)} cannot be written: {error.strerror}",
                what_to_do="make room in the spool, or let this account write to it",
            ) from error
        with self._store.together():
            self._store.note_copied(batch.id, copied)
            self._leave_out(batch, left_out, now)

    def _copied(self, location: StorageLocation, wanted: Wanted, batch_id: str) -> bool:
        if not is_unchanged(Root(location.root), wanted):
            return False
        try:
            self._scratch.copy(location.root, wanted, batch_id, self._going_on)
        except UnreadableError:
            return False
        return True

    def _leave_out(self, batch: Batch, left_out: Sequence[Wanted], now: datetime) -> None:
        if left_out:
            looks = [Look(each, How.TRANSFER, None) for each in left_out]
            size = sum(each.size for each in left_out)
            self._store.leave_comparison(batch.id, [each.file_id for each in left_out], size)
            self._noted(batch, looks, now)

    def items(self, batch: Batch) -> Sequence[TransferItem]:
        """See `Load.items`. What lies at the destination is ours, and may be overwritten."""
        return [TransferItem(each.path, each.size, overwrite=True) for each in self._files(batch)]

    def paths(self, batch: Batch) -> frozenset[str]:
        """See `Load.paths`."""
        return frozenset(each.path for each in self._files(batch))

    def prove(self, batch: Batch, receipts: Mapping[str, Receipt]) -> Proof:
        """See `Load.prove`. A copy that nobody wrote to, and that the mover does not list, was found the same."""
        location = self._location_of(batch.location)
        copied = self._store.comparing(batch.id)
        looks: dict[str, Look] = {}
        unproved: dict[str, Setback] = {}
        for wanted in self._files(batch):
            try:
                untouched = self._untouched(wanted, batch, copied)
                if untouched and wanted.path in receipts:
                    unproved[wanted.path] = ELSEWHERE
                    continue
                look = _same(wanted) if untouched else self._compared(location, wanted, batch)
            except FileNotFoundError:
                unproved[wanted.path] = NOT_BROUGHT
                continue
            except UnreadableError as error:
                unproved[wanted.path] = Setback("", f"what was brought cannot be read: {error}")
                continue
            looks[wanted.path] = look
        self._looks[batch.id] = looks
        arrived = [
            receipts.get(path) or Receipt(path, look.wanted.size, None, "listing")
            for path, look in looks.items()
        ]
        return Proof(arrived, unproved)

    def _untouched(self, wanted: Wanted, batch: Batch, copied: Mapping[int, bool]) -> bool:
        return copied.get(wanted.file_id, False) and self._scratch.is_untouched(wanted, batch.id)

    def _compared(self, location: StorageLocation, wanted: Wanted, batch: Batch) -> Look:
        """What moved is the archive's version, whole and verified on its way: its content decides."""
        if not to_compare(wanted):
            on_rig = rig_checksum(Root(location.root), wanted, self._going_on)
            if on_rig is not None:
                wanted = wanted._replace(checksums=(on_rig,))
        algorithms = [each.algorithm for each in to_compare(wanted)]
        folder = self._scratch.folder(batch.id)
        found = read_content(folder, wanted.path, algorithms, going_on=self._going_on)
        look = against_known(wanted, How.BROUGHT, found.size, found.checksums, proof=PROOF)
        if look.content is Content.NOTED:
            return Look(wanted, How.BROUGHT, None)
        return look

    def ended(self, batch: Batch, ending: Ending, now: datetime) -> None:
        """See `Load.ended`."""
        known = self._looks.pop(batch.id, {})
        arrived = {receipt.path for receipt in ending.arrived}
        looks = [known[path] for path in sorted(arrived) if path in known]
        for wanted in self._files(batch):
            if wanted.path in arrived and wanted.path in known:
                continue
            setback = ending.failed.get(wanted.path)
            if setback is None and ending.retry_at is not None:
                attempts = self._attempts.get(wanted.file_id, 0) + ending.counts
                self._attempts[wanted.file_id] = attempts
                self.again.append((ending.retry_at, wanted.file_id))
                continue
            why = setback.reason if setback is not None else ending.reason
            looks.append(Look(wanted, How.TRANSFER, None, reason=f"could not be compared: {why}"))
            if setback is None:
                self.refused = self.refused or ending.reason
        self._noted(batch, looks, now)
        self._store.end_comparison(batch.id)

    def _files(self, batch: Batch) -> list[Wanted]:
        found = self._store.to_compare(list(self._store.comparing(batch.id)))
        return [comparable(each) for each in found]


def _same(wanted: Wanted) -> Look:
    return Look(wanted, How.TRANSFER, Content.SAME)
