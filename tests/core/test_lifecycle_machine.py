"""Whatever happens to a dataset: it has a move that the table knows, it never stays where nobody looks, and it can get out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from archived.core.faults import MEANINGS, FaultKind
from archived.core.lifecycle import BEGINNINGS, MOVES, Reason, State, allowed, sources
from archived.core.model import FileStat, FileState
from archived.core.progress import ODD, Move, Standing, after_discovery, conclude
from archived.core.retrying import RetryPolicy, next_try
from archived.core.sighting import (
    LOST,
    Changes,
    FileChange,
    KnownFile,
    after_absence,
    consequence,
)
from tests.builders import NOON
from tests.effort import examples

ASKED = {Reason.RETRY, Reason.ACCEPT, Reason.HOLD, Reason.RELEASE}
"""What only persons cause."""

BY_A_PERSON = {State.FAILED, State.HELD}
ENDS = {*BY_A_PERSON, State.ARCHIVED}
ON_THE_WAY = (State.TRANSFERRING, State.VERIFYING)


def standings() -> Iterator[Standing]:
    """Every kind of mixture of files in every state: each state of files is there or not."""
    for state in State:
        for there in itertools.product((0, 1), repeat=len(FileState)):
            counts = dict(zip(FileState, there, strict=True))
            for unsettled in range(counts[FileState.PENDING] + 1):
                for all_sent in (False, True)[: counts[FileState.TRAVELLING] + 1]:
                    for setback in (False, True):
                        yield Standing(state, counts, unsettled, all_sent, setback, 1, "a is odd")


def reachable(start: State, *, asked: bool) -> set[State]:
    """The states that moves lead to, with or without those that a person causes."""
    found, new = {start}, {start}
    while new:
        new = {
            after
            for (before, after), reasons in MOVES.items()
            if before in new and (asked or reasons - ASKED)
        } - found
        found |= new
    return found


# --- the table ----------------------------------------------------------------------------------------


def test_from_every_state_the_archive_can_be_reached_and_from_most_of_them_without_a_person() -> (
    None
):
    for state in State:
        assert State.ARCHIVED in reachable(state, asked=True)
        if state not in BY_A_PERSON:
            assert State.ARCHIVED in reachable(state, asked=False)


def test_a_held_dataset_is_left_alone_until_a_person_releases_it() -> None:
    out = {
        reason
        for (before, _), reasons in MOVES.items()
        if before is State.HELD
        for reason in reasons
    }
    assert out == {Reason.RELEASE}
    held_from = sources(State.HELD, Reason.HOLD)
    assert {after for before, after in MOVES if before is State.HELD} == held_from


def test_a_person_can_do_something_about_everything_that_waits_for_one() -> None:
    for state in BY_A_PERSON:
        reasons = {
            each for (before, _), all_of in MOVES.items() if before is state for each in all_of
        }
        assert reasons & {Reason.RETRY, Reason.ACCEPT, Reason.RELEASE}


def test_every_state_is_where_a_dataset_can_come_to() -> None:
    reached = set().union(*(reachable(each, asked=True) for each in BEGINNINGS))
    assert reached == set(State)


# --- what follows from files --------------------------------------------------------------------------


@pytest.mark.parametrize("needs_person", [None, "the quota is used up"])
def test_whatever_stands_the_moves_that_follow_are_in_the_table_and_lead_on(
    needs_person: str | None,
) -> None:
    number = 0
    for standing in standings():
        number += 1
        moves = conclude(standing, now=NOON, reason="why", retry_at=NOON, needs_person=needs_person)
        check_chain(standing, moves)
        if standing.state in ON_THE_WAY and not standing.count(FileState.TRAVELLING):
            assert moves, "nothing of it travels, so that it must go somewhere"
            assert moves[-1].after not in ON_THE_WAY
    assert number > 5_000


def test_whatever_a_look_at_the_archive_tells_the_move_is_in_the_table() -> None:
    for standing in standings():
        for cured in (False, True):
            move = after_discovery(standing, cured=cured)
            check_chain(standing, () if move is None else (move,))


def check_chain(standing: Standing, moves: tuple[Move, ...]) -> None:
    state = standing.state
    for move in moves:
        assert allowed(state, move.after, move.reason), (standing, move)
        assert move.reason not in ASKED
        assert move.why
        state = move.after
    if State.ARCHIVED in {each.after for each in moves}:
        assert standing.count(FileState.ARCHIVED)
        assert not standing.count(*ODD, FileState.PENDING, FileState.TRAVELLING)
    if any(each.reason is Reason.WILL_RETRY for each in moves):
        assert moves[-1].due is not None


def changes() -> Iterator[Changes]:
    """Every mixture of differences, each there or not, to files in every state."""
    stat = FileStat("d/a", 1, 1)
    for state in FileState:
        known = KnownFile(1, "d/a", 1, 1, 0, 0, state, None, None, False)
        change = FileChange(known, stat, state, "changed")
        parts = (((stat, "t"),), *[(change,)] * 4, *[(known,)] * 2)
        for there in itertools.product((False, True), repeat=7):
            yield Changes(
                *(part if is_there else () for part, is_there in zip(parts, there, strict=True))
            )  # type: ignore[arg-type]


def test_whatever_a_look_at_the_rig_tells_the_move_is_in_the_table() -> None:
    for state, change in itertools.product(State, changes()):
        meaning = consequence(state, change)
        if meaning.after is not None:
            assert meaning.reason is not None
            assert allowed(state, meaning.after, meaning.reason)
            assert meaning.why
        if meaning.resume_in is not None:
            assert state is State.HELD
            assert (State.HELD, meaning.resume_in) in MOVES


@pytest.mark.parametrize("anything_left", [False, True])
def test_absence_moves_by_the_table_too(anything_left: bool) -> None:
    for state in State:
        meaning = after_absence(state, 1, anything_left=anything_left)
        if meaning.after is not None:
            assert meaning.reason is not None
            assert allowed(state, meaning.after, meaning.reason)


# --- a dataset's whole life ----------------------------------------------------------------------------


class LifeMachine(RuleBasedStateMachine):
    """A dataset of a few files. What happens to them is arbitrary; what follows is what the core says."""

    files: dict[int, FileState]

    @initialize(number=st.integers(1, 4))
    def begin(self, number: int) -> None:
        self.state = State.SETTLING
        self.files = dict.fromkeys(range(number), FileState.PENDING)
        self.unsettled = number
        self.sent = False

    def move(self, after: State, reason: Reason) -> None:
        assert allowed(self.state, after, reason), (self.state, after, reason)
        self.state = after

    def having(self, *states: FileState) -> list[int]:
        return [number for number, state in self.files.items() if state in states]

    def standing(self, *, setback: bool = False) -> Standing:
        counts = {state: len(self.having(state)) for state in FileState}
        unsettled = min(self.unsettled, counts[FileState.PENDING])
        return Standing(self.state, counts, unsettled, self.sent, setback, 0, "a is odd")

    def follow(self, *, setback: bool = False, needs_person: str | None = None) -> None:
        for step in conclude(
            self.standing(setback=setback), now=NOON, retry_at=NOON, needs_person=needs_person
        ):
            self.move(step.after, step.reason)

    @precondition(lambda self: self.state is State.SETTLING)
    @rule()
    def settles(self) -> None:
        if self.having(FileState.PENDING):
            self.unsettled = 0
            self.move(State.READY, Reason.SETTLED)
        elif self.having(*ODD) or not self.having(FileState.ARCHIVED):
            self.move(State.FAILED, Reason.NEEDS_A_PERSON)
        else:
            self.move(State.ARCHIVED, Reason.PROVED)

    @precondition(lambda self: self.state is State.READY and self.having(FileState.PENDING))
    @rule(data=st.data())
    def is_batched(self, data: st.DataObject) -> None:
        pending = self.having(FileState.PENDING)
        for number in data.draw(st.lists(st.sampled_from(pending), min_size=1, unique=True)):
            self.files[number] = FileState.TRAVELLING
        self.sent = False
        self.move(State.TRANSFERRING, Reason.BATCHED)

    @precondition(lambda self: self.state in ON_THE_WAY)
    @rule()
    def is_sent(self) -> None:
        self.sent = True
        self.follow()

    @precondition(lambda self: self.state in ON_THE_WAY)
    @rule(data=st.data(), needs_person=st.none() | st.just("quota"))
    def its_batch_ends(self, data: st.DataObject, needs_person: str | None) -> None:
        for number in self.having(FileState.TRAVELLING):
            after = [FileState.ARCHIVED, FileState.PENDING, FileState.FAILED, FileState.CHANGED]
            self.files[number] = data.draw(st.sampled_from(after))
        if self.having(FileState.PENDING):
            self.unsettled = data.draw(st.integers(0, 1))
        back = bool(self.having(FileState.PENDING))
        self.follow(setback=back, needs_person=needs_person if back else None)

    @precondition(lambda self: self.state is State.WAITING)
    @rule()
    def is_due(self) -> None:
        self.move(State.READY, Reason.DUE)

    @rule(kind=st.sampled_from(["new", "changed", "altered", "restored"]))
    def a_look_tells_of(self, kind: str) -> None:
        stat = FileStat("d/a", 1, 1)
        known = KnownFile(1, "d/a", 1, 1, 0, 0, FileState.PENDING, None, None, False)
        number = len(self.files)
        if kind == "new" and number < 6:
            change = Changes(new=((stat, "t"),))
            self.files[number], self.unsettled = FileState.PENDING, self.unsettled + 1
        elif kind == "changed" and (odd := self.having(FileState.FAILED, FileState.GONE)):
            change = Changes(changed=(FileChange(known, stat, FileState.PENDING),))
            self.files[odd[0]], self.unsettled = FileState.PENDING, self.unsettled + 1
        elif kind == "altered" and (archived := self.having(FileState.ARCHIVED)):
            change = Changes(altered=(FileChange(known, stat, FileState.CHANGED, "changed"),))
            self.files[archived[0]] = FileState.CHANGED
        elif kind == "restored" and (altered := self.having(FileState.CHANGED)):
            change = Changes(restored=(FileChange(known, stat, FileState.ARCHIVED),))
            self.files[altered[0]] = FileState.ARCHIVED
        else:
            return
        meaning = consequence(self.state, change)
        if meaning.after is not None and meaning.reason is not None:
            self.move(meaning.after, meaning.reason)
        if meaning.resume_in is not None:
            self.held_from = meaning.resume_in

    @precondition(lambda self: self.having(FileState.ARCHIVED, *LOST))
    @rule(lost=st.booleans())
    def the_archive_tells_of(self, lost: bool) -> None:
        odd = self.having(*LOST)
        if lost and (archived := self.having(FileState.ARCHIVED)):
            self.files[archived[0]] = FileState.MISSING
        elif odd:
            self.files[odd[0]] = FileState.ARCHIVED
        else:
            return
        if self.state is State.HELD:
            self.held_from = State.SETTLING
            return
        move = after_discovery(self.standing(), cured=not lost)
        if move is not None:
            self.move(move.after, move.reason)

    @rule()
    def a_person_holds_it(self) -> None:
        if allowed(self.state, State.HELD, Reason.HOLD):
            self.held_from = self.state
            self.move(State.HELD, Reason.HOLD)

    @precondition(lambda self: self.state is State.HELD)
    @rule()
    def a_person_releases_it(self) -> None:
        self.move(self.held_from, Reason.RELEASE)

    @precondition(lambda self: self.state is State.FAILED)
    @rule()
    def a_person_tries_it_again(self) -> None:
        for number in self.having(FileState.FAILED, *LOST):
            self.files[number] = FileState.PENDING
            self.unsettled += 1
        self.move(State.SETTLING, Reason.RETRY)

    @invariant()
    def it_stays_only_where_somebody_looks(self) -> None:
        if self.state is State.ARCHIVED:
            assert self.having(FileState.ARCHIVED)
            assert not self.having(*ODD, FileState.PENDING, FileState.TRAVELLING)
        if self.state in ON_THE_WAY:
            assert self.having(FileState.TRAVELLING), "nobody will ever conclude for it"
        if self.having(FileState.TRAVELLING):
            assert self.state in ON_THE_WAY

    @invariant()
    def with_all_faults_gone_it_ends(self) -> None:
        """By itself in a named state; where that is a person's, one question of theirs leads to the archive."""
        life = LifeMachine()
        life.state, life.files = self.state, dict(self.files)
        life.unsettled, life.sent = self.unsettled, self.sent
        life.held_from = getattr(self, "held_from", State.SETTLING)
        life.goes_on()
        assert life.state in ENDS
        if life.state is State.HELD:
            life.a_person_releases_it()
            life.goes_on()
        if life.state is State.FAILED:
            for number in life.having(FileState.CHANGED):
                life.files[number] = FileState.ARCHIVED
            life.a_person_tries_it_again()
            life.goes_on()
        nothing_left = set(life.files.values()) <= {FileState.GONE}
        assert life.state is (State.FAILED if nothing_left else State.ARCHIVED)

    def goes_on(self) -> None:
        for _ in range(12):
            match self.state:
                case State.SETTLING:
                    self.settles()
                case State.READY if self.having(FileState.PENDING):
                    for number in self.having(FileState.PENDING):
                        self.files[number] = FileState.TRAVELLING
                    self.sent = True
                    self.move(State.TRANSFERRING, Reason.BATCHED)
                case State.READY:
                    # See daemon/batch.py: nothing is left to send, so that it is looked at again.
                    self.move(State.SETTLING, Reason.CHANGED)
                case State.TRANSFERRING | State.VERIFYING:
                    for number in self.having(FileState.TRAVELLING):
                        self.files[number] = FileState.ARCHIVED
                    self.follow()
                case State.WAITING:
                    self.is_due()

    held_from = State.SETTLING
    state = State.SETTLING
    unsettled = 0
    sent = False


TestLife = LifeMachine.TestCase
TestLife.settings = settings(max_examples=examples(40), stateful_step_count=30)


# --- trying again ---------------------------------------------------------------------------------------


@given(
    st.integers(-3, 10**9),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.floats(0, 1e9),
    st.integers(1, 10_000),
    st.integers(0, 100_000),
)
def test_every_wait_ends(
    attempts: int, jitter: float, retry_after: float | None, first: int, more: int
) -> None:
    policy = RetryPolicy(timedelta(seconds=first), timedelta(seconds=first + more))
    due = next_try(attempts, policy, NOON, jitter=jitter, retry_after=retry_after)
    assert NOON < due <= NOON + policy.longest * 1.25
    later = next_try(attempts + 1, policy, NOON, jitter=jitter, retry_after=retry_after)
    assert later >= due


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_whoever_has_to_act_is_told_what_to_do(code: str) -> None:
    meaning = MEANINGS[code]
    assert meaning.why
    assert meaning.what_to_do or meaning.kind is not FaultKind.PERSON
