"""What an archive lists, held against what the catalogue knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.discovery import (
    CLAIMED,
    Claim,
    Comparison,
    Kind,
    Listed,
    compare,
)
from archived.core.model import FileState
from archived.core.sighting import KnownFile
from tests.builders import NOON

SECOND = 10**9
BEFORE = NOON - timedelta(minutes=1)


def claim(path: str = "a.bin", state: FileState = FileState.ARCHIVED, **changes: Any) -> Claim:
    """A file of ten bytes; archived unless said otherwise, and then proved before the listing."""
    size = 10 if state in CLAIMED else None
    known = KnownFile(1, path, 10, 5 * SECOND, 0, 0, state, size, None, False)
    of_file = {key: changes.pop(key) for key in [*changes] if key in KnownFile._fields}
    made = Claim(known._replace(**of_file), proved_at=BEFORE if size else None)
    return made._replace(**changes)


def listed(path: str = "a.bin", size: int = 10, seconds: int | None = 5) -> Listed:
    return Listed(path, size, None if seconds is None else seconds * SECOND)


def look(claims: list[Claim], *there: Listed) -> Comparison:
    return compare(claims, {each.path: each for each in there}, listed_at=NOON)


def kinds(found: Comparison) -> list[Kind]:
    return [each.kind for each in found.findings]


def after(found: Comparison) -> list[FileState]:
    return [each.after for each in found.changes]


def test_what_both_have_is_only_counted() -> None:
    assert look([claim()], listed()) == Comparison(agreed=1, looked=((1, None),))


def test_what_only_the_archive_has_is_new() -> None:
    found = look([], listed())
    assert (found.new, kinds(found)) == ((listed(),), [Kind.ARCHIVE])


def test_what_left_the_rig_and_is_in_the_archive_all_the_same_is_new() -> None:
    assert look([claim(state=FileState.GONE)], listed()).new == (listed(),)
    assert look([claim(state=FileState.GONE, submitted=1)], listed()).new == (listed(),)


def test_what_we_may_have_sent_a_part_of_before_it_left_the_rig_is_not_taken_for_the_whole() -> (
    None
):
    found = look([claim(state=FileState.GONE, submitted=1)], listed(size=4))
    assert (found.new, found.changes, kinds(found)) == ((), (), [Kind.DIFFERENT])
    assert (found.findings[0].size, found.findings[0].known_size) == (4, 10)


@pytest.mark.parametrize("state", [FileState.PENDING, FileState.FAILED])
def test_what_a_person_wants_replaced_is_not_taken_for_archived(state: FileState) -> None:
    found = look([claim(state=state, fault="conflict", accepted=True)], listed(seconds=9))
    assert (found.changes, found.findings, found.agreed) == ((), (), 0)


@pytest.mark.parametrize("state", [FileState.ARCHIVED, FileState.CHANGED])
def test_what_was_archived_and_is_not_listed_is_missing(state: FileState) -> None:
    found = look([claim(state=state)])
    assert (kinds(found), after(found)) == ([Kind.CATALOGUE], [FileState.MISSING])
    assert found.doubtful
    assert found.changes[0].reason == (
        "is not in the archive any more, where it was proved with 10 bytes"
    )


def test_another_size_is_different() -> None:
    found = look([claim()], listed(size=9))
    assert (kinds(found), after(found)) == ([Kind.DIFFERENT], [FileState.DIFFERENT])
    assert (found.findings[0].size, found.findings[0].known_size) == (9, 10)


def test_what_is_known_to_be_missing_is_told_again_and_changes_nothing() -> None:
    found = look([claim(state=FileState.MISSING)])
    assert (kinds(found), found.changes, found.doubtful) == ([Kind.CATALOGUE], (), False)


def test_what_is_known_to_be_different_changes_nothing_until_it_has_yet_another_size() -> None:
    known = claim(state=FileState.DIFFERENT, found_size=9)
    assert look([known], listed(size=9)).changes == ()
    assert after(look([known], listed(size=8))) == [FileState.DIFFERENT]
    assert after(look([known])) == [FileState.MISSING]


@pytest.mark.parametrize("state", [FileState.MISSING, FileState.DIFFERENT])
def test_what_is_found_again_is_archived_again(state: FileState) -> None:
    found = look([claim(state=state)], listed())
    assert (kinds(found), after(found), found.doubtful) == (
        [Kind.FOUND],
        [FileState.ARCHIVED],
        False,
    )


def test_what_is_found_again_and_changed_on_the_rig_meanwhile_is_changed() -> None:
    found = look([claim(state=FileState.MISSING, size=12)], listed())
    assert after(found) == [FileState.CHANGED]
    assert "12 bytes, was 10" in found.changes[0].reason


def test_what_is_found_again_and_is_not_on_the_rig_is_archived() -> None:
    gone_from_rig = claim(state=FileState.MISSING, size=12, missing=True)
    assert after(look([gone_from_rig], listed())) == [FileState.ARCHIVED]


def test_what_was_proved_since_the_listing_is_not_missing() -> None:
    assert look([claim(proved_at=NOON)]) == Comparison()
    assert look([claim(proved_at=NOON + timedelta(hours=1))], listed(size=3)) == Comparison()


@pytest.mark.parametrize("there", [(), (listed(),), (listed(size=3),)])
def test_what_travels_is_left_alone(there: tuple[Listed, ...]) -> None:
    assert look([claim(state=FileState.TRAVELLING)], *there) == Comparison()


@pytest.mark.parametrize(
    "waiting", [claim(state=FileState.PENDING), claim(state=FileState.FAILED, fault="conflict")]
)
class TestWhatIsStillToBeSent:
    def test_and_is_in_the_archive_is_adopted(self, waiting: Claim) -> None:
        found = look([waiting], listed())
        assert (kinds(found), after(found)) == ([Kind.ADOPTED], [FileState.ARCHIVED])

    def test_is_adopted_when_the_copy_is_newer(self, waiting: Claim) -> None:
        assert kinds(look([waiting], listed(seconds=6))) == [Kind.ADOPTED]

    def test_is_compared_to_the_second(self, waiting: Claim) -> None:
        later = waiting._replace(file=waiting.file._replace(mtime_ns=6 * SECOND - 1))
        assert kinds(look([later], listed(seconds=5))) == [Kind.ADOPTED]

    @pytest.mark.parametrize("there", [listed(seconds=4), listed(seconds=None), listed(size=9)])
    def test_is_told_of_when_the_copy_may_be_another(self, waiting: Claim, there: Listed) -> None:
        found = look([waiting], there)
        assert (kinds(found), found.changes) == ([Kind.DIFFERENT], ())
        assert "to be sent" in found.findings[0].reason

    def test_is_not_adopted_when_a_transfer_of_ours_may_have_left_half_of_it(
        self, waiting: Claim
    ) -> None:
        assert look([waiting._replace(submitted=1)], listed()) == Comparison()

    def test_is_not_missing(self, waiting: Claim) -> None:
        assert look([waiting]) == Comparison()


def test_what_was_set_apart_for_another_reason_stays_so() -> None:
    assert look([claim(state=FileState.FAILED, fault="checksum")], listed()) == Comparison()


def test_a_new_revision_on_its_way_is_not_compared_with_the_old_one() -> None:
    revised = claim(state=FileState.PENDING, archived_size=8)
    assert look([revised], listed(size=8)) == Comparison()


paths = st.sampled_from("abcdef")
claims = st.builds(
    lambda path, state, size, submitted, fault, proved, found_size: claim(
        path,
        state,
        size=size,
        submitted=submitted,
        fault=fault,
        proved_at=proved,
        found_size=found_size,
    ),
    paths,
    st.sampled_from(FileState),
    st.integers(9, 11),
    st.integers(0, 1),
    st.sampled_from(["", "conflict", "checksum"]),
    st.sampled_from([None, BEFORE, NOON]),
    st.sampled_from([None, 9]),
)
listings = st.dictionaries(
    paths,
    st.tuples(st.integers(9, 11), st.none() | st.integers(4, 6)),
).map(lambda found: {path: listed(path, *rest) for path, rest in found.items()})


@settings(max_examples=200)
@given(st.lists(claims, unique_by=lambda each: each.file.path), listings)
def test_whatever_is_known_and_listed(known: list[Claim], there: dict[str, Listed]) -> None:
    found = compare(known, there, listed_at=NOON)
    told = [each.path for each in found.findings]
    assert len(told) == len(set(told)), "a path is told of twice"
    for each in found.changes:
        path, before = each.claim.file.path, each.claim.file.state
        assert path in told, "a state changes and nobody is told"
        assert each.after is not FileState.GONE
        assert before not in (FileState.TRAVELLING, FileState.GONE)
        assert each.claim.proved_at is None or each.claim.proved_at < NOON
        if each.after is FileState.ARCHIVED:
            expected = each.claim.file.archived_size or each.claim.file.size
            assert there[path].size == expected, "archived without the archive bearing it out"
        if each.after is FileState.MISSING:
            assert path not in there
            assert before in CLAIMED
    unknown = there.keys() - {
        each.file.path
        for each in known
        if each.file.state is not FileState.GONE
        or (each.submitted and there.get(each.file.path, each.file).size != each.file.size)
    }
    assert {each.path for each in found.new} == unknown
    assert found.agreed <= len(there)


@settings(max_examples=100)
@given(st.lists(claims, unique_by=lambda each: each.file.path), listings)
def test_a_second_look_at_the_same_changes_nothing_more(
    known: list[Claim], there: dict[str, Listed]
) -> None:
    changed = {each.claim.file.path: each for each in compare(known, there, listed_at=NOON).changes}

    def now(each: Claim) -> Claim:
        verdict = changed.get(each.file.path)
        if verdict is None:
            return each
        size = each.file.archived_size if each.file.archived_size is not None else each.file.size
        found_size = verdict.listed.size if verdict.listed else None
        file = each.file._replace(state=verdict.after, archived_size=size, archived_mtime_ns=None)
        return each._replace(file=file, found_size=found_size)

    assert compare([now(each) for each in known], there, listed_at=NOON).changes == ()
