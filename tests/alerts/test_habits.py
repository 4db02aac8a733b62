"""What is missing is decided from what is usual for a rig: no night, weekend or deleted file cries wolf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archived.core.filling import MOST, SOON, Look, is_filling, kept, time_left
from archived.core.half_sessions import Half, Recorded, half_sessions
from archived.core.lifecycle import State
from archived.core.login_age import LASTS, WARNING, ends_soon
from archived.core.silence import FLOOR, UNKNOWN, Move, silences, silent_since, too_long
from tests.builders import NOON

MOMENT, HOUR, DAY = timedelta(seconds=15), timedelta(hours=1), timedelta(days=1)
short = st.timedeltas(timedelta(0), timedelta(days=10))


def archived(number: int, *, every: timedelta, takes: timedelta) -> list[Move]:
    """So many datasets, each recorded after the one before, and archived after a while."""
    moves = []
    for dataset in range(number):
        at = NOON + dataset * every
        moves.append(Move(dataset, at, None, State.SETTLING, False))
        moves.append(Move(dataset, at + takes, State.VERIFYING, State.ARCHIVED, True))
    return moves


def test_time_in_which_nothing_waited_is_no_silence() -> None:
    """One recording a week, archived within an hour: it is quiet for an hour, and never for a week."""
    assert set(silences(archived(30, every=7 * DAY, takes=HOUR))) == {HOUR}
    assert too_long([HOUR] * 30) == FLOOR
    habit, last = [HOUR] * 30, NOON
    assert silent_since(habit, last, None, NOON + 1000 * DAY) is None
    assert silent_since(habit, last, NOON + 9 * DAY, NOON + 9 * DAY + 2 * HOUR) is None
    assert silent_since(habit, last, NOON + 9 * DAY, NOON + 10 * DAY) == NOON + 9 * DAY
    assert silent_since(habit, NOON + 10 * DAY, NOON + 9 * DAY, NOON + 10 * DAY) is None


def test_a_rig_that_takes_long_is_given_longer_and_one_outage_teaches_nothing() -> None:
    assert too_long([10 * HOUR] * 30) == 30 * HOUR
    assert too_long([HOUR] * 29 + [20 * DAY]) == FLOOR
    assert too_long([HOUR] * 3) == UNKNOWN


def test_a_batch_of_many_datasets_is_one_wait_and_not_many_short_ones() -> None:
    moves = []
    for night in range(10):
        began = NOON + night * DAY
        batch = range(night * 40, night * 40 + 40)
        moves += [Move(each, began, None, State.SETTLING, False) for each in batch]
        moves += [
            Move(each, began + 9 * HOUR + place * MOMENT, State.VERIFYING, State.ARCHIVED, True)
            for place, each in enumerate(batch)
        ]
    habit = silences(moves)
    assert habit == [9 * HOUR] * 10
    assert too_long(habit) > 9 * HOUR


def test_a_dataset_that_grew_or_was_retried_waits_from_then_on() -> None:
    moves = [
        Move(1, NOON, None, State.SETTLING, False),
        Move(1, NOON + HOUR, State.VERIFYING, State.ARCHIVED, True),
        Move(1, NOON + 9 * DAY, State.ARCHIVED, State.SETTLING, False),
        Move(1, NOON + 9 * DAY + 2 * HOUR, State.VERIFYING, State.ARCHIVED, True),
        Move(2, NOON + 10 * DAY, None, State.ARCHIVED, False),
    ]
    assert silences(moves) == [HOUR, 2 * HOUR]


@given(st.lists(short), short, short, short)
def test_a_silence_is_never_shorter_than_the_floor_and_lasts_until_something_is_archived(
    habit: Sequence[timedelta], last: timedelta, waiting: timedelta, now: timedelta
) -> None:
    since = silent_since(habit, NOON + last, NOON + waiting, NOON + now)
    assert too_long(habit) >= FLOOR
    if since is not None:
        assert since == NOON + max(last, waiting)
        assert NOON + now - since >= FLOOR
        assert silent_since(habit, NOON + last, NOON + waiting, NOON + now + DAY) == since
        assert silent_since(habit, NOON + now, NOON + waiting, NOON + now) is None


def looks(*free: int, every: timedelta = 12 * HOUR) -> list[Look]:
    found: list[Look] = []
    for number, each in enumerate(free):
        found = kept(found, Look(NOON + number * every, each))
    return found


def test_a_disk_that_fills_is_told_in_time_and_one_that_is_cleared_is_not() -> None:
    assert time_left(looks(1000, 900, 800)) == 4 * DAY
    assert not is_filling(looks(1000, 900, 800), 2000, already=False)
    assert is_filling(looks(800, 700, 600, 500), 2000, already=False)
    # Not over before there is clearly room, whatever the rate is at the moment.
    assert is_filling(looks(900, 850, 800, 750, 700), 2000, already=True) is False
    assert not is_filling(looks(800, 700, 600, 5000), 9000, already=True)
    assert time_left(looks(800, 900, 1000)) is None
    assert time_left(looks(800, 700)) is None
    assert is_filling(looks(10), 2000, already=False)


def test_a_daemon_that_starts_again_and_again_does_not_end_the_alarm() -> None:
    found = looks(*range(1000, 928, -1), every=HOUR)
    assert is_filling(found, 1000, already=False) is False
    found = looks(*range(100, 28, -1), every=HOUR)
    assert is_filling(found, 1000, already=False)
    last = found[-1].at
    for number in range(1, 91):
        found = kept(found, Look(last + number * MOMENT, 29))
        assert is_filling(found, 1000, already=True)
    assert found[0].at == NOON
    assert time_left(found) is not None


def test_from_too_few_looks_an_alarm_neither_begins_nor_ends() -> None:
    assert is_filling(looks(800, 700), 2000, already=True)
    assert not is_filling(looks(800, 700), 2000, already=False)


free = st.integers(0, 10**15)


@given(st.lists(free, min_size=1, max_size=20), free)
def test_what_is_removed_between_two_looks_makes_no_rate(course: list[int], removed: int) -> None:
    found = looks(*course, every=4 * HOUR)
    left = time_left(found)
    assert left is None or left >= timedelta(0)
    more = looks(*course, course[-1] + removed, every=4 * HOUR)
    after = time_left(more)
    if left is not None and after is not None and len(course) < 15:
        assert after >= left
    assert len(more) <= MOST


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=200))
def test_looks_are_in_order_and_few_whatever_the_clock_does(minutes: list[int]) -> None:
    found: list[Look] = []
    for each in minutes:
        found = kept(found, Look(NOON + timedelta(minutes=each), 1))
    times = [each.at for each in found]
    assert times == sorted(set(times))
    assert found[-1].at == NOON + timedelta(minutes=minutes[-1])
    assert len(found) <= MOST


def session(
    days: int, *conventions: str, h2o: str = "SC011", later: timedelta = HOUR
) -> list[Recorded]:
    at = NOON + days * DAY
    return [
        Recorded(h2o, at.date(), each, at + number * later, at + number * later)
        for number, each in enumerate(conventions)
    ]


def many(number: int, *conventions: str, later: timedelta = HOUR) -> list[Recorded]:
    return [each for day in range(number) for each in session(day, *conventions, later=later)]


BOTH = ("spikeglx", "tracking-video")


def test_a_session_that_lacks_what_others_have_is_named_once_it_has_been_quiet() -> None:
    course = [*many(10, *BOTH), *session(10, "tracking-video")]
    at = NOON + 10 * DAY
    assert half_sessions(course, at + 11 * HOUR) == []
    half = Half("SC011", at.date(), ("video",), ("ephys",))
    assert half_sessions(course, at + 13 * HOUR) == [half]
    assert half_sessions([*course, *session(10, "catgt")], at + 13 * HOUR) == []
    assert half_sessions(course, at + 8 * DAY) == []


def test_a_rig_that_has_no_such_habit_has_no_half_sessions() -> None:
    at = NOON + 10 * DAY + 20 * HOUR
    alternating = [*many(10, "spikeglx"), *session(3, "tracking-video"), *session(10, *BOTH)]
    assert half_sessions(alternating, at) == []
    assert half_sessions([*many(5, *BOTH), *session(10, "spikeglx")], at) == []
    assert half_sessions([*many(10, "two-photon"), *session(10, "tracking-video")], at) == []


def test_a_part_that_usually_comes_late_is_waited_for() -> None:
    course = [*many(10, *BOTH, later=20 * HOUR), *session(10, "spikeglx")]
    at = NOON + 10 * DAY
    assert half_sessions(course, at + 39 * HOUR) == []
    assert len(half_sessions(course, at + 41 * HOUR)) == 1


def test_what_discover_found_is_no_news() -> None:
    """All of it was seen for the first time today, and was recorded years ago."""
    old = [
        each._replace(first_seen=NOON, changed_at=NOON, day=each.day - timedelta(days=900))
        for each in [*many(10, *BOTH), *session(10, "spikeglx")]
    ]
    assert half_sessions(old, NOON + 2 * DAY) == []


@given(
    st.lists(
        st.builds(
            Recorded,
            st.sampled_from(["a", "b"]),
            st.integers(0, 30).map(lambda day: (NOON + day * DAY).date()),
            st.sampled_from(["catgt", "spikeglx", "tracking-video", "two-photon"]),
            st.integers(0, 30).map(lambda day: NOON + day * DAY),
            st.integers(0, 30).map(lambda day: NOON + day * DAY),
        ),
        max_size=60,
    ),
    short,
)
def test_a_half_session_has_something_and_lacks_something_else(
    recorded: list[Recorded], later: timedelta
) -> None:
    now = NOON + 25 * DAY + later
    for each in half_sessions(recorded, now):
        assert each.has
        assert each.lacks
        assert not set(each.has) & set(each.lacks)
        mine = [one for one in recorded if (one.h2o, one.day) == (each.h2o, each.day)]
        assert mine
        assert all(now - max(one.first_seen, one.changed_at) >= timedelta(0) for one in mine)
    assert half_sessions(list(reversed(recorded)), now) == half_sessions(recorded, now)


@given(st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_login_is_told_of_a_month_before_it_ends(age: timedelta | None) -> None:
    used: datetime | None = None if age is None else NOON - age
    ends = ends_soon(used, NOON)
    assert (ends is not None) == (age is not None and age >= LASTS - WARNING)
    assert ends is None or used is None or ends == used + LASTS
    assert SOON < WARNING
