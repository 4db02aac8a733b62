"""Recordings of animals without a subject, where only those of known animals are archived: each is told why it waits.

That it waits is decided in the store (`settling`), so that it goes on in the very turn in which the animal is known.
"""

from __future__ import annotations

from datetime import UTC, datetime

from archived.core.lifecycle import State
from archived.core.subjects import waits_for_subject
from archived.daemon.surroundings import Surroundings

AT_ONCE = 100
"""How many are told in one turn."""

_FIRST = (datetime(1970, 1, 1, tzinfo=UTC), 0)


class Strangers:
    """Goes through them in the order in which they fell quiet, and begins anew with every rescan."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._last = _FIRST
        self._begun: datetime | None = None

    def __call__(self, now: datetime, quiet_since: datetime) -> None:
        """Tell the next ones, of those that have not changed after `quiet_since`."""
        rescan = self._around.policies.rescan
        if self._begun is None or not self._begun <= now < self._begun + rescan:
            self._begun, self._last = now, _FIRST
        store, file = self._around.store, self._around.subjects.file
        for dataset in store.strangers(self._last, quiet_since, AT_ONCE):
            reason = waits_for_subject(dataset.h2o, None if file is None else str(file))
            store.note(dataset.id, State.SETTLING, reason, None)
            self._last = (dataset.changed_at, dataset.id)
