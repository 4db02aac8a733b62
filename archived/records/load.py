"""What travels in batches of records: both files of each dataset in it, from the spool to the archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from archived.carry import Ending, Proof, Setback
from archived.core.model import Batch, DirectoryArchive, Receipt, StorageLocation
from archived.core.record_json import LARGEST_RECORD, from_json
from archived.core.records import Record, RecordState, manifest_path, record_path
from archived.errors import ArchivedError, NameNotFoundError, TransferRefusedError
from archived.ports import EntryType, TransferItem, Transfers
from archived.records.files import read_small
from archived.records.spool import remove_record, sizes, waiting
from archived.store import OwedRecord, Store

TOLD_AFTER = 5
"""After how many failures in a row people are told: records are a help, and the data are safe without them."""

NOT_OURS = (
    "the archive holds another record under this name ({why}), and it was not replaced; "
    "archivedctl discover takes over what is there"
)

NextTry = Callable[[int, datetime], datetime]
"""When to try again after so many failures."""


class RecordLoad:
    """The `Load` of records. `places` are the locations with their folders of the spool, by name."""

    def __init__(
        self,
        store: Store,
        places: Mapping[str, StorageLocation],
        mover_of: Callable[[StorageLocation], Transfers],
        next_try: NextTry,
    ) -> None:
        self._store = store
        self._places = places
        self._mover_of = mover_of
        self._next_try = next_try
        self.proved: list[tuple[str, str]] = []
        """Location and path of datasets whose files may leave the spool."""

    def mover(self, batch: Batch) -> Transfers:
        """See `Load.mover`."""
        return self._mover_of(self._place(batch))

    def attempts(self, batch: Batch) -> int:
        """See `Load.attempts`."""
        return max((each.attempts for each in self._store.records_of_batch(batch.id)), default=0)

    def look(self, batch: Batch, now: datetime) -> None:
        """See `Load.look`: a record in the archive that this catalogue did not send is not replaced."""
        mover, place = self.mover(batch), self._place(batch)
        ours, kept = [], {}
        for each in self._store.records_of_batch(batch.id):
            if each.known:
                continue
            why = _held_by_others(mover, place, each.path)
            if why:
                kept[each.dataset_id] = NOT_OURS.format(why=why)
            else:
                ours.append(each.dataset_id)
        with self._store.together():
            self._store.records_are_ours(ours)
            self._store.keep_records(batch.id, kept)
            self._store.take_from_batch(batch.id, files=2 * len(kept), size=0)

    def items(self, batch: Batch) -> Sequence[TransferItem]:
        """See `Load.items`. What is missing in the spool is left out, and written anew after the batch."""
        folder = self._place(batch).root
        return [
            TransferItem(path, size, overwrite=True)
            for each in self._store.records_of_batch(batch.id)
            for path, size in (sizes(folder, each.path) or {}).items()
        ]

    def paths(self, batch: Batch) -> frozenset[str]:
        """See `Load.paths`."""
        return frozenset(
            path for each in self._store.records_of_batch(batch.id) for path in _paths(each)
        )

    def prove(self, batch: Batch, receipts: Mapping[str, Receipt]) -> Proof:
        """See `Load.prove`."""
        mover, folder = self.mover(batch), self._place(batch).root
        arrived: list[Receipt] = []
        unproved: dict[str, Setback] = {}
        for each in self._store.records_of_batch(batch.id):
            sent = sizes(folder, each.path)
            for path in _paths(each):
                found: Receipt | Setback = Setback("", "is not in the spool any more")
                if sent is not None:
                    found = _proof(mover, path, sent[path], receipts.get(path))
                if isinstance(found, Receipt):
                    arrived.append(found)
                else:
                    unproved[path] = found
        return Proof(arrived, unproved)

    def ended(self, batch: Batch, ending: Ending, now: datetime) -> None:
        """See `Load.ended`. Whatever went wrong is tried again for ever; no dataset is ever moved for it."""
        arrived = {receipt.path for receipt in ending.arrived}
        records = self._store.records_of_batch(batch.id)
        proved = [each for each in records if arrived.issuperset(_paths(each))]
        attempts = max((each.attempts for each in records), default=0) + ending.counts
        first = next(iter(ending.failed.values()), None)
        reason = first.reason if first is not None else ending.reason
        # A file at fault is tried again as well, but no sooner than anything else that went wrong.
        later = self._next_try(max(attempts, 1), now)
        due = later if ending.failed else ending.retry_at or later
        self._store.unload_records(
            batch.id,
            [each.dataset_id for each in proved],
            due=due,
            reason=reason,
            counts=ending.counts or bool(ending.failed),
        )
        self.proved += [(each.location, each.path) for each in proved]
        if proved:
            self._store.clear_alarm(f"records:{batch.location}")
        elif attempts >= TOLD_AFTER:
            self.tell(batch.location, reason, now)

    def tell(self, location: str, why: str, now: datetime) -> None:
        """Raise the alarm that the archive of a location cannot be told about its datasets."""
        self._store.raise_alarm(
            f"records:{location}",
            f"the archive of {location} cannot be told what it holds: {why}",
            "the recordings are safe; the records are tried again by themselves",
            now,
        )

    def sweep(self) -> None:
        """Remove from the spool whatever needs not be there: a process may have been killed before it did so."""
        for location, place in self._places.items():
            for path in waiting(place.root):
                if self._is_through(location, path):
                    remove_record(place.root, path)

    def clean(self) -> None:
        """Remove from the spool what the last turns proved, unless it is to be sent anew."""
        proved, self.proved = self.proved, []
        for location, path in proved:
            place = self._places.get(location)
            if place is not None and self._is_through(location, path):
                remove_record(place.root, path)

    def _is_through(self, location: str, path: str) -> bool:
        try:
            note = self._store.record_note(self._store.dataset(f"{location}/{path}").id)
        except NameNotFoundError:
            return True
        return note is None or note.state in (RecordState.PROVED, RecordState.KEPT)

    def _place(self, batch: Batch) -> StorageLocation:
        place = self._places.get(batch.location)
        if place is None:
            raise TransferRefusedError(
                f"records of {batch.location} cannot travel: its collection does not export the spool"
            )
        return place


def _paths(each: OwedRecord) -> tuple[str, str]:
    return record_path(each.path), manifest_path(each.path)


def _proof(mover: Transfers, path: str, size: int, receipt: Receipt | None) -> Receipt | Setback:
    """A receipt of the mover, else of a look at the archive: what was in place already is listed nowhere."""
    if receipt is None:
        try:
            entry = mover.stat(path)
        except TransferRefusedError as error:
            return Setback("", f"cannot be looked at in the archive: {error}")
        if entry is None or entry.type is not EntryType.FILE:
            return Setback("", "is not in the archive although the transfer succeeded")
        receipt = Receipt(path, entry.size, None, "listing")
    if receipt.size != size:
        return Setback("", f"has {receipt.size} of {size} bytes in the archive")
    return receipt


def _held_by_others(mover: Transfers, place: StorageLocation, path: str) -> str:
    """Why what the archive holds under the name of a record must stay; "" where nothing does.

    An archive that is a directory can be read: there a record of our own is known by what it says.
    """
    try:
        entry = mover.stat(record_path(path))
    except TransferRefusedError as error:
        return str(error)
    if entry is None:
        return ""
    if not isinstance(place.archive, DirectoryArchive):
        return "nobody knows whose it is"
    try:
        theirs = from_json(read_small(place.archive.path, record_path(path), LARGEST_RECORD))
        ours = from_json(read_small(place.root, record_path(path), LARGEST_RECORD))
    except ArchivedError as error:
        return str(error)
    if (theirs.rig, theirs.dataset) != (ours.rig, ours.dataset):
        return f"{theirs.dataset} of rig {theirs.rig}"
    return "" if _says_as_much(ours, theirs) else "it says more than the catalogue knows"


def _says_as_much(ours: Record, theirs: Record) -> bool:
    """Whether ours has every file that theirs has, and a checksum wherever theirs has one."""
    known = {each.path: each for each in ours.files}
    for each in theirs.files:
        mine = known.get(each.path)
        if mine is None or (each.sha256 is not None and mine.sha256 is None):
            return False
    return True
