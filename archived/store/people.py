"""What persons ask for: retry, hold, release and accept. Each is a move with an event that says who asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from archived.core.lifecycle import Reason, State
from archived.core.model import Dataset, FileState
from archived.core.paths import printable
from archived.errors import MoveRefusedError
from archived.store.losses import LossVerbs
from archived.store.overwrite import ACCEPTED
from archived.store.queries import QueryVerbs
from archived.store.results import Moved
from archived.store.selector import Selector

Which = Selector | Sequence[str]
"""Datasets by name, of which every one must be able to move, or a selector, of which those move that can."""

_Act = Callable[[Dataset], Moved | None]


class PeopleVerbs(QueryVerbs, LossVerbs):
    """The verbs of `archivedctl`.

    All return the moves that were made, raise `NameNotFoundError` for a name that is not known, and
    `MoveRefusedError` for a named dataset that cannot move like this now; then nothing has moved at all.
    """

    def retry(self, which: Which, now: datetime, *, user: str, why: str = "") -> list[Moved]:
        """Try again what waits, and look again at what failed: its files that were set apart get another chance.

        What the archive lost is sent again where it is still on the rig.
        """

        def act(dataset: Dataset) -> Moved | None:
            if dataset.state is State.WAITING:
                asked = _asked(user, why, "tried again now")
                return self._asked_move(dataset, State.READY, Reason.RETRY, asked, now)
            if dataset.state is not State.FAILED:
                return None
            self._door.change(
                "UPDATE file SET state = ?, reason = '', fault = '', settled = 0 "
                "WHERE dataset_id = ? AND state = ?",
                FileState.PENDING,
                dataset.id,
                FileState.FAILED,
            )
            self._let_go_of_changes_that_left(dataset.id)
            self._send_lost_again(dataset)
            self._insist_on_something_to_retry(dataset)
            self.tell_of_missing(dataset.location, now)
            asked = _asked(user, why, "looked at again")
            return self._asked_move(dataset, State.SETTLING, Reason.RETRY, asked, now, attempts=0)

        return self._each(which, act, "retry", (State.WAITING, State.FAILED))

    def hold(self, which: Which, now: datetime, *, user: str, why: str = "") -> list[Moved]:
        """Leave datasets alone until they are released. What travels already travels on and cannot be held."""
        holdable = (State.SETTLING, State.READY, State.WAITING, State.FAILED)

        def act(dataset: Dataset) -> Moved | None:
            if dataset.state not in holdable:
                return None
            asked = _asked(user, why, "held")
            return self._asked_move(
                dataset, State.HELD, Reason.HOLD, asked, now, held_from=dataset.state
            )

        return self._each(which, act, "hold", holdable)

    def release(self, which: Which, now: datetime, *, user: str, why: str = "") -> list[Moved]:
        """Let held datasets go on where they were, or settle again where they changed meanwhile."""

        def act(dataset: Dataset) -> Moved | None:
            if dataset.state is not State.HELD:
                return None
            after = dataset.held_from or State.SETTLING
            asked = _asked(user, why, "released")
            return self._asked_move(dataset, after, Reason.RELEASE, asked, now, held_from=None)

        return self._each(which, act, "release", (State.HELD,))

    def accept(self, which: Which, now: datetime, *, user: str, why: str = "") -> list[Moved]:
        """Archive failed datasets as they are.

        Files that changed after they were archived travel as a new revision, files that the archive holds
        differently replace what is there, an external checksum that does not fit is dropped, and what the format
        contradicts is sent all the same. What the archive lost is sent again, or is gone where it is not on the rig
        either. Other faults cannot be accepted.
        """

        def act(dataset: Dataset) -> Moved | None:
            if dataset.state is not State.FAILED:
                return None
            self._let_go_of_changes_that_left(dataset.id)
            lost, replaced = self._accept_lost(dataset, now)
            revised = self._accept_files(dataset.id) or replaced
            asked = _asked(user, why, "accepted as it is")
            if lost:
                self.tell_of_missing(dataset.location, now)
            if not self._has_files(dataset, [FileState.PENDING]):
                if lost and self._all_is_settled(dataset):
                    return self._accept_losses(dataset, asked, now)
                raise MoveRefusedError(
                    f"{printable(dataset.name)} has nothing that could be accepted: {dataset.reason}",
                    what_to_do="see to the reason, then `archivedctl retry` it",
                )
            return self._asked_move(
                dataset,
                State.READY,
                Reason.ACCEPT,
                asked,
                now,
                accepted=1,
                attempts=0,
                revision=dataset.revision + (1 if revised else 0),
            )

        return self._each(which, act, "accept", (State.FAILED,))

    def _let_go_of_changes_that_left(self, dataset_id: int) -> None:
        """A file that changed after it was archived and is not on the rig any more is what was archived of it.

        Otherwise nobody could ever do anything about it: there is nothing to accept, and nothing to put back.
        """
        let_go = self._door.change(
            "UPDATE file SET state = ?, reason = '', size = archived_size, "
            "mtime_ns = COALESCE(archived_mtime_ns, mtime_ns) "
            "WHERE dataset_id = ? AND state = ? AND missing = 1",
            FileState.ARCHIVED,
            dataset_id,
            FileState.CHANGED,
        )
        if let_go:
            self._recount([dataset_id])

    def _accept_files(self, dataset_id: int) -> bool:
        """Return whether a file travels anew that was archived before."""
        travels = "SET state = ?, reason = '', fault = '', settled = 1"
        revised = self._door.change(
            f"UPDATE file {travels}, overwrite = {ACCEPTED} WHERE dataset_id = ? AND state = ? AND missing = 0",
            FileState.PENDING,
            dataset_id,
            FileState.CHANGED,
        )
        self._door.change(
            f"UPDATE file {travels}, overwrite = {ACCEPTED} WHERE dataset_id = ? AND state = ? AND fault = ?",
            FileState.PENDING,
            dataset_id,
            FileState.FAILED,
            "conflict",
        )
        self._door.change(
            f"UPDATE file {travels}, external_algorithm = NULL, external_checksum = NULL "
            "WHERE dataset_id = ? AND state = ? AND fault = ?",
            FileState.PENDING,
            dataset_id,
            FileState.FAILED,
            "checksum",
        )
        self._settle_files(dataset_id)
        return revised > 0

    def _accept_losses(self, dataset: Dataset, asked: str, now: datetime) -> Moved | None:
        """Nothing is to be sent. A dataset of which nothing is left is put out of sight, not called archived."""
        if self._has_files(dataset, [FileState.ARCHIVED]):
            return self._asked_move(dataset, State.ARCHIVED, Reason.ACCEPT, asked, now, attempts=0)
        return self._asked_move(
            dataset, State.HELD, Reason.ACCEPT, asked, now, held_from=State.SETTLING
        )

    def _asked_move(
        self,
        dataset: Dataset,
        after: State,
        reason: Reason,
        why: str,
        now: datetime,
        **columns: Any,
    ) -> Moved | None:
        if self._move(dataset, after, reason, why, now, **columns):
            return (dataset.name, dataset.state, after)
        return None

    def _each(
        self, which: Which, act: _Act, verb: str, from_states: Sequence[State]
    ) -> list[Moved]:
        with self._door.write():
            if isinstance(which, Selector):
                return self._all_that_can(which, act, from_states)
            moved = []
            for name in dict.fromkeys(which):
                dataset = self.dataset(name)
                done = act(dataset)
                if done is None:
                    raise _refused(dataset, verb, from_states)
                moved.append(done)
        return moved

    def _all_that_can(
        self, which: Selector, act: _Act, from_states: Sequence[State]
    ) -> list[Moved]:
        """One that cannot move does not keep the others (safety rule 8); where none can, the first refusal is told."""
        moved, refusals = [], []
        for dataset in list(self.select(which)):
            if dataset.state not in from_states:
                continue
            try:
                with self._door.part():
                    done = act(dataset)
            except MoveRefusedError as error:
                refusals.append(error)
                continue
            if done is not None:
                moved.append(done)
        if refusals and not moved:
            raise refusals[0]
        return moved


def _asked(user: str, why: str, otherwise: str) -> str:
    return f"asked by {user}: {why or otherwise}"


def _refused(dataset: Dataset, verb: str, from_states: Sequence[State]) -> MoveRefusedError:
    states = " or ".join(from_states)
    return MoveRefusedError(
        f"{printable(dataset.name)} is {dataset.state}; {verb} is for datasets that are {states}; "
        "nothing was moved"
    )
