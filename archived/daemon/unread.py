"""Datasets that could not be judged because the rig's disk, or the machine, failed while their files were read."""

from __future__ import annotations

from datetime import datetime

from archived.core.carrying import TOLD_AFTER
from archived.core.formats import DiskTroubleError
from archived.core.lifecycle import State
from archived.core.model import Dataset
from archived.daemon.surroundings import Surroundings


class Unread:
    """Has them judged again, after growing waits and for ever, and tells people once it does not pass by itself."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._attempts: dict[int, int] = {}
        self._told: dict[int, str] = {}
        """The roots whose alarm is about these datasets."""

    def note(self, dataset: Dataset, error: DiskTroubleError, now: datetime) -> bool:
        """One could not be judged; whether it went so too often for anybody to wait for it."""
        around, attempts = self._around, self._attempts.get(dataset.id, 0) + 1
        self._attempts[dataset.id] = attempts
        due = around.next_try(attempts, now)
        around.store.note(dataset.id, State.SETTLING, str(error), due)
        if attempts < TOLD_AFTER:
            return False
        root = around.root_of(dataset.location).key
        around.store.raise_alarm(
            f"disk:{root}",
            f"files under {root} cannot be read: {error}; {dataset.name} waits, and is tried again",
            "look at the rig's disk at once (system log, SMART): it may be failing",
            now,
        )
        self._told[dataset.id] = root
        return True

    def over(self, dataset_id: int) -> None:
        """One could be judged, or is not to be judged any more."""
        self._attempts.pop(dataset_id, None)
        root = self._told.pop(dataset_id, None)
        if root is not None and root not in self._told.values():
            self._around.store.clear_alarm(f"disk:{root}")

    def forget_others(self) -> None:
        """Datasets that were told of and do not settle any more, by a person's word or because their files left."""
        for dataset_id in list(self._told):
            if self._around.store.dataset_by_id(dataset_id).state is not State.SETTLING:
                self.over(dataset_id)
