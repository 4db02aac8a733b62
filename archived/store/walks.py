"""The walk over an archive as it is remembered: folders still to be listed, and what was found out so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from archived.core.dataclass import dataclass
from archived.core.discovery import CLAIMED
from archived.core.sighting import LOST
from archived.errors import WalkGoneError
from archived.store.doubts import DoubtVerbs
from archived.store.fields import from_text, from_time, joined, moment, to_text, to_time
from archived.store.findings import FindingVerbs
from archived.store.portions import chunks, marks
from archived.store.restored import RestoredVerbs

TO_DO = "to do"
AGAIN = "again"
DONE = "done"
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Discovery:
    """One walk. `below` is the folder that it began in; `in_both` and `unrecognised` are counts so far."""

    id: int
    location: str
    below: str
    dry_run: bool
    started_at: datetime
    ended_at: datetime | None
    in_both: int
    unrecognised: int
    audit: int = 0
    """Who only verifies what the catalogue has; 0 is a discovery, that also registers what it finds."""


@dataclass(frozen=True, slots=True)
class FolderCounts:
    """How many folders a walk has listed, may not list, and has still to list."""

    done: int
    refused: int
    left: int


_COLUMNS = "id, location, below, dry_run, started_at, ended_at, in_both, unrecognised, audit"


class WalkVerbs(FindingVerbs, DoubtVerbs, RestoredVerbs):
    """Discoveries, and the folders of each."""

    def begin_discovery(
        self, location: str, below: str, now: datetime, *, dry_run: bool, restart: bool
    ) -> Discovery:
        """Go on with a walk of that kind that has not ended, or begin one; `restart` gives the old one up.

        What earlier walks over the location noted for themselves is removed; the catalogue stays as it is.
        """
        with self._door.write():
            found = None if restart else self._unfinished(location, below, dry_run=dry_run)
            if found is not None:
                return found
            self._forget(location, below, dry_run=dry_run)
            number = self._door.insert(
                "INSERT INTO discovery (rig_id, location, below, dry_run, started_at, in_both, "
                "unrecognised, doubted) VALUES (?, ?, ?, ?, ?, 0, 0, 0)",
                self._rig_id,
                to_text(location),
                to_text(below),
                int(dry_run),
                to_time(now),
            )
            self._add_folders(number, [below], TO_DO)
        return self.discovery(number)

    def discovery(self, number: int) -> Discovery:
        """A discovery by its number. Raises `WalkGoneError` where there is none any more."""
        row = self._door.row(f"SELECT {_COLUMNS} FROM discovery WHERE id = ?", number)
        if row is None:
            raise _gone()
        return Discovery(
            row[0],
            from_text(row[1]),
            from_text(row[2]),
            bool(row[3]),
            moment(row[4]),
            from_time(row[5]),
            row[6],
            row[7],
            row[8] or 0,
        )

    def insist_on_walk(self, discovery: Discovery) -> None:
        """Raise `WalkGoneError` where others ended this walk and removed it; another may have got its number since."""
        if self.discovery(discovery.id).started_at != discovery.started_at:
            raise _gone()

    def end_discovery(self, number: int, now: datetime, *, believed: bool = True) -> None:
        """The walk is complete. Where all of an archive was taken over, a store that was put back knows it again."""
        with self._door.write():
            ended = self._door.change(
                "UPDATE discovery SET ended_at = ? WHERE id = ? AND ended_at IS NULL",
                to_time(now),
                number,
            )
            if not ended:
                return
            walk = self.discovery(number)
            if believed and not walk.dry_run and walk.below == "":
                self._looked_through(walk.location)

    def folders_to_list(self, number: int, limit: int, *, again: bool) -> list[tuple[str, bool]]:
        """Some folders that are to be listed, and whether it is for the second time; `again` includes such."""
        states = (TO_DO, AGAIN) if again else (TO_DO,)
        rows = self._door.rows(
            f"SELECT path, state FROM discovery_folder WHERE discovery_id = ? "
            f"AND state IN ({marks(list(states))}) LIMIT ?",
            number,
            *states,
            limit,
        )
        return [(from_text(path), state == AGAIN) for path, state in rows]

    def refuse_folder(self, number: int, folder: str, reason: str) -> None:
        """The archive does not let this folder be listed; what lies in it and below stays unknown."""
        self._set_folder(number, folder, REFUSED, reason)

    def folder_counts(self, number: int) -> FolderCounts:
        """How far a walk is."""
        found: dict[str, int] = dict(
            self._door.rows(
                "SELECT state, count(*) FROM discovery_folder WHERE discovery_id = ? GROUP BY state",
                number,
            )
        )
        left = found.get(TO_DO, 0) + found.get(AGAIN, 0)
        return FolderCounts(found.get(DONE, 0), found.get(REFUSED, 0), left)

    def refused_folders(self, number: int, limit: int) -> list[tuple[str, str]]:
        """The folders that could not be listed, with the reasons, by path."""
        rows = self._door.rows(
            "SELECT path, reason FROM discovery_folder WHERE discovery_id = ? AND state = ? "
            "ORDER BY path LIMIT ?",
            number,
            REFUSED,
            limit,
        )
        return [(from_text(path), from_text(reason)) for path, reason in rows]

    def note_absent_folders(self, discovery: Discovery) -> int:
        """Have the folders listed that the catalogue knows of and the walk did not meet; return how many.

        Those below a folder that could not be listed are left out: nothing is known of them.
        """
        last, added = 0, 0
        while True:
            rows = self._door.rows(
                "SELECT id, path FROM dataset WHERE rig_id = ? AND location = ? AND id > ? "
                "ORDER BY id LIMIT 200",
                self._rig_id,
                to_text(discovery.location),
                last,
            )
            for dataset_id, path in rows:
                folder = from_text(path)
                if is_below(folder, discovery.below) or is_below(discovery.below, folder):
                    added += self._note_absent(discovery, dataset_id, folder)
            if not rows:
                return added
            last = rows[-1][0]

    def _note_absent(self, discovery: Discovery, dataset_id: int, dataset_path: str) -> int:
        believed = self._claimed_in(dataset_id, dataset_path)
        wanted = {each for each in believed if is_below(each, discovery.below)}
        unmet = wanted - self._met(discovery.id, wanted).keys()
        lost = [each for each in unmet if not self._lies_in_refused(discovery, each)]
        if lost:
            with self._door.write():
                self.insist_on_walk(discovery)
                self._add_folders(discovery.id, lost, AGAIN)
                self._add_doubts(discovery.id, sum(believed[each] for each in lost))
        return len(lost)

    def _claimed_in(self, dataset_id: int, dataset_path: str) -> Counter[str]:
        """The folders in which files of a dataset are or were, and how many are there for all that is known.

        Of what lies in the dataset's own folder, most often all there is, only the number is asked.
        """
        which = f"FROM file WHERE dataset_id = ? AND state IN ({marks(list(CLAIMED))}) AND name"
        found: Counter[str] = Counter()
        for state, number in self._door.rows(
            f"SELECT state, count(*) {which} NOT LIKE ? GROUP BY state", dataset_id, *CLAIMED, "%/%"
        ):
            found[dataset_path] += 0 if state in LOST else number
        for name, state in self._door.rows(
            f"SELECT name, state {which} LIKE ?", dataset_id, *CLAIMED, "%/%"
        ):
            found[joined(dataset_path, from_text(name)).rpartition("/")[0]] += state not in LOST
        return found

    def _lies_in_refused(self, discovery: Discovery, folder: str) -> bool:
        return REFUSED in self._met(discovery.id, ancestors(folder)).values()

    def _met(self, number: int, folders: Iterable[str]) -> dict[str, str]:
        """The states of those of the folders that the walk has met."""
        found: dict[str, str] = {}
        for some in chunks([to_text(each) for each in folders]):
            rows = self._door.rows(
                "SELECT path, state FROM discovery_folder WHERE discovery_id = ? "
                f"AND path IN ({marks(some)})",
                number,
                *some,
            )
            found |= {from_text(path): state for path, state in rows}
        return found

    def _add_folders(self, number: int, folders: Sequence[str], state: str) -> None:
        """Those that the walk has met already stay as they are."""
        limit = self._door.kind.longest_name
        met = self._met(number, folders)
        self._door.many(
            "INSERT INTO discovery_folder (discovery_id, path, state, reason) VALUES (?, ?, ?, '')",
            [
                (number, to_text(each), state)
                for each in dict.fromkeys(folders)
                if each not in met and (limit is None or len(to_text(each).encode()) <= limit)
            ],
        )

    def _set_folder(self, number: int, folder: str, after: str, reason: str = "") -> bool:
        """False where somebody else has done with it already."""
        return bool(
            self._door.change(
                "UPDATE discovery_folder SET state = ?, reason = ? "
                "WHERE discovery_id = ? AND path = ? AND state IN (?, ?)",
                after,
                to_text(reason),
                number,
                to_text(folder),
                TO_DO,
                AGAIN,
            )
        )

    def _unfinished(self, location: str, below: str, *, dry_run: bool) -> Discovery | None:
        row = self._door.row(
            "SELECT max(id) FROM discovery WHERE rig_id = ? AND location = ? AND below = ? "
            "AND dry_run = ? AND ended_at IS NULL AND audit IS NULL",
            self._rig_id,
            to_text(location),
            to_text(below),
            int(dry_run),
        )
        return None if row is None or row[0] is None else self.discovery(row[0])

    def _forget(self, location: str, below: str, *, dry_run: bool) -> None:
        """Walks over the location that have ended, and those of the very same kind."""
        rows = self._door.rows(
            "SELECT id FROM discovery WHERE rig_id = ? AND location = ? AND audit IS NULL "
            "AND (ended_at IS NOT NULL OR (below = ? AND dry_run = ?))",
            self._rig_id,
            to_text(location),
            to_text(below),
            int(dry_run),
        )
        self._remove_walks([row[0] for row in rows])

    def _remove_walks(self, numbers: Iterable[int]) -> None:
        """What these walks noted for themselves; the catalogue stays as it is."""
        for ids in chunks(numbers):
            for table in ("discovery_finding", "discovery_folder"):
                self._door.change(f"DELETE FROM {table} WHERE discovery_id IN ({marks(ids)})", *ids)
            self._door.change(f"DELETE FROM discovery WHERE id IN ({marks(ids)})", *ids)


def _gone() -> WalkGoneError:
    return WalkGoneError(
        "another `archivedctl discover` has ended this look through the archive, or begun it anew, meanwhile; what was "
        "found until then is in the catalogue",
        what_to_do="type it again",
    )


def is_below(path: str, folder: str) -> bool:
    """Whether a path is the folder itself or lies in it."""
    return folder == "" or path == folder or path.startswith(folder + "/")


def ancestors(folder: str) -> list[str]:
    """The folders above this one, the root included."""
    names = folder.split("/")
    return ["/".join(names[:count]) for count in range(len(names))]
