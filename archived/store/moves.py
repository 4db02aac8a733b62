"""One move of one dataset: a compare-and-set, its event and the counts, always together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from archived.core.lifecycle import Reason, State, allowed
from archived.core.model import BatchState, Dataset, FileState
from archived.core.progress import ODD, Move, Standing, conclude, trouble
from archived.core.records import RecordState
from archived.store.fields import from_text, joined, to_text, to_time
from archived.store.portions import chunks, marks
from archived.store.restored import RestoredVerbs
from archived.store.results import Moved
from archived.store.rows import DATASET_COLUMNS, dataset_of, file_state_of


class Moves(RestoredVerbs):
    """The only place where a dataset's state is written."""

    def _move(
        self,
        dataset: Dataset,
        after: State,
        reason: Reason,
        why: str,
        now: datetime,
        **columns: Any,
    ) -> bool:
        """Move a dataset on, if it is still in the state that it was read in.

        `columns` are set along with the state, in the store's own terms; `due` is cleared unless it is given.
        Raises `ValueError` for a move that the lifecycle does not have: that is a bug.
        """
        before = dataset.state
        if not allowed(before, after, reason):
            raise ValueError(f"the lifecycle has no move {before} to {after} for {reason!r}")
        values: dict[str, Any] = {
            "state": after,
            "reason": to_text(why),
            "state_since": to_time(now),
            "due": None,
            **columns,
        }
        if after is State.ARCHIVED:
            values["archived_at"] = to_time(now)
        settings = ", ".join(f"{column} = ?" for column in values)
        moved = self._door.change(
            f"UPDATE dataset SET {settings} WHERE id = ? AND rig_id = ? AND state = ?",
            *values.values(),
            dataset.id,
            self._rig_id,
            before,
        )
        if not moved:
            return False
        if before is State.ARCHIVED:
            self._forget_listings(dataset.id)
        self._note_event(dataset.id, before, after, reason, why, now)
        self._tally(dataset.location, before, -1)
        self._tally(dataset.location, after, 1)
        if after is State.ARCHIVED:
            self._owe_record(dataset, now)
        if (before, after) == (State.SETTLING, State.READY):
            self._settle_files(dataset.id)
        return True

    def _forget_listings(self, dataset_id: int) -> None:
        """What is known of its files differs from now on, so that the next look into each of its folders compares.

        To be called by whatever changes what `core.sighting.compare` reads of the files of a dataset that may be
        ARCHIVED and stays so; the digests are noted of no other, and a move forgets them.
        """
        self._door.change(
            "UPDATE folder SET listing = NULL WHERE dataset_id = ? AND listing IS NOT NULL",
            dataset_id,
        )

    def _note_event(
        self,
        dataset_id: int,
        before: State | None,
        after: State,
        reason: Reason | None,
        why: str,
        now: datetime,
    ) -> None:
        self._door.change(
            "INSERT INTO event (rig_id, dataset_id, at, state_before, state_after, move, why) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            self._rig_id,
            dataset_id,
            to_time(now),
            before,
            after,
            reason,
            to_text(why),
        )

    def _tally(self, location: str, state: State, difference: int) -> None:
        found = self._door.change(
            "UPDATE tally SET datasets = datasets + ? WHERE rig_id = ? AND location = ? AND state = ?",
            difference,
            self._rig_id,
            to_text(location),
            state,
        )
        if not found:
            self._door.change(
                "INSERT INTO tally (rig_id, location, state, datasets) VALUES (?, ?, ?, ?)",
                self._rig_id,
                to_text(location),
                state,
                difference,
            )

    def _owe_record(self, dataset: Dataset, now: datetime) -> None:
        """The archive is to be told about the dataset as it is now. A batch of what it was before goes on."""
        values = {
            "revision": dataset.revision,
            "state": RecordState.OWED,
            "reason": "",
            "attempts": 0,
            "due": to_time(now),
        }
        settings = ", ".join(f"{column} = ?" for column in values)
        if not self._door.change(
            f"UPDATE record SET {settings} WHERE dataset_id = ?", *values.values(), dataset.id
        ):
            self._door.change(
                f"INSERT INTO record (dataset_id, rig_id, known, {', '.join(values)}) "
                f"VALUES (?, ?, 0, {marks(list(values))})",
                dataset.id,
                self._rig_id,
                *values.values(),
            )

    def _add_to_total(self, location: str, files: int, size: int) -> None:
        """So many more files, and bytes, of a location have a receipt. `location` is as it is stored."""
        found = self._door.change(
            "UPDATE total SET files = files + ?, bytes = bytes + ? WHERE rig_id = ? AND location = ?",
            files,
            size,
            self._rig_id,
            location,
        )
        if not found:
            self._door.change(
                "INSERT INTO total (rig_id, location, files, bytes) VALUES (?, ?, ?, ?)",
                self._rig_id,
                location,
                files,
                size,
            )

    def _settle_files(self, dataset_id: int) -> None:
        """What is pending now is what settled; only that travels."""
        self._door.change(
            "UPDATE file SET settled = 1 WHERE dataset_id = ? AND state = ?",
            dataset_id,
            FileState.PENDING,
        )

    def _read(self, dataset_id: int) -> Dataset | None:
        row = self._door.row(
            f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.id = ? AND d.rig_id = ?",
            dataset_id,
            self._rig_id,
        )
        return None if row is None else dataset_of(row)

    def _recount(self, dataset_ids: Iterable[int]) -> None:
        """Count the files and bytes of datasets anew, without files that are gone."""
        for ids in chunks(dataset_ids):
            counted = self._door.rows(
                f"SELECT dataset_id, count(*), sum(size) FROM file WHERE dataset_id IN ({marks(ids)}) "
                "AND state <> ? GROUP BY dataset_id",
                *ids,
                FileState.GONE,
            )
            totals = {row[0]: (row[1], int(row[2])) for row in counted}
            self._door.many(
                "UPDATE dataset SET files = ?, bytes = ? WHERE id = ?",
                [(*totals.get(each, (0, 0)), each) for each in ids],
            )

    def _conclude(
        self,
        dataset_ids: Iterable[int],
        now: datetime,
        *,
        setbacks: frozenset[int] = frozenset(),
        reason: str = "",
        retry_at: datetime | None = None,
        needs_person: str | None = None,
    ) -> list[Moved]:
        """Move datasets to where their files say that they belong. `setbacks` had files come back unproved."""
        moved = []
        for dataset in self._on_the_way(dataset_ids):
            standing = self._standing(dataset, setback=dataset.id in setbacks)
            steps = conclude(
                standing, now=now, reason=reason, retry_at=retry_at, needs_person=needs_person
            )
            if steps and self._take(dataset, steps, now):
                moved.append((dataset.name, dataset.state, steps[-1].after))
        return moved

    def _take(self, dataset: Dataset, steps: tuple[Move, ...], now: datetime) -> bool:
        for step in steps:
            columns: dict[str, Any] = {"due": to_time(step.due)}
            if step.attempts is not None:
                columns["attempts"] = step.attempts
            if step.reason is Reason.CHANGED:
                columns |= {"changed_at": to_time(now), "accepted": 0}
            if not self._move(dataset, step.after, step.reason, step.why, now, **columns):
                return False
            after = self._read(dataset.id)
            assert after is not None
            dataset = after
        return True

    def _on_the_way(self, dataset_ids: Iterable[int]) -> list[Dataset]:
        found = []
        for ids in chunks(dict.fromkeys(dataset_ids)):
            rows = self._door.rows(
                f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.id IN ({marks(ids)}) AND d.rig_id = ? "
                "AND d.state IN (?, ?, ?, ?) ORDER BY d.id",
                *ids,
                self._rig_id,
                State.READY,
                State.WAITING,
                State.TRANSFERRING,
                State.VERIFYING,
            )
            found += [dataset_of(row) for row in rows]
        return found

    def _standing(self, dataset: Dataset, *, setback: bool) -> Standing:
        counts: dict[FileState, int] = defaultdict(int)
        unsettled = 0
        for state, settled, number in self._door.rows(
            "SELECT state, settled, count(*) FROM file WHERE dataset_id = ? GROUP BY state, settled",
            dataset.id,
        ):
            counts[file_state_of(state)] += number
            if state == FileState.PENDING and not settled:
                unsettled += number
        return Standing(
            state=dataset.state,
            counts=counts,
            unsettled=unsettled,
            all_sent=bool(counts[FileState.TRAVELLING]) and self._all_sent(dataset.id),
            setback=setback,
            attempts=dataset.attempts,
            trouble=self._trouble(dataset),
        )

    def _all_sent(self, dataset_id: int) -> bool:
        return (
            self._door.row(
                "SELECT 1 FROM file f JOIN batch b ON b.id = f.batch_id "
                "WHERE f.dataset_id = ? AND f.state = ? AND b.state <> ? LIMIT 1",
                dataset_id,
                FileState.TRAVELLING,
                BatchState.SENT,
            )
            is None
        )

    def _trouble(self, dataset: Dataset) -> str:
        row = self._door.row(
            f"SELECT name, reason FROM file WHERE dataset_id = ? AND state IN ({marks(list(ODD))}) "
            "ORDER BY name LIMIT 1",
            dataset.id,
            *ODD,
        )
        if row is None:
            return ""
        return trouble(joined(dataset.path, from_text(row[0])), from_text(row[1]))
