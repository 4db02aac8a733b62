"""Batches of other directions than to the archive: what travels in them is kept by whoever has it carried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from archived.core.model import LIVE_BATCHES, Batch, Direction
from archived.store.batches import BatchVerbs
from archived.store.portions import marks


class CarryVerbs(BatchVerbs):
    """Beginning such a batch and taking from it; it is reserved, sent and ended like any other."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of several verbs: a failure, or a kill, undoes all of them."""
        with self._door.write():
            yield

    def begin_batch(
        self,
        batch_id: str,
        location: str,
        direction: Direction,
        *,
        files: int,
        size: int,
        now: datetime,
        deadline: datetime,
    ) -> Batch:
        """Make a batch in PLANNED of `files` files with `size` bytes.

        Its owner notes what travels in it in the same transaction (`together`). Raises `ValueError` for batches to
        the archive, which `plan_batch` makes.
        """
        if direction is Direction.ARCHIVE:
            raise ValueError("plan_batch makes the batches to the archive")
        with self._door.write():
            self._insert_batch(batch_id, location, direction, (files, size), now, deadline)
            batch = self.batch(batch_id)
        assert batch is not None
        return batch

    def take_from_batch(self, batch_id: str, *, files: int, size: int) -> None:
        """So many files and bytes left a live batch again."""
        self._door.change(
            "UPDATE batch SET files = files - ?, bytes = bytes - ? WHERE name = ? AND rig_id = ? "
            f"AND state IN ({marks(list(LIVE_BATCHES))})",
            files,
            size,
            batch_id,
            self._rig_id,
            *LIVE_BATCHES,
        )
