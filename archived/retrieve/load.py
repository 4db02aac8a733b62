"""What comes back, as a load to be carried: never over anything that is there (safety rule 5)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archived.carry import Ending, Proof, Setback
from archived.core.formats import UnreadableError
from archived.core.model import Batch, Checksum, DirectoryArchive, Receipt, StorageLocation
from archived.core.retrieving import (
    Answer,
    BringOutcome,
    BringState,
    Copy,
    Lying,
    Retrieval,
    WantedFile,
    answer,
    compared,
)
from archived.errors import ArchivedError, StoreError
from archived.ports import TransferItem, Transfers
from archived.retrieve.destination import Destination, can_compute
from archived.store import Store

LOOKED_AT_AGAIN = timedelta(seconds=30)
"""When what lies in a file's place is looked at again, if it came there while the order was on its way."""

NO_PROOF = Setback("", "is not there although the transfer succeeded")


@dataclass(frozen=True)
class Place:
    """Where the files of one retrieval go."""

    mover: Transfers
    destination: Destination
    guards: bool
    """Whether the mover itself refuses to write over what is there; Globus replaces what differs."""


class Bringing:
    """The load of everything that comes back to this rig; see `archived.carry.Load`."""

    def __init__(
        self,
        store: Store,
        *,
        location_of: Callable[[Retrieval], StorageLocation],
        mover_of: Callable[[StorageLocation], Transfers],
        stop: threading.Event,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._location_of = location_of
        self._mover_of = mover_of
        self._stop = stop
        self._now = now
        self._places: dict[str, Place] = {}

    def mover(self, batch: Batch) -> Transfers:
        """See `Load.mover`."""
        return self._place(batch).mover

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
            said = _judge(place, file, answer(file, lying[file.path]))
            if said.state is not BringState.WANTED:
                same = said.state is BringState.THERE and bool(file.checksums)
                outcomes.append(_outcome(file, said, lying[file.path] if same else None))
        self._leave_out(batch, outcomes)

    def items(self, batch: Batch) -> Sequence[TransferItem]:
        """See `Load.items`. An order names only places in which nothing lies, or our own that is unfinished.

        An order may be given again after a long time. What came to lie in a file's place since the last look may
        be anybody's, so it leaves the batch; the next look says what it is.
        """
        place, files = self._place(batch), self._files(batch)
        lying = place.destination.look(each.path for each in files)
        items, left_out = [], []
        for file in files:
            said = answer(file, lying[file.path])
            if said.state is BringState.WANTED or place.guards:
                overwrite = said.overwrite and not place.guards
                items.append(TransferItem(file.path, file.size, overwrite=overwrite))
            else:
                again = self._now() + LOOKED_AT_AGAIN
                left_out.append(_outcome(file, Answer(BringState.WANTED), None, due=again))
        self._leave_out(batch, left_out)
        return items

    def prove(self, batch: Batch, receipts: Mapping[str, Receipt]) -> Proof:
        """See `Load.prove`. The file is there with its size, and with its checksum where one is known."""
        place, files = self._place(batch), self._files(batch)
        lying = place.destination.look(each.path for each in files)
        arrived, unproved, wrong = [], {}, {}
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
                    why = _strange(place, file, receipt)
                except UnreadableError as error:
                    # Its own trouble: the others of the batch are proved all the same.
                    unproved[file.path] = Setback("", f"cannot be read to be compared: {error}")
                    continue
                if why:
                    wrong[file.path] = Setback("", why)
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
                outcomes.append(_outcome(file, Answer(BringState.ARRIVED), here))
                continue
            # Before anything was submitted, only what was ours before is ours.
            left = here.copy if here is not None and ours else None
            leftover = left if batch.submission_id is not None else file.leftover
            outcomes.append(_not_arrived(file, ending, leftover))
        assert batch.retrieval is not None
        self._store.note_brought(batch.retrieval, outcomes)

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


def _judge(place: Place, file: WantedFile, said: Answer) -> Answer:
    """The answer, with the file compared where that is due."""
    if said.compare is None:
        return said
    try:
        found = place.destination.checksum(file.path, said.compare.algorithm)
    except UnreadableError as error:
        return Answer(BringState.DIFFERS, f"a file is there that cannot be compared: {error}")
    return compared(said.compare, found)


def _strange(place: Place, file: WantedFile, receipt: Receipt | None) -> str:
    """How what arrived differs from what was archived; "" where it does not, or nobody knows."""
    told = receipt.checksum if receipt is not None else None
    for known in file.checksums:
        if told is not None and told.algorithm.upper() == known.algorithm.upper():
            return _difference(known, told.value.lower())
    if not file.checksums:
        return ""
    known = file.checksums[0]
    return _difference(known, place.destination.checksum(file.path, known.algorithm))


def _outcome(
    file: WantedFile, said: Answer, lying: Lying | None, *, due: datetime | None = None
) -> BringOutcome:
    return BringOutcome(
        file_id=file.file_id,
        state=said.state,
        reason=said.reason,
        size=file.size,
        copy=lying.copy if lying is not None else None,
        due=due,
    )


def _not_arrived(file: WantedFile, ending: Ending, leftover: Copy | None) -> BringOutcome:
    state, reason, due = BringState.WANTED, ending.reason, ending.retry_at
    failed = ending.failed.get(file.path)
    if failed is not None:
        differs = failed.code == "DESTINATION_DIFFERS"
        state = BringState.DIFFERS if differs else BringState.FAILED
        reason, due = failed.reason, None
    elif ending.retry_at is None:
        state = BringState.FAILED
    return BringOutcome(
        file_id=file.file_id,
        state=state,
        reason=reason,
        size=file.size,
        copy=leftover,
        due=due,
        counts=ending.counts and state is BringState.WANTED,
    )


def _difference(known: Checksum, found: str) -> str:
    if found == known.value.lower():
        return ""
    return (
        f"what arrived is not what was archived: its {known.algorithm} is {found}, {known.value} was archived; "
        "do not use it, and look into the archive"
    )
