"""When the archive's copy of each file was last looked at, and what that told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.core.discovery import Kind
from archived.core.verifying import How, Verdict
from archived.store.base import Verbs
from archived.store.fields import to_time
from archived.store.glances import LOOKED_AT
from archived.store.portions import chunks, marks

_VERDICTS = {
    None: Verdict.SAME,
    Kind.CATALOGUE: Verdict.MISSING,
    Kind.DIFFERENT: Verdict.SIZE,
    Kind.CONTENT: Verdict.CONTENT,
}


class LookedVerbs(Verbs):
    """Noting looks at sizes; every verb is a part of a transaction."""

    def _note_looks(self, looked: Sequence[tuple[int, Kind | None]], at: datetime) -> None:
        """What a listing that was asked for at that time told of these files."""
        values = [(to_time(at), How.LISTING, _VERDICTS[kind], file_id) for file_id, kind in looked]
        known = self._looked_at_before([each[0] for each in looked])
        self._door.many(
            "UPDATE verification SET at = ?, how = ?, verdict = ? WHERE file_id = ?",
            [each for each in values if each[3] in known],
        )
        self._door.many(
            f"INSERT INTO verification (rig_id, at, how, verdict, file_id, content) VALUES ({self._rig_id}, ?, ?, ?, ?, '')",
            [each for each in values if each[3] not in known],
        )
        if len(known) < len(values):
            self._count_looked_at(len(values) - len(known))

    def _count_looked_at(self, number: int) -> None:
        """So that nobody has to count the rows, of which there are as many as files in the archive."""
        found = self._door.change(
            "UPDATE counter SET number = number + ? WHERE rig_id = ? AND name = ?",
            number,
            self._rig_id,
            LOOKED_AT,
        )
        if not found:
            self._door.change(
                "INSERT INTO counter (rig_id, name, number) "
                "SELECT ?, ?, count(*) FROM verification WHERE rig_id = ?",
                self._rig_id,
                LOOKED_AT,
                self._rig_id,
            )

    def _looked_at_before(self, file_ids: Sequence[int]) -> set[int]:
        found: set[int] = set()
        for ids in chunks(file_ids):
            rows = self._door.rows(
                f"SELECT file_id FROM verification WHERE file_id IN ({marks(ids)})", *ids
            )
            found.update(row[0] for row in rows)
        return found
