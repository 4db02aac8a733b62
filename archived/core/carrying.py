"""What follows from the faults of a transfer, and until when one may take: the same for every direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from archived.core.faults import FaultKind, classify, explain

LABEL = "archived {rig} {batch}"
LONGEST_RIG = 60

SHORTEST_DEADLINE = timedelta(hours=1)
"""A batch that waited out an outage is not sent with a deadline that is nearly over."""

TOLD_AFTER = 3
"""After how many failed calls in a row people are told: a short break in the network is nobody's business."""

GIVEN_UP_AFTER = 6
"""After how many transfers that brought no proof waiting any longer is no cure."""

CHECKSUM_UNSUPPORTED = "CHECKSUM_UNSUPPORTED"

READ_ONLY = "DESTINATION_READ_ONLY"

FULL = frozenset({"QUOTA_EXCEEDED", "NO_SPACE_LEFT", READ_ONLY})
"""The destination takes no more; it can be emptied, or mounted anew, so that is waited for by trying again."""


class Told(Protocol):
    """What a mover tells of something that went wrong, as `archived.ports.Fault` does."""

    @property
    def code(self) -> str:
        """One of `archived.core.faults.MEANINGS`."""

    @property
    def message(self) -> str:
        """The mover's own words."""

    @property
    def path(self) -> str | None:
        """The file that it names."""


T = TypeVar("T", bound=Told)


def label(rig: str, batch_id: str) -> str:
    """What a transfer is called at the mover; by the batch id in it an own one is found again."""
    return LABEL.format(rig=rig[:LONGEST_RIG], batch=batch_id)


def order_deadline(planned: datetime | None, now: datetime, longest: timedelta) -> datetime:
    """By when a transfer that is submitted now must have ended: as planned, unless that is nearly over."""
    deadline, latest = planned or now, now + longest
    return deadline if now + SHORTEST_DEADLINE <= deadline <= latest else latest


def overdue(active_since: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether a transfer should have ended by itself, at the deadline that it was given, a while ago."""
    return active_since + longest + SHORTEST_DEADLINE <= now


def hopeless(faults: Iterable[T]) -> T | None:
    """The first fault that waiting cannot mend while the transfer is under way."""
    for fault in faults:
        if classify(fault.code) in (FaultKind.SOURCE, FaultKind.PERSON):
            return fault
    return None


def of_one_file(fault: Told, *, files_done: int) -> bool:
    """Whether a fault that names a file is that file's own.

    A destination that took other files of the transfer refuses just this one; one that took none refuses the rig.
    That a collection cannot check a checksum of ours is no fault of the file: the mover leaves them out from then on.
    """
    if fault.code == "PERMISSION_DENIED":
        return files_done > 0
    return classify(fault.code) is FaultKind.SOURCE and fault.code != CHECKSUM_UNSUPPORTED


def needs_person(faults: Iterable[Told], *, back: bool = False) -> str | None:
    """Why a person has to do something before trying again is of any use; None where nobody need."""
    for fault in faults:
        if classify(fault.code) is FaultKind.PERSON and fault.code not in FULL:
            return f"{fault.code}: {fault.message}; {explain(fault.code, back=back)}"
        if fault.code == "EXTERNAL_CHECKSUM_MISMATCH":
            return f"a file of this batch is not what its .meta describes: {fault.message}"
    return None


def in_words(faults: Sequence[Told]) -> str:
    """The first fault, for people; "" without any."""
    return f"{faults[0].code}: {faults[0].message}" if faults else ""
