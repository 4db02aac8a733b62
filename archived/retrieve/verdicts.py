"""What follows for one file of a batch that comes back: whether it arrived, is tried again, or has failed."""

from __future__ import annotations

from datetime import datetime

from archived.carry import Ending
from archived.core.dataclass import dataclass
from archived.core.formats import UnreadableError
from archived.core.model import Checksum, Receipt
from archived.core.retrieving import (
    Answer,
    BringOutcome,
    BringState,
    Copy,
    Lying,
    WantedFile,
    compared,
)
from archived.ports import Transfers
from archived.retrieve.destination import Destination


@dataclass(frozen=True)
class Place:
    """Where the files of one retrieval go."""

    mover: Transfers
    destination: Destination
    guards: bool
    """Whether the mover itself refuses to write over what is there; Globus replaces what differs."""


def judge(place: Place, file: WantedFile, said: Answer) -> Answer:
    """The answer, with the file compared where that is due. Raises `StoppedError`."""
    if said.compare is None:
        return said
    try:
        found = place.destination.checksum(file.path, said.compare.algorithm)
    except UnreadableError as error:
        return Answer(BringState.DIFFERS, f"a file is there that cannot be compared: {error}")
    return compared(said.compare, found)


def strange(place: Place, file: WantedFile, receipt: Receipt | None) -> str:
    """How what arrived differs from what was archived; "" where it does not, or nobody knows.

    Raises `UnreadableError` and `StoppedError`.
    """
    told = receipt.checksum if receipt is not None else None
    for known in file.checksums:
        if told is not None and told.algorithm.upper() == known.algorithm.upper():
            return _difference(known, told.value.lower())
    if not file.checksums:
        return ""
    known = file.checksums[0]
    return _difference(known, place.destination.checksum(file.path, known.algorithm))


def outcome(
    file: WantedFile, said: Answer, lying: Lying | None, *, due: datetime | None = None
) -> BringOutcome:
    """What is noted of a file; `lying` where that is certainly what was archived."""
    return BringOutcome(
        file_id=file.file_id,
        state=said.state,
        reason=said.reason,
        size=file.size,
        copy=lying.copy if lying is not None else None,
        due=due,
    )


def not_arrived(file: WantedFile, ending: Ending, leftover: Copy | None) -> BringOutcome:
    """What is noted of a file of a batch that ended without it."""
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
        "do not use it but move it away, and look into the archive: what it holds may be damaged"
    )
