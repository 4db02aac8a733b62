"""Whoever records comes first: rests while something is recorded, the lowest priorities, and none of it for ever."""

from __future__ import annotations

import os
import sys
import threading
from datetime import datetime, timedelta

import pytest

from archived.courtesy import LONGEST_REST, LONGEST_WAIT, NICENESS, Recording, Rests, step_back
from tests.builders import NOON
from tests.daemon.test_pacing import Clock

MINUTE = timedelta(minutes=1)


class Day:
    """A time of day that tests set."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def test_a_recording_counts_until_it_was_to_have_changed_again() -> None:
    day = Day()
    recording = Recording(day)
    assert not recording.under_way()

    recording.note(NOON + MINUTE)
    assert recording.under_way()

    day.time += MINUTE
    assert not recording.under_way()


def test_a_recording_that_is_over_counts_no_more() -> None:
    recording = Recording(Day())
    recording.note(NOON + MINUTE)
    recording.over()

    assert not recording.under_way()
    assert not recording.may_be_waited_for()


def test_recordings_without_an_end_are_not_waited_for_for_ever() -> None:
    day = Day()
    recording = Recording(day)
    waited = timedelta()
    recording.note(NOON + 2 * MINUTE)
    while recording.may_be_waited_for():
        day.time += MINUTE
        waited += MINUTE
        recording.note(day.time + 2 * MINUTE)

    assert waited == LONGEST_WAIT
    assert recording.under_way(), "it is still told of, and given rests"


def test_after_a_pause_between_recordings_waiting_begins_anew() -> None:
    day = Day()
    recording = Recording(day)
    recording.note(NOON + MINUTE)
    day.time += LONGEST_WAIT
    recording.note(day.time + MINUTE)

    assert recording.may_be_waited_for()


def test_rests_are_taken_only_while_they_are_wanted() -> None:
    clock = Clock()
    wanted = False
    rests = Rests(clock, clock.monotonic, lambda: wanted)
    for _ in range(100):
        clock.now += 0.1
        rests()
    assert clock.rested == 0

    wanted = True
    for _ in range(100):
        clock.now += 0.1
        rests()
    assert clock.rested == pytest.approx(10, rel=0.05)
    clock.now += 1000
    before = clock.rested
    rests()
    assert clock.rested - before == LONGEST_REST


@pytest.mark.skipif(sys.platform != "linux", reason="only there has a thread a priority of its own")
@pytest.mark.parametrize("idle", [False, True])
def test_a_thread_that_steps_back_takes_no_other_with_it(idle: bool) -> None:
    found: list[int] = []

    def work() -> None:
        step_back(idle=idle)
        step_back(idle=idle)
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert found == [max(before, NICENESS)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
