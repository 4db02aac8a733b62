"""Batches that compare contents: what is in them, and who has them compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from archived.core.model import Batch, Direction
from archived.core.verifying import Wanted
from archived.store.carrying import CarryVerbs
from archived.store.portions import chunks, marks
from archived.store.verifications import VerificationVerbs


class ComparisonVerbs(VerificationVerbs, CarryVerbs):
    """Beginning such batches, and ending them; they are carried like any other."""

    def plan_comparison(
        self,
        batch_id: str,
        location: str,
        wanted: Sequence[Wanted],
        now: datetime,
        deadline: datetime,
        *,
        audit: int,
    ) -> Batch:
        """A batch in PLANNED with these files, carried by whoever `audit` stands for."""
        with self._door.write():
            batch = self.begin_batch(
                batch_id,
                location,
                Direction.VERIFY,
                files=len(wanted),
                size=sum(each.size for each in wanted),
                now=now,
                deadline=deadline,
            )
            self._door.many(
                "INSERT INTO verification_file (batch_id, file_id, copied, audit) "
                "SELECT b.id, ?, 0, ? FROM batch b WHERE b.name = ?",
                [(each.file_id, audit, batch_id) for each in wanted],
            )
        return batch

    def comparing(self, batch_id: str) -> dict[int, bool]:
        """The files of a batch, and whether a copy of each was put where it goes."""
        rows = self._door.rows(
            "SELECT v.file_id, v.copied FROM verification_file v JOIN batch b ON b.id = v.batch_id "
            "WHERE b.rig_id = ? AND b.name = ? ORDER BY v.file_id",
            self._rig_id,
            batch_id,
        )
        return {row[0]: bool(row[1]) for row in rows}

    def note_copied(self, batch_id: str, file_ids: Iterable[int]) -> None:
        """Copies of these were put where they go, before anything was asked of the mover."""
        for ids in chunks(file_ids):
            self._door.change(
                "UPDATE verification_file SET copied = 1 WHERE batch_id = (SELECT b.id FROM batch b "
                f"WHERE b.rig_id = ? AND b.name = ?) AND file_id IN ({marks(ids)})",
                self._rig_id,
                batch_id,
                *ids,
            )

    def leave_comparison(self, batch_id: str, file_ids: Sequence[int], size: int) -> None:
        """Take files of that many bytes out of a batch under way."""
        with self._door.write():
            self._forget_comparing(batch_id, file_ids)
            self.take_from_batch(batch_id, files=len(file_ids), size=size)

    def end_comparison(self, batch_id: str) -> None:
        """Nothing of a batch is compared any more; a part of the transaction that ends it."""
        self._door.change(
            "DELETE FROM verification_file WHERE batch_id = (SELECT b.id FROM batch b "
            "WHERE b.rig_id = ? AND b.name = ?)",
            self._rig_id,
            batch_id,
        )

    def _forget_comparing(self, batch_id: str, file_ids: Iterable[int]) -> None:
        for ids in chunks(file_ids):
            self._door.change(
                "DELETE FROM verification_file WHERE batch_id = (SELECT b.id FROM batch b "
                f"WHERE b.rig_id = ? AND b.name = ?) AND file_id IN ({marks(ids)})",
                self._rig_id,
                batch_id,
                *ids,
            )
