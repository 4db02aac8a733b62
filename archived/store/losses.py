"""What persons decide about files that the archive lost, or holds with another size: send again, or take as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.core.model import Dataset, FileState
from archived.core.progress import ODD
from archived.core.sighting import LOST
from archived.errors import MoveRefusedError
from archived.store.fields import to_text, to_time
from archived.store.missing import MissingVerbs
from archived.store.moves import Moves
from archived.store.overwrite import ACCEPTED
from archived.store.portions import marks

GIVEN_UP = "is not in the archive any more, which a person accepted"

AS_IF_NEVER_ARCHIVED = (
    "fault = '', archived_size = NULL, archived_mtime_ns = NULL, found_mtime_ns = NULL, "
    "found_size = NULL"
)
"""What is to be sent again has nothing in the archive that a look at the rig could be compared with."""


class LossVerbs(Moves, MissingVerbs):
    """Parts of `retry` and `accept`, each within their transaction."""

    def _send_lost_again(self, dataset: Dataset) -> int:
        """MISSING ▶ PENDING for what is still on the rig; how many.

        The archive holds nothing in their places. Should that be wrong by now, they are looked for like files that
        were never sent, and nothing is replaced.
        """
        return self._door.change(
            f"UPDATE file SET state = ?, reason = '', {AS_IF_NEVER_ARCHIVED}, settled = 0, overwrite = 0, submitted = 0 "
            "WHERE dataset_id = ? AND state = ? AND missing = 0",
            FileState.PENDING,
            dataset.id,
            FileState.MISSING,
        )

    def _insist_on_something_to_retry(self, dataset: Dataset) -> None:
        """Raise `MoveRefusedError` where all that is wrong lies in the archive, and nothing could be sent there."""
        standing = self._standing(dataset, setback=False)
        if not standing.count(*LOST) or standing.count(FileState.PENDING, FileState.CHANGED):
            return
        raise MoveRefusedError(
            f"nothing of {dataset.name} can be sent again: {dataset.reason}",
            what_to_do="once the archive is mended, `archivedctl discover` finds it in order; "
            "`archivedctl show` tells what else there is to do",
        )

    def _accept_lost(self, dataset: Dataset, now: datetime) -> tuple[int, bool]:
        """Take everything that is missing or different as a person found it.

        What is on the rig is sent (again); of what is not, the missing is gone, and the different is what the archive
        has of it. Return how many files that were, and whether one replaces what is in the archive.
        """
        sent = self._door.change(
            f"UPDATE file SET state = ?, reason = '', {AS_IF_NEVER_ARCHIVED}, settled = 1, overwrite = 0, submitted = 0 "
            "WHERE dataset_id = ? AND state = ? AND missing = 0",
            FileState.PENDING,
            dataset.id,
            FileState.MISSING,
        )
        replaced = self._door.change(
            f"UPDATE file SET state = ?, reason = '', {AS_IF_NEVER_ARCHIVED}, settled = 1, overwrite = {ACCEPTED} "
            "WHERE dataset_id = ? AND state = ? AND missing = 0",
            FileState.PENDING,
            dataset.id,
            FileState.DIFFERENT,
        )
        gone = self._door.change(
            f"UPDATE file SET state = ?, {AS_IF_NEVER_ARCHIVED}, reason = ?, settled = 0, overwrite = 0, submitted = 0 "
            "WHERE dataset_id = ? AND state = ?",
            FileState.GONE,
            to_text(GIVEN_UP),
            dataset.id,
            FileState.MISSING,
        )
        taken = self._take_what_the_archive_has(dataset, now)
        self._recount([dataset.id])
        return sent + replaced + gone + taken, replaced > 0

    def _take_what_the_archive_has(self, dataset: Dataset, now: datetime) -> int:
        rows = self._door.rows(
            "SELECT f.id, f.found_size, v.algorithm, v.checksum FROM file f LEFT JOIN verification v "
            "ON v.file_id = f.id AND v.content = 'different' AND f.found_size = f.archived_size "
            "WHERE f.dataset_id = ? AND f.state = ? AND f.found_size IS NOT NULL",
            dataset.id,
            FileState.DIFFERENT,
        )
        self._door.many(
            "UPDATE file SET state = ?, reason = '', fault = '', settled = 0, size = ?, archived_size = ?, "
            "archived_mtime_ns = NULL, found_size = NULL WHERE id = ?",
            [(FileState.ARCHIVED, size, size, file_id) for file_id, size, *_ in rows],
        )
        # What was archived before had this checksum; what the archive has now need not.
        self._door.many("DELETE FROM digest WHERE file_id = ?", [(row[0],) for row in rows])
        self._door.many(
            "INSERT INTO receipt (file_id, batch_id, revision, size, mtime_ns, algorithm, checksum, source, at) "
            "VALUES (?, NULL, ?, ?, 0, ?, ?, 'listing', ?)",
            [
                (file_id, dataset.revision, size, algorithm, checksum, to_time(now))
                for file_id, size, algorithm, checksum in rows
            ],
        )
        if rows:
            total = sum(row[1] for row in rows)
            self._add_to_total(to_text(dataset.location), len(rows), total)
        return len(rows)

    def _all_is_settled(self, dataset: Dataset) -> bool:
        """Whether nothing of it needs a person any more."""
        return not self._standing(dataset, setback=False).count(*ODD)

    def _has_files(self, dataset: Dataset, states: Sequence[FileState]) -> bool:
        return (
            self._door.row(
                f"SELECT 1 FROM file WHERE dataset_id = ? AND state IN ({marks(list(states))}) LIMIT 1",
                dataset.id,
                *states,
            )
            is not None
        )
