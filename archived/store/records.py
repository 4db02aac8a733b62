"""What the archive was told about each dataset, and what it is still to be told. Never touches a dataset's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from archived.core.model import LIVE_BATCHES
from archived.core.records import RecordState
from archived.store.answers import OwedRecord
from archived.store.carrying import CarryVerbs
from archived.store.digests import DigestVerbs
from archived.store.fields import from_text, to_text, to_time
from archived.store.glances import RECORD_COLUMNS, GlanceVerbs, owed_of
from archived.store.portions import chunks, marks


class RecordVerbs(CarryVerbs, DigestVerbs, GlanceVerbs):
    """A record is owed from the moment that its dataset is archived (see `Moves`), until it is proved."""

    def records_due(
        self, state: RecordState, now: datetime, limit: int, *, newest: bool = False
    ) -> list[OwedRecord]:
        """Records in a state that are due, those that are so for longest first, or last with `newest`."""
        order = "DESC" if newest else "ASC"
        rows = self._door.rows(
            f"SELECT {RECORD_COLUMNS} FROM record r JOIN dataset d ON d.id = r.dataset_id "
            f"WHERE r.rig_id = ? AND r.state = ? AND r.due <= ? ORDER BY r.due {order}, r.dataset_id {order} LIMIT ?",
            self._rig_id,
            state,
            to_time(now),
            limit,
        )
        return [owed_of(row) for row in rows]

    def records_of_batch(self, batch_id: str) -> list[OwedRecord]:
        """The records that travel in a batch, also those that were owed anew meanwhile."""
        rows = self._door.rows(
            f"SELECT {RECORD_COLUMNS} FROM record r JOIN dataset d ON d.id = r.dataset_id "
            "WHERE r.batch_id = (SELECT id FROM batch WHERE name = ? AND rig_id = ?) ORDER BY r.dataset_id",
            batch_id,
            self._rig_id,
        )
        return [owed_of(row) for row in rows]

    def set_record(
        self,
        owed: OwedRecord,
        state: RecordState,
        *,
        reason: str = "",
        due: datetime | None = None,
        attempts: int = 0,
    ) -> bool:
        """Set how far one is, unless its dataset was archived anew since it was read; its batch stays noted."""
        return bool(
            self._door.change(
                "UPDATE record SET state = ?, reason = ?, due = ?, attempts = ? "
                "WHERE dataset_id = ? AND rig_id = ? AND state = ? AND due = ?",
                state,
                to_text(reason),
                to_time(due or owed.due),
                attempts,
                owed.dataset_id,
                self._rig_id,
                owed.state,
                to_time(owed.due),
            )
        )

    def load_records(self, batch_id: str, dataset_ids: Iterable[int]) -> int:
        """WRITTEN ▶ TRAVELLING in this batch; how many there were."""
        number = 0
        with self._door.write():
            for ids in chunks(dataset_ids):
                number += self._door.change(
                    "UPDATE record SET state = ?, "
                    "batch_id = (SELECT id FROM batch WHERE name = ? AND rig_id = ?) "
                    f"WHERE rig_id = ? AND state = ? AND dataset_id IN ({marks(ids)})",
                    RecordState.TRAVELLING,
                    batch_id,
                    self._rig_id,
                    self._rig_id,
                    RecordState.WRITTEN,
                    *ids,
                )
        return number

    def keep_records(self, batch_id: str, kept: Mapping[int, str]) -> None:
        """TRAVELLING ▶ KEPT, out of this batch, by their datasets and each with the reason."""
        with self._door.write():
            for each in self.records_of_batch(batch_id):
                if each.dataset_id in kept:
                    self.set_record(each, RecordState.KEPT, reason=kept[each.dataset_id])
                    self._leave_batch(each.dataset_id)

    def records_are_ours(self, dataset_ids: Iterable[int]) -> None:
        """Note, before they are sent, that what the archive holds in their places is ours from now on."""
        with self._door.write():
            self._door.many(
                "UPDATE record SET known = 1 WHERE dataset_id = ? AND rig_id = ?",
                [(each, self._rig_id) for each in dataset_ids],
            )

    def unload_records(
        self, batch_id: str, proved: Iterable[int], *, due: datetime, reason: str, counts: bool
    ) -> None:
        """Take the records out of a batch: those proved, by their datasets; the others are owed anew at `due`.

        What was owed anew while it travelled stays so.
        """
        arrived = frozenset(proved)
        with self._door.write():
            for each in self.records_of_batch(batch_id):
                if each.state is RecordState.TRAVELLING and each.dataset_id in arrived:
                    self.set_record(each, RecordState.PROVED)
                elif each.state is RecordState.TRAVELLING:
                    attempts = each.attempts + counts
                    self.set_record(
                        each, RecordState.OWED, reason=reason, due=due, attempts=attempts
                    )
                self._leave_batch(each.dataset_id)

    def _leave_batch(self, dataset_id: int) -> None:
        self._door.change(
            "UPDATE record SET batch_id = NULL WHERE dataset_id = ? AND rig_id = ?",
            dataset_id,
            self._rig_id,
        )

    def reopen_records(self, locations: Sequence[str]) -> int:
        """KEPT ▶ OWED for all of these locations: what kept them may be over. How many there were."""
        if not locations:
            return 0
        return self._door.change(
            "UPDATE record SET state = ?, attempts = 0 WHERE rig_id = ? AND state = ? AND dataset_id IN "
            f"(SELECT id FROM dataset WHERE rig_id = ? AND location IN ({marks(list(locations))}))",
            RecordState.OWED,
            self._rig_id,
            RecordState.KEPT,
            self._rig_id,
            *(to_text(each) for each in locations),
        )

    def record_known(self, dataset_id: int) -> None:
        """The archive holds a record of this dataset, which was taken over: it may be replaced later.

        It is not written anew, unless that was owed already: then what the archive holds may be older than what is
        known here, and it is replaced.
        """
        with self._door.write():
            dataset = self._read(dataset_id)
            if dataset is None:
                return
            values = {
                "revision": dataset.revision,
                "state": RecordState.PROVED,
                "reason": "",
                "attempts": 0,
                "due": to_time(dataset.archived_at or dataset.first_seen),
                "known": 1,
            }
            if self.record_note(dataset_id) is None:
                keys: dict[str, object] = {"dataset_id": dataset_id}
                self._upsert("record", keys, {"rig_id": self._rig_id, **values})
                return
            self.records_are_ours([dataset_id])
            # Whose it is was the reason to keep it, or will be found to be the same one once more.
            self._door.change(
                "UPDATE record SET state = ?, attempts = 0 WHERE dataset_id = ? AND state = ?",
                RecordState.OWED,
                dataset_id,
                RecordState.KEPT,
            )

    def record_owed(self, dataset_id: int, now: datetime) -> None:
        """The archive holds no record of this dataset: one is written, as for one that was archived now."""
        with self._door.write():
            dataset = self._read(dataset_id)
            if dataset is not None:
                self._owe_record(dataset, now)

    def kept_records(self) -> list[tuple[str, str, int]]:
        """Location, reason, and how many records stay in the store for it."""
        rows = self._door.rows(
            "SELECT d.location, r.reason, count(*) FROM record r JOIN dataset d ON d.id = r.dataset_id "
            "WHERE r.rig_id = ? AND r.state = ? GROUP BY d.location, r.reason ORDER BY d.location, r.reason",
            self._rig_id,
            RecordState.KEPT,
        )
        return [(from_text(row[0]), from_text(row[1]), row[2]) for row in rows]

    def record_batch_is_live(self, owed: OwedRecord) -> bool:
        """Whether the files of a record are under way in a batch, so that they must not be written anew."""
        batch = None if owed.batch is None else self.batch(owed.batch)
        return batch is not None and batch.state in LIVE_BATCHES
