"""Many datasets at a time: what a selector means, and what is due in each step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from archived.core.lifecycle import State
from archived.core.model import Dataset, Event
from archived.store.datasets import DatasetVerbs
from archived.store.fields import LARGEST, MICROSECOND, from_text, to_text, to_time
from archived.store.portions import chunks, marks
from archived.store.rows import DATASET_COLUMNS, EVENT_COLUMNS, dataset_of, event_of
from archived.store.selecting import (
    Condition,
    condition,
    is_pattern,
    matcher,
    needs_types,
    type_matcher,
)
from archived.store.selector import Selector

PAGE = 500

_KNOWN = "EXISTS (SELECT 1 FROM subject s WHERE s.h2o = d.h2o)"


class QueryVerbs(DatasetVerbs):
    """Reading many datasets."""

    def select(
        self, selector: Selector, limit: int | None = None, *, after: int = 0, newest: bool = False
    ) -> Iterator[Dataset]:
        """The datasets that a selector means, in the order in which they were first seen, or the `newest` first.

        With the id of a dataset those only that come `after` it in that order.
        """
        patterns = [name for name in selector.names if is_pattern(name)]
        wanted = condition(selector)
        if not selector.everywhere:
            wanted = wanted.also("d.rig_id = ?", [self._rig_id])
        if selector.names and not patterns:
            exact = [each for name in selector.names for each in self._ids(name)]
            wanted = wanted.also(f"d.id IN ({marks(exact) or 'NULL'})", exact)
            matches = matcher(())
        else:
            matches = matcher(selector.names)
        number = 0
        for dataset in self._pages(wanted, after, newest):
            if limit is not None and number >= limit:
                return
            if matches(dataset.name) and self._has_type(dataset, selector.file_type):
                number += 1
                yield dataset

    def events_of(
        self, selector: Selector, *, since: datetime | None = None, limit: int = 1_000
    ) -> list[Event]:
        """The last events of the datasets that a selector means, oldest first; since a time where given."""
        found: list[tuple[int, int, Event]] = []
        for ids in chunks(dataset.id for dataset in self.select(selector)):
            rows = self._door.rows(
                f"SELECT e.at, e.id, {EVENT_COLUMNS} FROM event e JOIN dataset d ON d.id = e.dataset_id "
                f"WHERE e.dataset_id IN ({marks(ids)}) AND e.at >= ? ORDER BY e.at DESC, e.id DESC LIMIT ?",
                *ids,
                to_time(since) or 0,
                limit,
            )
            found += [(row[0], row[1], event_of(row[2:])) for row in rows]
        found.sort(key=lambda each: each[:2])
        return [event for _, _, event in found[-limit:]]

    def _has_type(self, dataset: Dataset, wanted: str | None) -> bool:
        """Whether it has a file of that type, where the database could not tell."""
        if wanted is None or not needs_types(wanted):
            return True
        rows = self._door.rows(
            "SELECT DISTINCT f.file_type FROM file f WHERE f.dataset_id = ?", dataset.id
        )
        fits = type_matcher(wanted)
        return any(fits(from_text(row[0])) for row in rows)

    def _ids(self, name: str) -> list[int]:
        """The datasets of that name, of whichever rig."""
        location, _, path = name.partition("/")
        rows = self._door.rows(
            "SELECT id FROM dataset "
            "WHERE rig_id IN (SELECT id FROM rig) AND location = ? AND path = ?",
            to_text(location),
            to_text(path),
        )
        return [row[0] for row in rows]

    def _pages(self, wanted: Condition, after: int, newest: bool) -> Iterator[Dataset]:
        """A page at a time, so that no query stays open while others write."""
        last = after or (LARGEST if newest else 0)
        beyond, direction = ("<", "DESC") if newest else (">", "ASC")
        while True:
            rows = self._door.rows(
                f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.id {beyond} ?{wanted.sql} "
                f"ORDER BY d.id {direction} LIMIT ?",
                last,
                *wanted.values,
                PAGE,
            )
            for row in rows:
                yield dataset_of(row)
            if len(rows) < PAGE:
                return
            last = rows[-1][0]

    def settling(
        self, now: datetime, quiet: timedelta, limit: int, *, only_known: bool = False
    ) -> list[Dataset]:
        """Datasets in SETTLING that are due and unchanged for `quiet`, those unchanged for longest first.

        With `only_known` those of animals without a subject are left out: they wait, see `strangers`.
        """
        known = f"AND {_KNOWN} " if only_known else ""
        return self._in_state(
            State.SETTLING,
            f"AND (d.due IS NULL OR d.due <= ?) AND d.changed_at <= ? {known}ORDER BY d.changed_at, d.id",
            [to_time(now), (to_time(now) or 0) - quiet // MICROSECOND],
            limit,
        )

    def settling_since(self, since: datetime, limit: int) -> list[Dataset]:
        """Datasets in SETTLING that changed since then, those that changed last first."""
        return self._in_state(
            State.SETTLING,
            "AND d.changed_at >= ? ORDER BY d.changed_at DESC, d.id",
            [to_time(since)],
            limit,
        )

    def strangers(self, after: tuple[datetime, int], until: datetime, limit: int) -> list[Dataset]:
        """Datasets in SETTLING of animals without a subject, or of none, that last changed by `until`.

        In the order of that change, and of their ids; those only that come `after` another one in it.
        """
        changed_at, last = to_time(after[0]), after[1]
        return self._in_state(
            State.SETTLING,
            "AND d.changed_at <= ? AND d.changed_at >= ? AND (d.changed_at > ? OR d.id > ?) "
            f"AND NOT {_KNOWN} ORDER BY d.changed_at, d.id",
            [to_time(until), changed_at, changed_at, last],
            limit,
        )

    def waiting_due(self, now: datetime, limit: int) -> list[Dataset]:
        """Datasets in WAITING whose time has come, in the order of their times."""
        return self._in_state(
            State.WAITING,
            "AND (d.due IS NULL OR d.due <= ?) ORDER BY d.due, d.id",
            [to_time(now)],
            limit,
        )

    def ready(self, limit: int) -> list[Dataset]:
        """Datasets in READY, those that are so for longest first."""
        return self._in_state(State.READY, "ORDER BY d.state_since, d.id", [], limit)

    def attention(self, limit: int = 100) -> list[Dataset]:
        """Datasets that a person has to look at, those that wait for longest first."""
        return self._in_state(State.FAILED, "ORDER BY d.state_since, d.id", [], limit)

    def newest_failed(self, limit: int) -> list[Dataset]:
        """Datasets that a person has to look at, the newest first."""
        return self._in_state(State.FAILED, "ORDER BY d.state_since DESC, d.id DESC", [], limit)

    def _in_state(self, state: State, rest: str, values: list[Any], limit: int) -> list[Dataset]:
        rows = self._door.rows(
            f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.rig_id = ? AND d.state = ? {rest} LIMIT ?",
            self._rig_id,
            state,
            *values,
            limit,
        )
        return [dataset_of(row) for row in rows]
