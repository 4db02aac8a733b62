"""A folder in which things go on happening is looked at less and less often, and never forgotten."""

from __future__ import annotations

from datetime import timedelta

from archived.daemon.hinted import FIRST_PAUSE, LONGEST_PAUSE, Hinted
from tests.builders import NOON

SECOND = timedelta(seconds=1)


def looks(hinted: Hinted, seconds: int) -> list[int]:
    """In which of so many seconds a folder is looked at in which something happens all the time."""
    found = []
    for second in range(seconds):
        hinted.add("a")
        if hinted.take(NOON + second * SECOND):
            found.append(second)
    return found


def test_what_was_quiet_is_looked_at_at_once_and_then_with_growing_pauses() -> None:
    assert looks(Hinted(timedelta(minutes=5)), 200) == [0, 2, 6, 14, 30, 62, 122, 182]
    assert FIRST_PAUSE == 2 * SECOND
    assert LONGEST_PAUSE == 60 * SECOND


def test_no_pause_is_longer_than_that_between_looks_at_everything() -> None:
    assert looks(Hinted(5 * SECOND), 20) == [0, 2, 6, 11, 16]
    assert looks(Hinted(timedelta(0)), 4) == [0, 1, 2, 3]


def test_what_happened_last_is_looked_at_when_the_pause_is_over() -> None:
    hinted = Hinted(timedelta(minutes=5))
    hinted.add("a")
    assert hinted.take(NOON) == {"a"}
    assert not hinted
    hinted.add("a")
    assert hinted
    assert not hinted.due(NOON + SECOND)
    assert hinted.due(NOON + 2 * SECOND)
    assert hinted.take(NOON + 2 * SECOND) == {"a"}
    assert not hinted


def test_one_folder_waits_for_no_other() -> None:
    hinted = Hinted(timedelta(minutes=5))
    looks(hinted, 100)
    hinted.add("a")
    hinted.add("b")
    assert hinted.take(NOON + 100 * SECOND) == {"b"}
    assert hinted.take(NOON + 122 * SECOND) == {"a"}


def test_a_folder_that_was_quiet_for_long_is_looked_at_at_once_again() -> None:
    hinted = Hinted(timedelta(minutes=5))
    looks(hinted, 100)
    later = NOON + timedelta(minutes=10)
    for second in (0, 2, 6):
        hinted.add("a")
        assert hinted.take(later + second * SECOND) == {"a"}


def test_nothing_waits_for_a_time_that_the_clock_was_set_back_from() -> None:
    hinted = Hinted(timedelta(minutes=5))
    looks(hinted, 100)
    hinted.add("a")
    assert hinted.take(NOON - timedelta(hours=1)) == {"a"}


def test_a_look_at_everything_sees_to_all_of_them() -> None:
    hinted = Hinted(timedelta(minutes=5))
    hinted.add("a")
    hinted.clear()
    assert not hinted
    assert not hinted.take(NOON)
