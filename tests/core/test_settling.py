"""What becomes of a dataset that is settling: every combination of what its format says and quiet time."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.model import Answer, Verdict
from archived.core.settling import Decision, DecisionKind, decide

CHANGED = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
QUIET = timedelta(minutes=10)
GIVE_UP = timedelta(days=2)
READY, STAY, FAILED = DecisionKind.READY, DecisionKind.STAY, DecisionKind.FAILED

UNQUIET_FOR = [timedelta(0), timedelta(minutes=5), QUIET - timedelta(microseconds=1)]
QUIET_FOR = [QUIET, timedelta(hours=1), GIVE_UP - timedelta(microseconds=1)]
TOO_LONG = [GIVE_UP, timedelta(days=30)]


def verdict(answer: Answer, name: str = "a.avi") -> Verdict:
    return Verdict(f"SC011/{name}", "avi", answer, f"{name} is {answer}")


def decided(
    *verdicts: Verdict,
    after: timedelta = QUIET,
    modified: timedelta | None = None,
    quiet: timedelta = QUIET,
    accepted: bool = False,
) -> Decision:
    """The decision `after` the last change that was seen; `modified` is the newest file's time, from there."""
    newest = None if modified is None else _nanoseconds(CHANGED + modified)
    return decide(
        verdicts,
        changed_at=CHANGED,
        newest_mtime_ns=newest,
        quiet=quiet,
        give_up=GIVE_UP,
        now=CHANGED + after,
        accepted=accepted,
    )


def _nanoseconds(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


SETS_OF_ANSWERS = [
    answers
    for number in range(len(Answer) + 1)
    for answers in itertools.combinations(Answer, number)
]


@pytest.mark.parametrize("answers", SETS_OF_ANSWERS)
@pytest.mark.parametrize("after", [*UNQUIET_FOR, *QUIET_FOR, *TOO_LONG])
@pytest.mark.parametrize("accepted", [False, True])
def test_every_combination(answers: tuple[Answer, ...], after: timedelta, accepted: bool) -> None:
    if after < QUIET:
        expected = STAY
    elif accepted:
        expected = READY
    elif Answer.CONTRADICTION in answers:
        expected = FAILED
    elif Answer.UNFINISHED in answers:
        expected = FAILED if after >= GIVE_UP else STAY
    else:
        expected = READY

    decision = decided(*map(verdict, answers), after=after, accepted=accepted)

    assert decision.kind is expected
    assert decision.reason
    assert (decision.look_again is not None) == (expected is STAY)


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (decided(), "no rule has an opinion of its files; unchanged for 10m"),
        (decided(verdict(Answer.FINISHED)), "a.avi is finished; unchanged for 10m"),
        (
            decided(verdict(Answer.FINISHED), verdict(Answer.FINISHED, "b.avi")),
            "finished by all 2 checks; unchanged for 10m",
        ),
        (
            decided(verdict(Answer.FINISHED), verdict(Answer.CANNOT_TELL, "b.avi")),
            "b.avi is cannot tell; unchanged for 10m",
        ),
        (
            decided(*[verdict(Answer.CANNOT_TELL, name) for name in ("a", "b", "c")]),
            "a is cannot tell (and 2 more undecided); unchanged for 10m",
        ),
        (
            decided(verdict(Answer.CONTRADICTION), accepted=True),
            "a person accepted it as it is; unchanged for 10m",
        ),
        (
            decided(verdict(Answer.CONTRADICTION), after=timedelta(hours=5, minutes=1, seconds=9)),
            "a.avi is contradiction; unchanged for 5h1m",
        ),
        (
            decided(verdict(Answer.UNFINISHED), after=timedelta(days=3, hours=2, minutes=7)),
            "looks like a crash: a.avi is unfinished; unchanged for 3d2h. "
            "`accept` archives it as it is",
        ),
        (
            decided(verdict(Answer.UNFINISHED), after=timedelta(minutes=13, seconds=27.5)),
            "a.avi is unfinished; unchanged for 13m27s",
        ),
        (
            decided(verdict(Answer.FINISHED), after=timedelta(minutes=4)),
            "changed 4m ago, and has to be unchanged for 10m",
        ),
        (
            decided(verdict(Answer.UNFINISHED), after=timedelta(minutes=4)),
            "a.avi is unfinished; changed 4m ago, and has to be unchanged for 10m",
        ),
        (
            decided(verdict(Answer.CONTRADICTION), after=timedelta(minutes=4), accepted=True),
            "changed 4m ago, and has to be unchanged for 10m",
        ),
    ],
)
def test_reasons_are_sentences_for_people(decision: Decision, reason: str) -> None:
    assert decision.reason == reason


@pytest.mark.parametrize("after", [timedelta(minutes=4), QUIET])
def test_the_worst_file_comes_first_and_the_others_are_counted(after: timedelta) -> None:
    decision = decided(
        verdict(Answer.FINISHED, "a"),
        verdict(Answer.UNFINISHED, "b"),
        verdict(Answer.CANNOT_TELL, "c"),
        verdict(Answer.CONTRADICTION, "d"),
        verdict(Answer.CONTRADICTION, "e"),
        after=after,
    )

    assert decision.reason.startswith("d is contradiction (and 2 more files); ")


def test_a_file_with_two_objections_is_counted_once() -> None:
    decision = decided(
        verdict(Answer.UNFINISHED, "a"),
        verdict(Answer.UNFINISHED, "a"),
        verdict(Answer.UNFINISHED, "b"),
    )

    assert decision.reason.startswith("a is unfinished (and 1 more file); ")


def test_quiet_time_counts_from_the_newest_file_where_that_is_later() -> None:
    modified = timedelta(minutes=3)

    before = decided(after=timedelta(minutes=12), modified=modified)
    after = decided(after=timedelta(minutes=13), modified=modified)

    assert (before.kind, before.look_again) == (STAY, CHANGED + timedelta(minutes=13))
    assert after.kind is READY


@pytest.mark.parametrize("modified", [None, timedelta(days=-400), timedelta(0)])
def test_quiet_time_counts_from_the_last_look_that_saw_a_change(
    modified: timedelta | None,
) -> None:
    assert decided(after=QUIET - timedelta(seconds=1), modified=modified).kind is STAY
    assert decided(after=QUIET, modified=modified).kind is READY


def test_a_time_of_modification_in_the_future_is_no_evidence_and_is_said() -> None:
    decision = decided(modified=QUIET + timedelta(hours=3))

    assert decision.kind is READY
    assert decision.reason.endswith(
        "; unchanged for 10m (the time of its newest file is 3h ahead of this machine's clock)"
    )


def test_a_time_of_modification_in_the_future_shortens_no_wait() -> None:
    decision = decided(after=timedelta(minutes=4), modified=timedelta(hours=3))

    assert (decision.kind, decision.look_again) == (STAY, CHANGED + QUIET)
    assert "ahead of this machine's clock" in decision.reason


def test_a_clock_that_was_set_back_is_said_and_waited_for() -> None:
    decision = decided(after=timedelta(hours=-1))

    assert (decision.kind, decision.look_again) == (STAY, CHANGED + QUIET)
    assert "clock was set back" in decision.reason


def test_an_unfinished_dataset_is_looked_at_ever_more_seldom() -> None:
    waits = []
    after = QUIET
    while (look_again := decided(verdict(Answer.UNFINISHED), after=after).look_again) is not None:
        waits.append(look_again - (CHANGED + after))
        after += waits[-1]

    assert waits[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert after == GIVE_UP
    assert len(waits) < 12


def test_an_unfinished_dataset_is_not_looked_at_all_the_time_without_a_quiet_time() -> None:
    decision = decided(verdict(Answer.UNFINISHED), after=timedelta(0), quiet=timedelta(0))

    assert decision.look_again == CHANGED + timedelta(seconds=1)


@settings(deadline=None)
@given(
    answers=st.lists(st.sampled_from(Answer), max_size=4),
    newest=st.integers(-(2**63), 2**63 - 1) | st.none(),
    after=st.timedeltas(-timedelta(days=2), timedelta(days=9)),
    accepted=st.booleans(),
)
def test_no_time_of_modification_crashes_it_nor_lets_it_through_too_early(
    answers: list[Answer], newest: int | None, after: timedelta, accepted: bool
) -> None:
    now = CHANGED + after
    decision = decide(
        [verdict(answer, str(number)) for number, answer in enumerate(answers)],
        changed_at=CHANGED,
        newest_mtime_ns=newest,
        quiet=QUIET,
        give_up=GIVE_UP,
        now=now,
        accepted=accepted,
    )

    if decision.kind is not STAY:
        assert after >= QUIET
    if decision.kind is READY and not accepted:
        assert not {Answer.UNFINISHED, Answer.CONTRADICTION} & set(answers)
    assert decision.look_again is None or decision.look_again > now
