"""What travels: the batches there are, and who has them under way."""

from __future__ import annotations

from datetime import datetime

from archived.core.model import LIVE_BATCHES, Batch, BatchState, Direction
from archived.store.base import Verbs
from archived.store.fields import to_time
from archived.store.locks import verification_lock
from archived.store.portions import marks
from archived.store.rows import BATCH_COLUMNS, batch_of


class TravellingVerbs(Verbs):
    """Reading batches."""

    def batches(
        self,
        *states: BatchState,
        due_by: datetime | None = None,
        direction: Direction | None = None,
    ) -> list[Batch]:
        """Batches in these states (all without any), oldest first; with `due_by` only those due by then."""
        conditions, values = ["b.rig_id = ?"], [self._rig_id, *states]
        if states:
            conditions.append(f"b.state IN ({marks(list(states))})")
        if due_by is not None:
            conditions.append("(b.due IS NULL OR b.due <= ?)")
            values.append(to_time(due_by))
        if direction is not None:
            conditions.append("b.direction = ?")
            values.append(direction)
        rows = self._door.rows(
            f"SELECT {BATCH_COLUMNS} FROM batch b WHERE {' AND '.join(conditions)} ORDER BY b.id",
            *values,
        )
        return [batch_of(row) for row in rows]

    def batch(self, batch_id: str) -> Batch | None:
        """One batch, or None where there is none of that id."""
        row = self._door.row(
            f"SELECT {BATCH_COLUMNS} FROM batch b WHERE b.name = ? AND b.rig_id = ?",
            batch_id,
            self._rig_id,
        )
        return None if row is None else batch_of(row)

    def comparisons(self, audit: int) -> list[Batch]:
        """The batches that whoever `audit` stands for has under way, oldest first."""
        rows = self._door.rows(
            "SELECT DISTINCT b.name FROM batch b JOIN verification_file v ON v.batch_id = b.id "
            f"WHERE b.rig_id = ? AND v.audit = ? AND b.state IN ({marks(list(LIVE_BATCHES))})",
            self._rig_id,
            audit,
            *LIVE_BATCHES,
        )
        own = {row[0] for row in rows}
        live = self.batches(*LIVE_BATCHES, direction=Direction.VERIFY)
        return [each for each in live if each.id in own]

    def left_comparisons(self) -> frozenset[str]:
        """The ids of those that a person had under way and that nobody carries now: what a killed process left."""
        if not self.batches(*LIVE_BATCHES, direction=Direction.VERIFY):
            return frozenset()
        from archived.core.verifying import MINE

        begun = frozenset(each.id for each in self.comparisons(MINE))
        if begun and verification_lock(self._door, self._rig_id).held() is False:
            return begun
        return frozenset()
