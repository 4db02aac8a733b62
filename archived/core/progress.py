"""Where a dataset goes next, concluded from where its files stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from archived.core.dataclass import dataclass
from archived.core.lifecycle import Reason, State
from archived.core.model import FileState
from archived.core.paths import printable

ODD = (FileState.FAILED, FileState.CHANGED, FileState.MISSING, FileState.DIFFERENT)
"""The states of files that a person has to look at."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the files of one dataset stand."""

    state: State
    counts: Mapping[FileState, int] = field(default_factory=dict)
    unsettled: int = 0
    """How many of the pending files are new or changed since the dataset last settled."""
    all_sent: bool = False
    """Whether every batch that its files travel in was sent."""
    setback: bool = False
    """Whether files of it just came back from a batch without proof."""
    attempts: int = 0
    trouble: str = ""
    """What is wrong with the first of its files that are odd, for people."""

    def count(self, *states: FileState) -> int:
        """How many of its files are in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True)
class Move:
    """A move that follows. `due` is set along with it, and so is `attempts` unless it is None."""

    after: State
    reason: Reason
    why: str
    due: datetime | None = None
    attempts: int | None = None


_ABOUT_THE_FILE = ("changed ", "is ", "has ")
"""How reasons begin that go on where the name of the file ends."""


def trouble(path: str, reason: str) -> str:
    """A sentence about one file, naming it once."""
    shown = printable(path)
    if shown in reason:
        return reason
    return f"{shown} {reason}" if reason.startswith(_ABOUT_THE_FILE) else f"{shown}: {reason}"


def conclude(
    standing: Standing,
    *,
    now: datetime,
    reason: str = "",
    retry_at: datetime | None = None,
    needs_person: str | None = None,
) -> tuple[Move, ...]:
    """The moves that follow for a dataset after something happened to its files; none where all stays.

    `reason` says what happened to its batch, `retry_at` when what came back is tried again, and `needs_person`
    why trying again is no use. Files that still travel elsewhere keep the dataset where it is.
    """
    if standing.state in (State.READY, State.WAITING):
        return _conclude_waiting(standing)
    if standing.state not in (State.TRANSFERRING, State.VERIFYING):
        return ()
    if standing.count(FileState.TRAVELLING):
        if standing.all_sent and standing.state is State.TRANSFERRING:
            return (_sent(),)
        return ()
    if standing.unsettled:
        why = "some of its files changed on the rig, or could not be read, while it travelled"
        return (Move(State.SETTLING, Reason.CHANGED, why, attempts=0),)
    if standing.count(FileState.PENDING):
        return (_again(standing, now, reason, retry_at, needs_person),)
    if standing.count(*ODD):
        return (Move(State.FAILED, Reason.NEEDS_A_PERSON, standing.trouble),)
    archived = standing.count(FileState.ARCHIVED)
    if not archived:
        return (_all_gone(),)
    why = f"every file has a receipt ({archived})"
    proved = Move(State.ARCHIVED, Reason.PROVED, why, attempts=0)
    return (_sent(), proved) if standing.state is State.TRANSFERRING else (proved,)


def _conclude_waiting(standing: Standing) -> tuple[Move, ...]:
    """A dataset between batches moves only when nothing is left in it that could be sent."""
    if standing.count(FileState.PENDING, FileState.TRAVELLING):
        return ()
    if standing.count(*ODD):
        return (Move(State.FAILED, Reason.NEEDS_A_PERSON, standing.trouble),)
    return ()


def after_discovery(standing: Standing, *, cured: bool) -> Move | None:
    """The move that follows for a dataset after a look at the archive told of its files; None where it stays.

    `cured` says that a file of it which a person had to look at, was still to be sent, or had left the rig before that,
    lies in the archive.
    """
    odd, pending = standing.count(*ODD), standing.count(FileState.PENDING)
    if standing.state is State.ARCHIVED and odd:
        return Move(State.FAILED, Reason.NEEDS_A_PERSON, standing.trouble)
    if standing.count(FileState.TRAVELLING):
        return None
    if standing.state in (State.READY, State.WAITING):
        if pending:
            return None
        if odd:
            return Move(State.FAILED, Reason.NEEDS_A_PERSON, standing.trouble)
    elif standing.state is not State.FAILED or not cured or odd:
        return None
    if pending:
        return Move(State.SETTLING, Reason.CHANGED, "what stopped it is in order in the archive")
    archived = standing.count(FileState.ARCHIVED)
    if not archived:
        return None
    why = f"the archive holds all of its files ({archived})"
    return Move(State.ARCHIVED, Reason.DISCOVERED, why, attempts=0)


def _again(
    standing: Standing,
    now: datetime,
    reason: str,
    retry_at: datetime | None,
    needs_person: str | None,
) -> Move:
    pending = standing.count(FileState.PENDING)
    if needs_person is not None:
        return Move(
            State.FAILED, Reason.NEEDS_A_PERSON, needs_person, attempts=standing.attempts + 1
        )
    if standing.setback:
        why = reason or "its transfer went wrong"
        return Move(State.WAITING, Reason.WILL_RETRY, why, retry_at, standing.attempts + 1)
    why = f"part of it is archived, {pending} files are still to be sent"
    return Move(State.WAITING, Reason.WILL_RETRY, why, now, standing.attempts)


def _sent() -> Move:
    return Move(State.VERIFYING, Reason.SENT, "everything was sent")


def _all_gone() -> Move:
    why = "its files left the rig before they were archived"
    return Move(State.FAILED, Reason.NEEDS_A_PERSON, why)
