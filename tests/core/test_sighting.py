"""What a look saw, compared with what is known, and what that means for a dataset."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.lifecycle import Reason, State, allowed
from archived.core.model import FileStat, FileState
from archived.core.sighting import (
    Changes,
    Consequence,
    KnownFile,
    after_absence,
    compare,
    consequence,
    describe,
)

WAITING_FOR_SENDING = (State.READY, State.WAITING)


def known(path: str = "a.bin", **changes: Any) -> KnownFile:
    file = KnownFile(1, path, 10, 100, 200, 300, FileState.PENDING, None, None, False)
    return file._replace(**changes)


def archived(path: str = "a.bin", **changes: Any) -> KnownFile:
    return known(path, state=FileState.ARCHIVED, archived_size=10, archived_mtime_ns=100)._replace(
        **changes
    )


def stat(path: str = "a.bin", **changes: Any) -> FileStat:
    return FileStat(path, 10, 100, 200, 300)._replace(**changes)


def seen(*stats: FileStat) -> dict[str, tuple[FileStat, str]]:
    return {each.path: (each, "unknown") for each in stats}


def after(file: KnownFile, there: FileStat) -> list[FileState]:
    """The states that a file gets, of the three kinds of change."""
    changes = compare([file], seen(there))
    return [each.after for each in (*changes.changed, *changes.altered, *changes.restored)]


def test_nothing_happened_to_a_file_that_is_the_same() -> None:
    assert not compare([known()], seen(stat()))


@pytest.mark.parametrize("field", ["size", "mtime_ns", "ctime_ns", "inode"])
def test_before_it_is_archived_every_part_of_the_fingerprint_counts(field: str) -> None:
    assert after(known(), stat(**{field: 999})) == [FileState.PENDING]


@pytest.mark.parametrize("field", ["ctime_ns", "inode"])
def test_an_archived_file_may_be_copied_back(field: str) -> None:
    assert after(archived(), stat(**{field: 999})) == []


@pytest.mark.parametrize("field", ["size", "mtime_ns"])
def test_an_archived_file_that_differs_is_changed(field: str) -> None:
    assert after(archived(), stat(**{field: 999})) == [FileState.CHANGED]


def test_a_copy_found_in_the_archive_has_no_time_to_compare() -> None:
    assert after(archived(archived_mtime_ns=None), stat(mtime_ns=999)) == []


def test_the_reason_says_what_was_there_before() -> None:
    changes = compare([archived()], seen(stat(size=12)))
    assert changes.altered[0].reason == (
        "changed after it was archived: 12 bytes, was 10; accept archives it as a new revision"
    )


def test_the_reason_tells_times_where_the_size_is_the_same() -> None:
    changes = compare([archived()], seen(stat(mtime_ns=1_500_000_001)))
    assert "modified 1970-01-01 00:00:01.500000001, was 1970-01-01 00:00:00.000000100" in (
        changes.altered[0].reason
    )


def test_a_time_that_no_calendar_has_is_told_in_nanoseconds() -> None:
    changes = compare([archived()], seen(stat(mtime_ns=2**63 - 1)))
    assert changes.altered
    changes = compare([archived()], seen(stat(mtime_ns=2**80)))
    assert f"{2**80} ns" in changes.altered[0].reason


def test_a_changed_file_that_is_restored_is_archived_again() -> None:
    changed = archived(state=FileState.CHANGED, size=12)
    assert after(changed, stat()) == [FileState.ARCHIVED]


def test_a_changed_file_that_stays_as_it_is_is_no_news() -> None:
    assert after(archived(state=FileState.CHANGED, size=12), stat(size=12)) == []


def test_what_was_accepted_and_changes_again_is_not_accepted_any_more() -> None:
    accepted = archived(state=FileState.PENDING, size=12)
    assert after(accepted, stat(size=12)) == []
    assert after(accepted, stat(size=13)) == [FileState.CHANGED]


def test_a_travelling_file_travels_on_whatever_happens_to_it() -> None:
    assert after(known(state=FileState.TRAVELLING), stat(size=11)) == [FileState.TRAVELLING]


def test_a_file_set_apart_gets_another_chance_when_it_changes() -> None:
    assert after(known(state=FileState.FAILED), stat()) == []
    assert after(known(state=FileState.FAILED), stat(size=11)) == [FileState.PENDING]


def test_a_file_that_was_gone_is_back_even_unchanged() -> None:
    assert after(known(state=FileState.GONE), stat()) == [FileState.PENDING]


def test_missing_is_said_once() -> None:
    assert compare([known()], {}).missing == (known(),)
    assert not compare([known(missing=True)], {})
    assert not compare([known(state=FileState.GONE)], {})


def test_a_missing_file_that_is_there_again_returned() -> None:
    file = known(missing=True)
    assert compare([file], seen(stat())).returned == (file,)


def news(kind: str) -> Changes:
    """A change of one kind."""
    return {
        "new": compare([], seen(stat())),
        "changed": compare([known()], seen(stat(size=11))),
        "altered": compare([archived()], seen(stat(size=11))),
        "restored": compare([archived(state=FileState.CHANGED, size=12)], seen(stat())),
        "missing": compare([known()], {}),
        "returned": compare([known(missing=True)], seen(stat())),
        "archived missing": compare([archived()], {}),
    }[kind]


NEWS = ("new", "changed", "altered", "restored")


@pytest.mark.parametrize("kind", [*NEWS, "missing", "returned"])
def test_quiet_time_starts_anew_while_settling(kind: str) -> None:
    assert consequence(State.SETTLING, news(kind)) == Consequence(differs=True)


@pytest.mark.parametrize("state", WAITING_FOR_SENDING)
@pytest.mark.parametrize("kind", NEWS)
def test_what_waits_to_be_sent_settles_again_after_a_change(state: State, kind: str) -> None:
    meaning = consequence(state, news(kind))
    assert (meaning.after, meaning.reason) == (State.SETTLING, Reason.CHANGED)
    assert meaning.why.startswith("a.bin ")


@pytest.mark.parametrize("state", [state for state in State if state is not State.SETTLING])
def test_a_file_missing_in_one_look_moves_nothing(state: State) -> None:
    assert consequence(state, news("missing")).after is None
    assert consequence(state, news("returned")).after is None


@pytest.mark.parametrize("state", list(State))
def test_an_archived_file_that_left_the_rig_is_no_news(state: State) -> None:
    assert consequence(state, news("archived missing")) == Consequence()


@pytest.mark.parametrize("kind", ["new", "changed", "restored"])
def test_a_failed_dataset_settles_again_when_something_about_it_changes(kind: str) -> None:
    meaning = consequence(State.FAILED, news(kind))
    assert (meaning.after, meaning.reason) == (State.SETTLING, Reason.CHANGED)


def test_a_failed_dataset_stays_with_the_person_when_archived_files_change() -> None:
    assert consequence(State.FAILED, news("altered")) == Consequence()


def test_an_archived_dataset_grows() -> None:
    meaning = consequence(State.ARCHIVED, news("new"))
    assert (meaning.after, meaning.reason) == (State.SETTLING, Reason.GREW)
    assert meaning.why == "a.bin is new"


def test_an_archived_dataset_with_a_changed_file_needs_a_person() -> None:
    meaning = consequence(State.ARCHIVED, news("altered"))
    assert (meaning.after, meaning.reason) == (State.FAILED, Reason.NEEDS_A_PERSON)
    assert meaning.why == (
        "a.bin changed after it was archived: 11 bytes, was 10; "
        "accept archives it as a new revision"
    )


def test_new_files_travel_before_a_person_is_asked_about_changed_ones() -> None:
    both = compare([archived()], seen(stat(size=11), stat("b.bin")))
    assert consequence(State.ARCHIVED, both).after is State.SETTLING


@pytest.mark.parametrize("state", [State.TRANSFERRING, State.VERIFYING])
@pytest.mark.parametrize("kind", NEWS)
def test_what_is_under_way_is_left_to_the_proof(state: State, kind: str) -> None:
    assert consequence(state, news(kind)) == Consequence(differs=True)


@pytest.mark.parametrize("kind", NEWS)
def test_a_held_dataset_stays_held_and_settles_when_released(kind: str) -> None:
    assert consequence(State.HELD, news(kind)) == Consequence(True, resume_in=State.SETTLING)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("anything_left", [True, False])
def test_absence_makes_only_moves_that_exist(state: State, anything_left: bool) -> None:
    meaning = after_absence(state, 1, anything_left=anything_left)
    if meaning.after is not None:
        assert meaning.reason is not None
        assert allowed(state, meaning.after, meaning.reason)


def test_a_dataset_of_which_nothing_is_left_needs_a_person() -> None:
    for state in (State.SETTLING, *WAITING_FOR_SENDING):
        meaning = after_absence(state, 2, anything_left=False)
        assert (meaning.after, meaning.why) == (
            State.FAILED,
            "its files left the rig before they were archived",
        )


def test_a_dataset_that_lost_files_settles_again() -> None:
    assert after_absence(State.SETTLING, 1, anything_left=True) == Consequence(differs=True)
    for state in (*WAITING_FOR_SENDING, State.FAILED):
        meaning = after_absence(state, 2, anything_left=True)
        assert (meaning.after, meaning.why) == (
            State.SETTLING,
            "2 files left the rig before being archived",
        )


def test_a_description_names_the_first_and_counts_the_rest() -> None:
    assert describe(Changes()) == "nothing differs"
    two = compare([known("b.bin")], seen(stat("a.bin"), stat("b.bin", size=11)))
    assert describe(two) == "a.bin is new, and one more difference"
    three = compare([known("b.bin"), known("c.bin")], seen(stat("a\n.bin")))
    assert describe(three) == r"a\n.bin is new, and 2 more differences"


FILES = st.builds(
    known,
    st.sampled_from("abcd"),
    size=st.integers(0, 3),
    mtime_ns=st.integers(0, 2),
    state=st.sampled_from([FileState.PENDING, FileState.TRAVELLING, FileState.FAILED]),
    missing=st.booleans(),
) | st.builds(
    archived,
    st.sampled_from("abcd"),
    size=st.integers(0, 3),
    archived_size=st.integers(0, 3),
    state=st.sampled_from([FileState.PENDING, FileState.ARCHIVED, FileState.CHANGED]),
)
STATS = st.builds(stat, st.sampled_from("abcd"), size=st.integers(0, 3))


@settings(max_examples=200)
@given(
    st.lists(FILES, unique_by=lambda each: each.path),
    st.lists(STATS, unique_by=lambda each: each.path),
    st.sampled_from(State),
)
def test_every_difference_is_found_once_and_means_a_move_that_exists(
    files: list[KnownFile], stats: list[FileStat], state: State
) -> None:
    changes = compare(files, seen(*stats))
    named = [each.path for each, _ in changes.new]
    named += [each.known.path for each in (*changes.changed, *changes.altered, *changes.restored)]
    named += [each.path for each in (*changes.missing, *changes.returned)]
    assert len(named) == len(set(named))
    assert {each.path for each, _ in changes.new} == {each.path for each in stats} - {
        each.path for each in files
    }
    meaning = consequence(state, changes)
    if meaning.after is not None:
        assert meaning.reason is not None
        assert allowed(state, meaning.after, meaning.reason)
        assert meaning.differs


@settings(max_examples=200)
@given(
    st.lists(FILES, unique_by=lambda each: each.path),
    st.lists(STATS, unique_by=lambda each: each.path),
)
def test_a_second_look_at_the_same_disk_finds_nothing(
    files: list[KnownFile], stats: list[FileStat]
) -> None:
    changes = compare(files, seen(*stats))
    now_known = {each.path: each for each in files}
    for change in (*changes.changed, *changes.altered, *changes.restored):
        there = change.stat
        now_known[there.path] = change.known._replace(
            size=there.size,
            mtime_ns=there.mtime_ns,
            ctime_ns=there.ctime_ns,
            inode=there.inode,
            state=change.after,
            missing=False,
        )
    for there, _ in changes.new:
        now_known[there.path] = known(there.path, size=there.size)
    for file in changes.missing:
        now_known[file.path] = file._replace(missing=True)
    for file in changes.returned:
        now_known[file.path] = file._replace(missing=False)
    assert not compare(now_known.values(), seen(*stats))


def found(path: str = "a.bin", **changes: Any) -> KnownFile:
    """A file that was found in the archive, modified there in the sixth second, and never seen on the rig."""
    file = archived(path, archived_mtime_ns=None, found_mtime_ns=5_000_000_000, missing=True)
    return file._replace(**changes)


@pytest.mark.parametrize("mtime_ns", [0, 4_999_999_999, 5_000_000_000, 5_999_999_999])
def test_a_file_that_is_no_newer_than_the_copy_is_what_was_archived(mtime_ns: int) -> None:
    changes = compare([found()], seen(stat(mtime_ns=mtime_ns)))
    [noted] = changes.noted
    assert (noted.stat.mtime_ns, noted.after) == (mtime_ns, FileState.ARCHIVED)
    assert changes == Changes(noted=(noted,))
    assert consequence(State.ARCHIVED, changes) == Consequence()


def test_a_file_that_is_newer_than_the_copy_is_changed() -> None:
    [change] = compare([found()], seen(stat(mtime_ns=6_000_000_000))).altered
    assert change.reason == (
        "changed after it was archived: modified 1970-01-01 00:00:06.000000000, the archive's copy "
        "1970-01-01 00:00:05.000000000; accept archives it as a new revision"
    )


def test_a_file_of_another_size_than_the_copy_is_changed() -> None:
    assert after(found(), stat(size=11, mtime_ns=0)) == [FileState.CHANGED]


@pytest.mark.parametrize("state", [FileState.MISSING, FileState.DIFFERENT])
class TestWhatTheArchiveLost:
    def test_is_left_alone_by_a_look(self, state: FileState) -> None:
        assert not compare([archived(state=state)], seen(stat()))

    def test_is_only_noted_where_it_changed(self, state: FileState) -> None:
        changes = compare([archived(state=state)], seen(stat(size=12)))
        assert [(each.after, each.stat.size) for each in changes.noted] == [(state, 12)]
        for where in State:
            assert consequence(where, changes) == Consequence()

    def test_is_only_marked_where_it_left_or_came_back(self, state: FileState) -> None:
        gone = compare([archived(state=state)], {})
        back = compare([archived(state=state, missing=True)], seen(stat()))
        assert (len(gone.missing), len(back.returned)) == (1, 1)
        for changes in (gone, back):
            assert consequence(State.SETTLING, changes) == Consequence()
