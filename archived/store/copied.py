"""The first thing that is done to a copy of a store which was put in the store's place: doubt what it is sure of."""

from __future__ import annotations

from datetime import datetime

from archived.core.model import LIVE_BATCHES, BatchState, Direction
from archived.core.retrieving import BringState
from archived.store.discoveries import DiscoveryVerbs
from archived.store.fields import to_time
from archived.store.opening import COPY_MARK
from archived.store.proofs import ProofVerbs
from archived.store.records import RecordVerbs
from archived.store.rows import json_of

WHY = "the store was put back from a copy, which knows nothing of what happened since"


class CopiedVerbs(DiscoveryVerbs, ProofVerbs, RecordVerbs):
    """Noting that the store is a copy."""

    def take_note_of_copy(self, now: datetime) -> bool:
        """Turn the mark of a copy into what is to be done about it, at one stroke; whether this is a copy.

        * Batches that were only planned end. What Globus, or the mover, may have of others is asked before anything
          else; they are never sent anew (`daemon.submit`).
        * No file counts as ours to replace in the archive any more: neither one that was sent and not proved, nor
          one that a person accepted. Both may have been archived since, and changed after that.
        * Walks over archives, retrievals and records under way are given up: they have seen another archive, and
          other files.
        """
        if (text := self.get_setting(COPY_MARK)) is None:
            return False
        made_at = json_of(text)["made_at"]
        with self._door.write():
            self._door.change(
                "UPDATE file SET submitted = 0, overwrite = 0 WHERE (submitted > 0 OR overwrite > 0) "
                "AND dataset_id IN (SELECT id FROM dataset WHERE rig_id = ?)",
                self._rig_id,
            )
            for batch in self.batches(BatchState.PLANNED, direction=Direction.ARCHIVE):
                self.end_batch(batch.id, BatchState.FAILED, now, reason=WHY, retry_at=now)
            self._give_up_walks()
            self._give_up_retrievals(now)
            self._give_up_records(now)
            self._door.change(
                "DELETE FROM setting WHERE rig_id = ? AND name = ?", self._rig_id, COPY_MARK
            )
            self._note({"made_at": made_at, "looked_through": [], "open": []})
        return True

    def _give_up_walks(self) -> None:
        rows = self._door.rows(
            "SELECT id FROM discovery WHERE rig_id = ? AND ended_at IS NULL", self._rig_id
        )
        self._remove_walks([row[0] for row in rows])

    def _give_up_retrievals(self, now: datetime) -> None:
        """What lies where they write may be another file by now; whoever asks again has it looked at."""
        for batch in self.batches(*LIVE_BATCHES, direction=Direction.RETRIEVE):
            self.end_batch(batch.id, BatchState.FAILED, now, reason=WHY)
        self._door.change(
            "UPDATE retrieval_file SET state = ?, due = NULL, copy_size = NULL, copy_mtime_ns = NULL "
            "WHERE state = ? AND retrieval_id IN (SELECT id FROM retrieval WHERE rig_id = ?)",
            BringState.WANTED,
            BringState.TRAVELLING,
            self._rig_id,
        )
        self._door.change(
            "UPDATE retrieval SET ended_at = ? WHERE rig_id = ? AND ended_at IS NULL",
            to_time(now),
            self._rig_id,
        )

    def _give_up_records(self, now: datetime) -> None:
        """Those in the archive may be newer than what is known here, and are not ours to replace until looked at."""
        for batch in self.batches(*LIVE_BATCHES, direction=Direction.RECORD):
            self.unload_records(batch.id, [], due=now, reason=WHY, counts=False)
            self.end_batch(batch.id, BatchState.FAILED, now, reason=WHY)
        self._door.change("UPDATE record SET known = 0 WHERE rig_id = ?", self._rig_id)
