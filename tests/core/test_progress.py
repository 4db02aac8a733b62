"""Where a dataset goes, concluded from where its files stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.lifecycle import Reason, State, allowed
from archived.core.model import FileState
from archived.core.progress import ODD, Move, Standing, after_discovery, conclude, trouble
from tests.builders import NOON

LATER = NOON + timedelta(minutes=5)


def standing(state: State = State.VERIFYING, **values: Any) -> Standing:
    """A standing, with the counts of files as keywords named like their states."""
    counts = {each: values.pop(each.value) for each in FileState if each.value in values}
    return Standing(state, counts, **values)


def moves(where: Standing, **values: Any) -> list[State]:
    return [each.after for each in conclude(where, now=NOON, **values)]


def test_every_file_archived_is_archived() -> None:
    assert moves(standing(archived=2)) == [State.ARCHIVED]


def test_a_dataset_never_skips_verifying() -> None:
    assert moves(standing(State.TRANSFERRING, archived=2)) == [State.VERIFYING, State.ARCHIVED]


def test_gone_files_do_not_keep_the_rest_from_being_archived() -> None:
    assert moves(standing(archived=2, gone=1)) == [State.ARCHIVED]


def test_nothing_moves_while_something_travels() -> None:
    assert moves(standing(archived=5, pending=1, failed=1, travelling=1)) == []


def test_what_travels_was_all_sent() -> None:
    sent = standing(State.TRANSFERRING, travelling=1, all_sent=True)
    assert moves(sent) == [State.VERIFYING]
    assert moves(standing(State.VERIFYING, travelling=1, all_sent=True)) == []


def test_a_change_on_the_way_settles_before_anything_is_retried() -> None:
    changed = standing(pending=3, unsettled=1, setback=True)
    assert moves(changed, needs_person="no permission") == [State.SETTLING]


def test_what_came_back_is_tried_again_later() -> None:
    found = conclude(
        standing(pending=1, archived=3, setback=True, attempts=2),
        now=NOON,
        reason="ENDPOINT_ERROR",
        retry_at=LATER,
    )
    assert found == (Move(State.WAITING, Reason.WILL_RETRY, "ENDPOINT_ERROR", LATER, 3),)


def test_a_fault_that_trying_cannot_mend_goes_to_a_person() -> None:
    back = standing(State.TRANSFERRING, pending=1, setback=True)
    assert moves(back, needs_person="no permission") == [State.FAILED]


def test_the_rest_of_a_split_dataset_is_no_failure() -> None:
    found = conclude(standing(pending=4, archived=3, attempts=1), now=NOON, retry_at=LATER)
    assert [(each.after, each.due, each.attempts) for each in found] == [(State.WAITING, NOON, 1)]


@pytest.mark.parametrize("kind", ["failed", "changed"])
def test_only_files_set_apart_are_left_for_a_person(kind: str) -> None:
    found = conclude(standing(archived=3, trouble="b.bin: no", **{kind: 1}), now=NOON)
    assert [(each.after, each.why) for each in found] == [(State.FAILED, "b.bin: no")]


def test_pending_files_go_on_although_another_was_set_apart() -> None:
    assert moves(standing(pending=1, failed=1, setback=True)) == [State.WAITING]


def test_a_dataset_whose_files_all_left_needs_a_person() -> None:
    assert moves(standing(gone=2)) == [State.FAILED]


@pytest.mark.parametrize("state", [State.READY, State.WAITING])
def test_a_dataset_with_nothing_to_send_does_not_wait_for_a_batch(state: State) -> None:
    assert moves(standing(state, failed=1, archived=2)) == [State.FAILED]
    assert moves(standing(state, failed=1, pending=1)) == []


@pytest.mark.parametrize("state", [State.SETTLING, State.ARCHIVED, State.FAILED, State.HELD])
def test_datasets_that_are_not_on_their_way_stay(state: State) -> None:
    assert moves(standing(state, archived=1, pending=1, setback=True)) == []


def test_trouble_names_the_file_once() -> None:
    assert trouble("a.bin", "permission denied") == "a.bin: permission denied"
    assert trouble("a.bin", "changed after it was archived") == (
        "a.bin changed after it was archived"
    )
    assert trouble("a.bin", "the archive holds a.bin already") == "the archive holds a.bin already"
    assert trouble("a\n.bin", "no") == r"a\n.bin: no"


@settings(max_examples=200)
@given(
    st.sampled_from(State),
    st.dictionaries(st.sampled_from(FileState), st.integers(0, 2)),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    st.none() | st.just("no permission"),
)
def test_every_conclusion_is_a_way_that_exists(
    state: State,
    counts: dict[FileState, int],
    unsettled: int,
    all_sent: bool,
    setback: bool,
    needs_person: str | None,
) -> None:
    where = Standing(state, counts, unsettled, all_sent, setback, trouble="x: y")
    at = state
    for move in conclude(where, now=NOON, retry_at=LATER, needs_person=needs_person):
        assert allowed(at, move.after, move.reason)
        assert move.why
        at = move.after
    if at is State.ARCHIVED and state is not State.ARCHIVED:
        assert all(
            not counts.get(each)
            for each in FileState
            if each not in (FileState.ARCHIVED, FileState.GONE)
        )


class TestAfterALookAtTheArchive:
    def after(self, where: Standing, *, cured: bool = True) -> tuple[State, Reason] | None:
        move = after_discovery(where, cured=cured)
        return None if move is None else (move.after, move.reason)

    @pytest.mark.parametrize("odd", ["missing", "different", "changed"])
    def test_what_was_archived_needs_a_person_where_the_archive_lost_something(
        self, odd: str
    ) -> None:
        lost = standing(State.ARCHIVED, archived=2, trouble="a.bin is gone", **{odd: 1})
        assert self.after(lost, cured=False) == (State.FAILED, Reason.NEEDS_A_PERSON)

    @pytest.mark.parametrize("state", [State.READY, State.WAITING, State.FAILED])
    def test_what_lies_there_already_is_archived(self, state: State) -> None:
        found = standing(state, archived=2, gone=1)
        assert self.after(found) == (State.ARCHIVED, Reason.DISCOVERED)

    @pytest.mark.parametrize("state", [State.READY, State.WAITING])
    def test_what_is_left_to_send_is_sent(self, state: State) -> None:
        assert self.after(standing(state, archived=2, pending=1)) is None

    def test_what_had_failed_is_judged_again_where_something_is_left_to_send(self) -> None:
        found = standing(State.FAILED, archived=2, pending=1)
        assert self.after(found) == (State.SETTLING, Reason.CHANGED)

    def test_what_had_failed_stays_so_while_anything_else_is_wrong(self) -> None:
        assert self.after(standing(State.FAILED, archived=2, missing=1)) is None

    def test_what_had_failed_stays_so_where_nothing_was_cured(self) -> None:
        assert self.after(standing(State.FAILED, archived=2), cured=False) is None

    @pytest.mark.parametrize(
        "state", [State.SETTLING, State.TRANSFERRING, State.VERIFYING, State.HELD]
    )
    def test_others_go_on_by_themselves(self, state: State) -> None:
        assert self.after(standing(state, archived=1, missing=1)) is None

    def test_a_dataset_without_files_stays(self) -> None:
        assert self.after(standing(State.READY, gone=1)) is None


@pytest.mark.parametrize("odd", ["missing", "different"])
def test_what_the_archive_lost_keeps_a_dataset_from_being_archived(odd: str) -> None:
    assert moves(standing(archived=2, **{odd: 1}, trouble="gone")) == [State.FAILED]


@settings(max_examples=200)
@given(
    st.sampled_from(State),
    st.dictionaries(st.sampled_from(FileState), st.integers(0, 2)),
    st.booleans(),
)
def test_a_look_at_the_archive_only_makes_moves_that_exist(
    state: State, counts: dict[FileState, int], cured: bool
) -> None:
    where = Standing(state, counts, trouble="something")
    move = after_discovery(where, cured=cured)
    if move is not None:
        assert allowed(state, move.after, move.reason)
        if move.after is State.ARCHIVED:
            assert where.count(FileState.ARCHIVED)
            assert not where.count(*ODD, FileState.PENDING, FileState.TRAVELLING) or (
                state is State.FAILED
            )
