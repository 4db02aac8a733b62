"""Ways to break the program on purpose, each of which the oracle has to see."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from archived import app
from archived.core import discovery, sighting
from archived.core.model import BatchState, FileState, Receipt
from archived.core.sighting import FileChange, since_archived
from archived.daemon import prepare, roots, settle, submit, verify
from archived.store import LookSummary, Store, looks, moves, proofs
from tests.simulation.story import Action, Setting, Story

Mutant = Callable[[], AbstractContextManager[Any]]


def id_not_stored_first() -> AbstractContextManager[Any]:
    """An order goes out with another submission id than was stored."""
    whole = submit.Submitting._order

    def order(self: Any, batch: Any, now: Any) -> Any:
        return replace(whole(self, batch, now), submission_id=str(uuid.UUID(int=now.microsecond)))

    return mock.patch.object(submit.Submitting, "_order", order)


def second_id_after_lost_reply() -> AbstractContextManager[Any]:
    """A submission without an answer is given up, and its files are sent with another id."""

    def failed(self: Any, batch: Any, error: Any, now: Any) -> None:
        self._around.store.end_batch(
            batch.id, BatchState.FAILED, now, reason=str(error), retry_at=now, needs_person=None
        )

    return mock.patch.object(submit.Submitting, "_failed_call", failed)


def succeeded_is_believed() -> AbstractContextManager[Any]:
    """What a transfer does not list counts as arrived."""

    def look(_mover: Any, file: Any) -> Receipt:
        return Receipt(file.path, file.size, None, "listing")

    return mock.patch.object(verify, "_look", look)


@contextlib.contextmanager
def incomplete_looks_count() -> Iterator[None]:
    """Absence counts after one look, and although a part of the root could not be seen."""
    whole = Store.finish_look

    def finish(self: Any, key: str, look: LookSummary, *words: Any) -> Any:
        return whole(self, key, LookSummary(look.visited, True), *words)

    with (
        mock.patch.object(Store, "finish_look", finish),
        mock.patch.object(looks, "ABSENT_TWICE", 1),
    ):
        yield


@contextlib.contextmanager
def changes_on_the_way_do_not_matter() -> Iterator[None]:
    """What changed while it travelled counts as archived as it was."""
    with (
        mock.patch.object(verify, "unchanged", return_value=True),
        mock.patch.object(proofs._Travelling, "changed", False),
    ):
        yield


def archive_not_looked_at_first() -> AbstractContextManager[Any]:
    """Nobody looks whether the archive holds something else already."""
    return mock.patch.object(prepare, "_with_conflicts", lambda prepared, _mover, _files: prepared)


def no_quiet_time() -> AbstractContextManager[Any]:
    """A recording need not have been quiet."""
    whole = app.policies_of
    return mock.patch.object(
        app, "policies_of", lambda read: replace(whole(read), quiet_time=timedelta(0))
    )


def format_does_not_matter() -> AbstractContextManager[Any]:
    """Whatever the format says, quiet time decides."""
    whole = settle.decide
    return mock.patch.object(
        settle, "decide", lambda verdicts, **words: whole(verdicts, **{**words, "accepted": True})
    )


@contextlib.contextmanager
def any_root_will_do() -> Iterator[None]:
    """A root is believed, whatever is mounted there."""

    def confirm(_self: Any, _expected: Any) -> None:
        return

    with mock.patch.object(roots.Root, "confirm", confirm):
        yield


def changed_files_travel() -> AbstractContextManager[Any]:
    """A file that changed after it was archived is sent over its copy by itself."""

    def change(file: Any, stat: Any) -> FileChange | None:
        if not since_archived(file, stat) or stat.fingerprint == file.fingerprint:
            return None
        return FileChange(file, stat, FileState.PENDING)

    return mock.patch.object(sighting, "_change_of_archived", change)


def moves_without_events() -> AbstractContextManager[Any]:
    """What persons ask for leaves no event."""
    whole = moves.Moves._note_event

    def note(self: Any, dataset: int, before: Any, after: Any, reason: Any, *words: Any) -> None:
        if reason != "changed":
            whole(self, dataset, before, after, reason, *words)

    return mock.patch.object(moves.Moves, "_note_event", note)


def kills_forget_tasks() -> AbstractContextManager[Any]:
    """What was reserved when a process died is planned anew."""
    from archived.daemon import begin

    def again(around: Any) -> None:
        for batch in around.store.batches(BatchState.RESERVED):
            around.store.end_batch(
                batch.id,
                BatchState.FAILED,
                around.store.batch(batch.id).state_since,
                reason="restarted",
                retry_at=batch.state_since,
            )

    return mock.patch.object(begin, "_try_at_once", again)


def second_daemon_is_let_in() -> AbstractContextManager[Any]:
    """Nobody looks whether another daemon has the store."""
    return mock.patch.object(
        Store, "claim_daemon", side_effect=lambda *_words, **_options: contextlib.nullcontext()
    )


def nobody_adds_up() -> AbstractContextManager[Any]:
    """The sums of what is archived are not kept."""
    return mock.patch.object(moves.Moves, "_add_to_total")


def losses_are_not_noticed() -> AbstractContextManager[Any]:
    """Whatever the archive lists, what was archived counts as there."""
    return mock.patch.object(discovery, "_judge_claimed", return_value=(None, None))


HOUR = 3600


def record(at: float, program: str = "video", **changes: Any) -> Action:
    """A recording of three trials, quickly made."""
    words = {"program": program, "animal": 1, "day": 1, "number": 1, "trials": 3, "pace": 1}
    return Action(at, "record", {**words, "spoil": "", **changes})


def lost_reply(at: float) -> Action:
    """The answer to the next submission is lost."""
    return Action(
        at, "trouble", {"verb": "submit", "error": "away", "after": True, "times": 1, "skip": 0}
    )


LONG = Setting(1, days=0.5, seconds_a_file=2.0 * HOUR, poll=300, batch_wait=1200)
PLAIN = Setting(1, days=0.5, poll=300)
PAUSED = Action(1, "pause", {"lasts": 30 * HOUR})
DIES = {"away": 0, "late": 0}

MUTANTS: Mapping[str, tuple[Mutant, str, Sequence[Action], Setting]] = {
    "id_not_stored_first": (id_not_stored_first, "intent first", [record(60)], PLAIN),
    "second_id_after_lost_reply": (
        second_id_after_lost_reply,
        "exactly once",
        [record(60), lost_reply(70), record(2200, animal=2)],
        LONG,
    ),
    "kills_forget_tasks": (
        kills_forget_tasks,
        "exactly once",
        [
            record(60),
            Action(
                70,
                "trap",
                {"point": "after submit", "count": 1, "then": "die", "do": "die", "words": DIES},
            ),
            record(2000, animal=2),
        ],
        LONG,
    ),
    "succeeded_is_believed": (
        succeeded_is_believed,
        "proved",
        [record(60), Action(300, "lost on arrival", {"pick": 0, "how": "half"})],
        PLAIN,
    ),
    "changes_on_the_way_do_not_matter": (
        changes_on_the_way_do_not_matter,
        "proved",
        [record(60, "photon"), Action(2 * HOUR, "touch", {"pick": 0})],
        LONG,
    ),
    "archive_not_looked_at_first": (
        archive_not_looked_at_first,
        "never by less",
        [record(60), Action(300, "squat", {"pick": 0, "same": False})],
        PLAIN,
    ),
    "changed_files_travel": (
        changed_files_travel,
        "never by less",
        [record(60, "photon"), Action(4 * HOUR, "touch", {"pick": 0})],
        PLAIN,
    ),
    "no_quiet_time": (no_quiet_time, "finished", [record(60, "photon", pace=300)], PLAIN),
    "format_does_not_matter": (
        format_does_not_matter,
        "finished",
        [record(60, "spikeglx", pace=3000)],
        PLAIN,
    ),
    "any_root_will_do": (
        any_root_will_do,
        "absence",
        [
            PAUSED,
            record(60),
            Action(3 * HOUR, "mount", {"root": 0, "state": "empty", "lasts": 6 * HOUR}),
        ],
        PLAIN,
    ),
    "incomplete_looks_count": (
        incomplete_looks_count,
        "absence",
        [
            PAUSED,
            record(60),
            Action(3 * HOUR, "deny", {"pick": 0, "folder": True, "lasts": 6 * HOUR}),
        ],
        PLAIN,
    ),
    "moves_without_events": (
        moves_without_events,
        "events",
        [PAUSED, record(60), Action(3 * HOUR, "append", {"pick": 0, "size": 9})],
        PLAIN,
    ),
    "second_daemon_is_let_in": (
        second_daemon_is_let_in,
        "one daemon",
        [record(60), Action(HOUR, "second daemon", {})],
        PLAIN,
    ),
    "nobody_adds_up": (nobody_adds_up, "totals", [record(60)], PLAIN),
    "losses_are_not_noticed": (
        losses_are_not_noticed,
        "drift is seen",
        [
            record(60),
            record(90, "photon", animal=2),
            Action(9 * HOUR, "lose", {"pick": 0}),
            Action(10 * HOUR, "verify", {"sample": None, "believe": True}),
        ],
        PLAIN,
    ),
}
"""By name: how the program is broken, the rule that breaks then, and a story in which it does."""


def story_for(name: str) -> Story:
    """The story in which a mutant is seen."""
    _, _, actions, setting = MUTANTS[name]
    return Story(setting, tuple(sorted(actions, key=lambda each: each.at)))
