"""The end of a look: what was absent for the second time, and what was not recognised (safety rules 6 and 10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from archived.core.lifecycle import State
from archived.core.model import FileState, Unrecognised
from archived.core.sighting import LARGE_PART, after_absence, too_many_at_once
from archived.store.fields import from_text, joined, to_text
from archived.store.losses import AS_IF_NEVER_ARCHIVED
from archived.store.portions import chunks, marks
from archived.store.results import LookResult, LookSummary, Moved
from archived.store.sighting import SightingVerbs

ABSENT_TWICE = 2

_OPEN = tuple(state for state in State if state not in (State.ARCHIVED, State.HELD))
"""The datasets of which files count as absent. Holding one is how a person says: leave it alone."""


_GIVEN_UP = "left the rig before it was archived"
_GIVEN_UP_UNDER_WAY = "left the rig while a new revision of it was sent; `archivedctl discover` tells what the archive holds"


class _Unarchived(NamedTuple):
    id: int
    dataset_id: int
    absent: int
    seen: bool
    archived_size: int | None


class LookVerbs(SightingVerbs):
    """Ending a look."""

    def finish_look(
        self, root_key: str, look: LookSummary, now: datetime, fuse: float = LARGE_PART
    ) -> LookResult:
        """Count what a complete look at a whole root did not see; what two such looks did not see is gone.

        Only files that are not archived and not under way count. Nothing changes when the look was not complete,
        nor when more than the share `fuse` of those files (and more than a handful) was not seen at once.
        """
        if not look.complete:
            return LookResult()
        with self._door.write():
            root_id = self._root_id_for(root_key)
            self._write_plain()
            number, odd = self._unarchived(root_id, look)
            unseen = [each for each in odd if not each.seen]
            if too_many_at_once(len(unseen), number, fuse):
                return LookResult(fuse_blown=True, candidates=len(unseen))
            self._count_absence(odd)
            gone = [each for each in unseen if each.absent + 1 >= ABSENT_TWICE]
            moved = self._give_up(gone, now)
            self._forget_folders(root_id, look)
        return LookResult(gone=len(gone), candidates=len(unseen), moved=moved)

    def _unarchived(self, root_id: int, look: LookSummary) -> tuple[int, list[_Unarchived]]:
        """How many files count, and those of them that were not seen, by this look or by an earlier one.

        A dataset at a time: after the first look at a tree they are as many as the tree has files.
        """
        number, odd = 0, list[_Unarchived]()
        for dataset_id, location, path in self._door.rows(
            f"SELECT d.id, d.location, d.path FROM dataset d WHERE d.rig_id = ? AND d.state IN ({marks(list(_OPEN))}) "
            "AND d.root_id = ?",
            self._rig_id,
            *_OPEN,
            root_id,
        ):
            folder = from_text(path)
            if look.covers(from_text(location), folder):
                number += self._number_unarchived(dataset_id)
                odd += self._odd_unarchived(dataset_id, folder, look)
        return number, odd

    def _number_unarchived(self, dataset_id: int) -> int:
        row = self._door.row(
            "SELECT count(*) FROM file WHERE dataset_id = ? AND state IN (?, ?)",
            dataset_id,
            FileState.PENDING,
            FileState.FAILED,
        )
        return row[0] if row else 0

    def _odd_unarchived(
        self, dataset_id: int, folder: str, look: LookSummary
    ) -> Iterator[_Unarchived]:
        # What lies in a folder that was visited was seen there, unless it is noted as missing.
        others = "%/%" if folder in look.visited else "%"
        for file_id, absent, archived_size, missing, name in self._door.rows(
            "SELECT id, absent, archived_size, missing, name FROM file WHERE dataset_id = ? AND state IN (?, ?) "
            "AND (missing <> 0 OR absent <> 0 OR name LIKE ?)",
            dataset_id,
            FileState.PENDING,
            FileState.FAILED,
            others,
        ):
            visited = joined(folder, from_text(name)).rpartition("/")[0] in look.visited
            seen = visited and not missing
            if absent or not seen:
                yield _Unarchived(file_id, dataset_id, absent, seen, archived_size)

    def _count_absence(self, files: Sequence[_Unarchived]) -> None:
        self._door.many(
            "UPDATE file SET absent = absent + 1, missing = 1 WHERE id = ?",
            [(each.id,) for each in files if not each.seen],
        )
        self._door.many(
            "UPDATE file SET absent = 0 WHERE id = ?",
            [(each.id,) for each in files if each.seen and each.absent],
        )

    def _give_up(self, gone: Sequence[_Unarchived], now: datetime) -> list[Moved]:
        self._door.many(
            "UPDATE file SET state = ?, reason = ?, fault = '', settled = 0 WHERE id = ?",
            [(FileState.GONE, _GIVEN_UP, each.id) for each in gone if each.archived_size is None],
        )
        self._give_up_revisions([each for each in gone if each.archived_size is not None])
        numbers: defaultdict[int, int] = defaultdict(int)
        for each in gone:
            numbers[each.dataset_id] += 1
        self._recount(numbers)
        moved: list[Moved] = []
        for dataset_id, number in numbers.items():
            dataset = self._read(dataset_id)
            assert dataset is not None
            meaning = after_absence(dataset.state, number, anything_left=dataset.files > 0)
            if self._follow(dataset, meaning, now) and meaning.after is not None:
                moved.append((dataset.name, dataset.state, meaning.after))
        return moved

    def _give_up_revisions(self, gone: Sequence[_Unarchived]) -> None:
        """Files that were archived, and to be archived anew: unless that began, the archive holds them as they were."""
        begun = self._begun_anew(gone)
        self._door.many(
            "UPDATE file SET state = ?, reason = '', fault = '', settled = 0, overwrite = 0, size = archived_size, "
            "mtime_ns = COALESCE(archived_mtime_ns, mtime_ns) WHERE id = ?",
            [(FileState.ARCHIVED, each.id) for each in gone if each.id not in begun],
        )
        self._door.many(
            f"UPDATE file SET state = ?, reason = ?, {AS_IF_NEVER_ARCHIVED}, settled = 0, overwrite = 0 WHERE id = ?",
            [(FileState.GONE, _GIVEN_UP_UNDER_WAY, each) for each in begun],
        )
        for each in gone:
            dataset = self._read(each.dataset_id) if each.id in begun else None
            if dataset is not None:
                self._add_to_total(to_text(dataset.location), -1, -(each.archived_size or 0))

    def _begun_anew(self, files: Sequence[_Unarchived]) -> set[int]:
        """Those of which an order was perhaps given since their last receipt."""
        found: set[int] = set()
        for ids in chunks(each.id for each in files):
            rows = self._door.rows(
                "SELECT DISTINCT p.file_id FROM batch_file p JOIN batch b ON b.id = p.batch_id "
                f"WHERE p.file_id IN ({marks(ids)}) AND b.submission_id IS NOT NULL AND b.id > "
                "COALESCE((SELECT max(r.batch_id) FROM receipt r WHERE r.file_id = p.file_id), 0)",
                *ids,
            )
            found.update(row[0] for row in rows)
        return found

    def _forget_folders(self, root_id: int, look: LookSummary) -> None:
        """Folders that are not there any more: their archived files are no longer on the rig, and that is all."""
        rows = self._door.rows("SELECT path, dataset_id FROM folder WHERE root_id = ?", root_id)
        left = [(path, dataset) for path, dataset in rows if from_text(path) not in look.visited]
        if not left:
            return
        folders = {from_text(path) for path, _ in left}
        for ids in chunks({dataset for _, dataset in left if dataset is not None}):
            files = self._door.rows(
                "SELECT f.id, f.name, d.path FROM dataset d JOIN file f ON f.dataset_id = d.id "
                f"WHERE d.id IN ({marks(ids)}) AND f.missing = 0",
                *ids,
            )
            self._door.many(
                "UPDATE file SET missing = 1 WHERE id = ?",
                [(each[0],) for each in files if _folder(each[2], each[1]) in folders],
            )
        self._door.many(
            "DELETE FROM folder WHERE root_id = ? AND path = ?",
            [(root_id, path) for path, _ in left],
        )

    def set_unrecognised(self, root_key: str, items: Sequence[Unrecognised], now: datetime) -> None:
        """Replace what is known to be unrecognised under a root."""
        wanted = {to_text(each.path): (to_text(each.why), to_text(each.nearest)) for each in items}
        limit = self._door.kind.longest_name
        with self._door.write():
            root_id = self._root_id_for(root_key)
            stored = {
                path: (why, nearest)
                for path, why, nearest in self._door.rows(
                    "SELECT path, why, nearest FROM unrecognised WHERE root_id = ?", root_id
                )
            }
            self._door.many(
                "DELETE FROM unrecognised WHERE root_id = ? AND path = ?",
                [(root_id, path) for path in stored if stored[path] != wanted.get(path)],
            )
            self._door.many(
                "INSERT INTO unrecognised (root_id, path, why, nearest) VALUES (?, ?, ?, ?)",
                [
                    (root_id, path, *values)
                    for path, values in wanted.items()
                    if stored.get(path) != values
                    # Cut short it would be a name of nothing; the look's log has the whole one.
                    and (limit is None or len(path.encode()) <= limit)
                ],
            )


def _folder(dataset_path: str, name: str) -> str:
    return joined(from_text(dataset_path), from_text(name)).rpartition("/")[0]
