"""What the store knows of one dataset, for `why`; and how its transfers under way are told in a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

from archived.cli.caller import Caller
from archived.cli.output import talk
from archived.cli.times import ahead
from archived.core.dataclass import dataclass
from archived.core.lifecycle import State
from archived.core.model import LIVE_BATCHES, Batch, BatchState, Dataset, DatasetFile
from archived.errors import NameNotFoundError, StoreError, StoreMissingError

_UNDER_WAY = frozenset({State.TRANSFERRING, State.VERIFYING})

_DOING = {
    BatchState.PLANNED: "it is about to be sent",
    BatchState.RESERVED: "it is being handed over",
    BatchState.ACTIVE: "it is being sent",
    BatchState.CANCELLING: "it is being cancelled",
    BatchState.SENT: "its receipts are being collected",
}


@dataclass(frozen=True)
class Known:
    """The dataset with its files; `batches` are those that are under way. All of it is empty without a store."""

    dataset: Dataset | None = None
    files: Sequence[DatasetFile] = ()
    faults: frozenset[str] = frozenset()
    batches: Sequence[Batch] = ()

    def reason(self, now: datetime) -> str:
        """Why the dataset is in its state; of one that travels, also how its transfers stand."""
        if self.dataset is None:
            return ""
        under_way = self.batches if self.dataset.state in _UNDER_WAY else ()
        return "; ".join([self.dataset.reason, *(words_of(each, now) for each in under_way)])


def known_of(caller: Caller, name: str) -> Known:
    """What the store knows; tells the person where there is none, or where it cannot be asked."""
    try:
        with caller.reading() as store, contextlib.suppress(NameNotFoundError):
            dataset = store.dataset(name)
            return Known(
                dataset,
                store.files(dataset.id),
                store.faults(dataset.id),
                [each for each in store.file_batches(dataset.id) if each.state in LIVE_BATCHES],
            )
    except StoreMissingError:
        talk("There is no store yet, so this is what the disk says.")
    except StoreError as error:
        talk(f"The store cannot be asked ({error}), so this is what the disk says.")
    return Known()


def words_of(batch: Batch, now: datetime) -> str:
    """How a batch stands: what is being done, the mover's own words, why it waits, and when it is tried again."""
    words = [_DOING[batch.state]]
    if batch.state is BatchState.ACTIVE and batch.bytes:
        words.append(f"{min(100, 100 * batch.bytes_done // batch.bytes)}% has arrived")
    words += [each for each in (batch.nice_status, batch.reason) if each]
    if batch.due is not None and batch.due > now:
        again = "tried again" if batch.attempts else "looked at"
        words.append(f"{again} {ahead(batch.due, now)}")
    return ", ".join(dict.fromkeys(words))
