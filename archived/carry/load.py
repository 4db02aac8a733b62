"""What a carrier is given to carry, and what it tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Protocol

from archived.core.dataclass import dataclass
from archived.core.model import Batch, BatchState, Receipt
from archived.ports import TransferItem, Transfers


@dataclass(frozen=True, slots=True)
class Setback:
    """Why a file has not arrived. `code` is one of `archived.core.faults`, or "" where none fits."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found out about a batch that was sent. Every file of it is in exactly one of the three."""

    arrived: Sequence[Receipt] = ()
    unproved: Mapping[str, Setback] = field(default_factory=dict)
    """By path, files that are not there as they should be; another transfer may bring them."""
    wrong: Mapping[str, Setback] = field(default_factory=dict)
    """By path, files that another transfer would bring just as wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a batch ends, and what that means for its files.

    Those that are neither in `arrived` nor in `failed` are tried again at `retry_at`, in another batch; without a
    `retry_at` trying again is of no use, for `reason`.
    """

    after: BatchState
    reason: str = ""
    arrived: Sequence[Receipt] = ()
    failed: Mapping[str, Setback] = field(default_factory=dict)
    retry_at: datetime | None = None
    counts: bool = True
    """Whether it counts as a failed attempt of the files that are tried again."""


class Load(Protocol):
    """What travels in the batches of one direction. Files are known by their paths from the root.

    Whatever is asked again after a kill answers from the store and the disk. Any verb may raise children of
    `ArchivedError`, which count as failures of the call at hand, and `StoreError`, which ends the turn.
    """

    def mover(self, batch: Batch) -> Transfers:
        """Who moves the files of a batch."""

    def attempts(self, batch: Batch) -> int:
        """How many transfers went wrong already of the file that has seen the most of them."""

    def look(self, batch: Batch, now: datetime) -> None:
        """A last look, right before the submission id is stored: what must not travel leaves the batch."""

    def items(self, batch: Batch) -> Sequence[TransferItem]:
        """What an order names; asked each time that it is given. Without any the batch ends."""

    def paths(self, batch: Batch) -> frozenset[str]:
        """Every file that is under way in a batch, also such as `items` leaves out."""

    def prove(self, batch: Batch, receipts: Mapping[str, Receipt]) -> Proof:
        """Judge every file of a batch that was sent; `receipts` are what the mover lists, by path."""

    def ended(self, batch: Batch, ending: Ending, now: datetime) -> None:
        """Take what became of the files, within the transaction that ends the batch."""


class Alarms(Protocol):
    """Where faults go that concern more than one batch. A store is one."""

    def raise_alarm(self, key: str, message: str, what_to_do: str, now: datetime) -> None:
        """Something is wrong until `clear_alarm`; the same again means nothing new."""

    def clear_alarm(self, key: str) -> None:
        """It is over, or it never was."""
