"""The states of a dataset, and the one table that says which moves exist."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a dataset stands. The value is the word used in the store, in `--json` and in logs."""

    SETTLING = "settling"
    """Being recorded, or not quiet for long enough yet."""
    READY = "ready"
    """Finished and unchanged; waits for a batch."""
    TRANSFERRING = "transferring"
    """At least one of its files belongs to a batch under way."""
    VERIFYING = "verifying"
    """Everything was sent; receipts are being collected."""
    WAITING = "waiting"
    """Something passing went wrong; it is tried again at its due time."""
    ARCHIVED = "archived"
    """Every file has a receipt."""
    FAILED = "failed"
    """A person has to look; the reason says at what."""
    HELD = "held"
    """A person said: not now."""


class Reason(StrEnum):
    """Why a move exists. Events carry one of these words and a sentence for people."""

    SETTLED = "settled"
    CHANGED = "changed"
    BATCHED = "batched"
    SENT = "sent"
    WILL_RETRY = "will retry"
    NEEDS_A_PERSON = "needs a person"
    PROVED = "proved"
    DUE = "due"
    GREW = "grew"
    RETRY = "retry"
    ACCEPT = "accept"
    HOLD = "hold"
    RELEASE = "release"
    DISCOVERED = "discovered"
    """A look at the archive showed that it holds the files."""


_S, _R = State, Reason

MOVES: Mapping[tuple[State, State], frozenset[Reason]] = MappingProxyType(
    {
        (_S.SETTLING, _S.READY): frozenset({_R.SETTLED}),
        # Finished by its names, with nothing left to send: a file was added and removed again.
        (_S.SETTLING, _S.ARCHIVED): frozenset({_R.PROVED}),
        (_S.SETTLING, _S.FAILED): frozenset({_R.NEEDS_A_PERSON}),
        (_S.SETTLING, _S.HELD): frozenset({_R.HOLD}),
        (_S.READY, _S.SETTLING): frozenset({_R.CHANGED}),
        (_S.READY, _S.TRANSFERRING): frozenset({_R.BATCHED}),
        (_S.READY, _S.FAILED): frozenset({_R.NEEDS_A_PERSON}),
        (_S.READY, _S.HELD): frozenset({_R.HOLD}),
        # What was to be sent, and what had been set apart, lay in the archive already.
        (_S.READY, _S.ARCHIVED): frozenset({_R.DISCOVERED}),
        (_S.WAITING, _S.ARCHIVED): frozenset({_R.DISCOVERED}),
        (_S.FAILED, _S.ARCHIVED): frozenset({_R.DISCOVERED, _R.ACCEPT}),
        (_S.TRANSFERRING, _S.VERIFYING): frozenset({_R.SENT}),
        (_S.TRANSFERRING, _S.WAITING): frozenset({_R.WILL_RETRY}),
        (_S.TRANSFERRING, _S.FAILED): frozenset({_R.NEEDS_A_PERSON}),
        (_S.TRANSFERRING, _S.SETTLING): frozenset({_R.CHANGED}),
        (_S.VERIFYING, _S.ARCHIVED): frozenset({_R.PROVED}),
        (_S.VERIFYING, _S.WAITING): frozenset({_R.WILL_RETRY}),
        (_S.VERIFYING, _S.FAILED): frozenset({_R.NEEDS_A_PERSON}),
        (_S.VERIFYING, _S.SETTLING): frozenset({_R.CHANGED}),
        (_S.WAITING, _S.READY): frozenset({_R.DUE, _R.RETRY}),
        (_S.WAITING, _S.SETTLING): frozenset({_R.CHANGED}),
        (_S.WAITING, _S.FAILED): frozenset({_R.NEEDS_A_PERSON}),
        (_S.WAITING, _S.HELD): frozenset({_R.HOLD}),
        (_S.ARCHIVED, _S.SETTLING): frozenset({_R.GREW}),
        (_S.ARCHIVED, _S.FAILED): frozenset({_R.NEEDS_A_PERSON}),
        (_S.FAILED, _S.READY): frozenset({_R.RETRY, _R.ACCEPT}),
        (_S.FAILED, _S.SETTLING): frozenset({_R.CHANGED, _R.RETRY}),
        # Accepted that nothing is left of it: there is nothing to do about it any more.
        (_S.FAILED, _S.HELD): frozenset({_R.HOLD, _R.ACCEPT}),
        (_S.HELD, _S.SETTLING): frozenset({_R.RELEASE}),
        (_S.HELD, _S.READY): frozenset({_R.RELEASE}),
        (_S.HELD, _S.WAITING): frozenset({_R.RELEASE}),
        (_S.HELD, _S.FAILED): frozenset({_R.RELEASE}),
    }
)
"""Every move there is, with the reasons that may cause it."""

BEGINNINGS = frozenset({State.SETTLING, State.ARCHIVED})
"""The states in which a dataset may begin: seen on the rig, or found in the archive by `discover`."""


def allowed(before: State, after: State, reason: Reason) -> bool:
    """Whether the lifecycle has this move for this reason."""
    return reason in MOVES.get((before, after), frozenset())


def sources(after: State, reason: Reason) -> frozenset[State]:
    """The states from which `reason` leads to `after`."""
    return frozenset(
        before for (before, to), reasons in MOVES.items() if to is after and reason in reasons
    )
