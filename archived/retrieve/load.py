"""What comes back, as a load to be carried: never over anything that is there (safety rule 5)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from archived.carry import Ending, Proof, Setback
from archived.core.discovery import DAMAGED
from archived.core.formats import UnreadableError
from archived.core.model import Batch, DirectoryArchive, Receipt, StorageLocation
from archived.core.paths import PathError
from archived.core.retrieving import (
    Answer,
    BringOutcome,
    BringState,
    Lying,
    Retrieval,
    WantedFile,
    answer,
)
from archived.core.verifying import Content, How, Look
from archived.errors import ArchivedError, NameNotFoundError, RootUnavailableError, StoreError
from archived.ports import TransferItem, Transfers
from archived.retrieve.destination import Destination, can_compute
from archived.retrieve.verdicts import Place, judge, not_arrived, outcome, strange
from archived.store import Store

LOOKED_AT_AGAIN = timedelta(seconds=30)
"""When what lies in a file's place is looked at again, if it came there while the order was on its way."""

NO_PLACE = (PathError, NameNotFoundError, RootUnavailableError)
"""The destination, or the location that things come from, is not there just now, or not allowed any more."""

NO_PROOF = Setback("", "is not there although the transfer succeeded")


class Bringing:
    """The load of everything that comes back to this rig; see `archived.carry.Load`.

    When it is `giving_up`, what cannot be looked at any more keeps no batch from its end.
    """

    def __init__(
        self,
        store: Store,
        *,
        location_of: Callable[[Retrieval], StorageLocation],
        account_of: Callable[[Retrieval], StorageLocation],
        mover_of: Callable[[StorageLocation], Transfers],
        stop: threading.Event,
        now: Callable[[], datetime],
        giving_up: bool = False,
    ) -> None:
        self._store = store
        self._location_of = location_of
        self._account_of = account_of
        self._mover_of = mover_of
        self._stop = stop
        self._now = now
        self._giving_up = giving_up
        self._places: dict[str, Place] = {}
        self._damaged: dict[str, dict[int, str]] = {}
        """By batch, the files that arrived and are not what was archived, and how they differ."""

    def mover(self, batch: Batch) -> Transfers:
        """See `Load.mover`. A task can be asked about, and stopped, whatever became of the folder that it goes to."""
        try:
            return self._place(batch).mover
        except NO_PLACE:
            return self._mover_of(self._account_of(self._retrieval(batch)))

    def attempts(self, batch: Batch) -> int:
        """See `Load.attempts`."""
        return max((each.attempts for each in self._files(batch)), default=0)

    def paths(self, batch: Batch) -> frozenset[str]:
        """See `Load.paths`."""
        return frozenset(each.path for each in self._files(batch))

    def look(self, batch: Batch, now: datetime) -> None:
        """See `Load.look`. What is there already leaves the batch, whether it is the same or differs."""
        # A daemon may have begun to watch the destination since.
        self._location_of(self._retrieval(batch))
        place, files = self._place(batch), self._files(batch)
        lying = place.destination.look(each.path for each in files)
        outcomes = []
        for file in files:
            said = judge(place, file, answer(file, lying[file.path]))
            if said.state is not BringState.WANTED:
                same = said.state is BringState.THERE and bool(file.checksums)
                outcomes.append(outcome(file, said, lying[file.path] if same else None))
        self._leave_out(batch, outcomes)

    def items(self, batch: Batch) -> Sequence[TransferItem]:
        """See `Load.items`. An order names only places in which nothing lies, or our own that is unfinished.

        An order may be given again after a long time. What came to lie in a file's place since the last look may
        be anybody's, so it leaves the batch; the next look says what it is.
        """
        files = self._files(batch)
        try:
            place = self._place(batch)
        except NO_PLACE:
            if self._giving_up:
                return ()
            raise
        lying = place.destination.look(each.path for each in files)
        items, left_out = [], []
        for file in files:
            said = answer(file, lying[file.path])
            if said.state is BringState.WANTED or place.guards:
                overwrite = said.overwrite and not place.guards
                items.append(TransferItem(file.path, file.size, overwrite=overwrite))
            else:
                again = self._now() + LOOKED_AT_AGAIN
                left_out.append(outcome(file, Answer(BringState.WANTED), None, due=again))
        self._leave_out(batch, left_out)
        return items

    def prove(self, batch: Batch, receipts: Mapping[str, Receipt]) -> Proof:
        """See `Load.prove`. The file is there with its size, and with its checksum where one is known."""
        files = self._files(batch)
        try:
            place = self._place(batch)
            lying = place.destination.look(each.path for each in files)
        except NO_PLACE:
            if self._giving_up:
                return Proof(unproved={each.path: NO_PROOF for each in files})
            raise
        arrived, unproved, wrong = [], {}, {}
        damaged = self._damaged[batch.id] = {}
        for file in files:
            here, receipt = lying[file.path], receipts.get(file.path)
            if here is None or here.obstacle:
                unproved[file.path] = NO_PROOF
            elif here.size != file.size or (receipt is not None and receipt.size != file.size):
                unproved[file.path] = Setback(
                    "", f"has {here.size} bytes, {file.size} were archived"
                )
            else:
                try:
                    why = strange(place, file, receipt)
                except UnreadableError as error:
                    # Its own trouble: the others of the batch are proved all the same.
                    unproved[file.path] = Setback("", f"cannot be read to be compared: {error}")
                    continue
                if why:
                    wrong[file.path] = Setback("", why)
                    damaged[file.file_id] = why
                else:
                    arrived.append(receipt or Receipt(file.path, here.size, None, "listing"))
        return Proof(arrived, unproved, wrong)

    def ended(self, batch: Batch, ending: Ending, now: datetime) -> None:
        """See `Load.ended`."""
        files = self._files(batch)
        lying, ours = self._lying_now(batch, files)
        arrived = {receipt.path for receipt in ending.arrived}
        outcomes = []
        for file in files:
            here = lying.get(file.path)
            if file.path in arrived:
                outcomes.append(outcome(file, Answer(BringState.ARRIVED), here))
                continue
            # Before anything was submitted, only what was ours before is ours.
            left = here.copy if here is not None and ours else None
            leftover = left if batch.submission_id is not None else file.leftover
            outcomes.append(not_arrived(file, ending, leftover))
        assert batch.retrieval is not None
        self._store.note_brought(batch.retrieval, outcomes)
        self._tell_of_damaged(self._damaged.pop(batch.id, {}), now)

    def _tell_of_damaged(self, damaged: Mapping[int, str], now: datetime) -> None:
        """The archive does not hold what it was proved to hold: that is drift, as `verify` tells of it."""
        if damaged:
            looks = [
                Look(
                    each,
                    How.BROUGHT,
                    Content.DIFFERENT,
                    reason=f"{DAMAGED}: {damaged[each.file_id]}",
                )
                for each in self._store.to_compare(sorted(damaged))
            ]
            self._store.note_damaged(looks, now)

    def _lying_now(
        self, batch: Batch, files: Sequence[WantedFile]
    ) -> tuple[Mapping[str, Lying | None], bool]:
        """What lies at the destination, and whether what a failed transfer left there is ours.

        A mover that writes under a name of its own leaves nothing. Where the folder is not there, or may not be
        written to any more, a batch ends all the same.
        """
        try:
            place = self._place(batch)
            return place.destination.look(each.path for each in files), not place.guards
        except StoreError:
            raise
        except ArchivedError:
            return {}, False

    def _files(self, batch: Batch) -> list[WantedFile]:
        return [
            replace(each, checksums=tuple(filter(can_compute, each.checksums)))
            for each in self._store.files_on_the_way(batch.id)
        ]

    def _retrieval(self, batch: Batch) -> Retrieval:
        assert batch.retrieval is not None
        retrieval = self._store.retrieval(batch.retrieval)
        assert retrieval is not None
        return retrieval

    def _place(self, batch: Batch) -> Place:
        retrieval = self._retrieval(batch)
        place = self._places.get(retrieval.id)
        if place is None:
            location = self._location_of(retrieval)
            place = self._places[retrieval.id] = Place(
                self._mover_of(location),
                Destination(location.root, self._stop),
                isinstance(location.archive, DirectoryArchive),
            )
        return place

    def _leave_out(self, batch: Batch, outcomes: Sequence[BringOutcome]) -> None:
        assert batch.retrieval is not None
        if outcomes:
            self._store.note_brought(batch.retrieval, outcomes, batch_id=batch.id)
