"""Whether something is being recorded is told by the headers of what changed lately, and only for a while."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest

from archived.courtesy import Recording
from archived.daemon import noticing as noticing_step
from archived.daemon.pacing import EndedError, Pace
from demo import rig as programs
from tests.daemon.test_pacing import Clock
from tests.daemon.world import RUN, World

MINUTE = timedelta(minutes=1)
EPHYS = f"raw-ephys/SC011/{RUN}"


@pytest.fixture
def noticing(world: World) -> World:
    world.recording = Recording(lambda: world.now)
    world.restart()
    return world


def begin_run(world: World) -> None:
    """SpikeGLX has begun, and has not ended."""
    folder = world.root / "SC011" / RUN
    for _ in zip(range(6), programs.spikeglx(folder, RUN, probes=1), strict=False):
        pass
    world._stamp(folder)


def under_way(world: World) -> bool:
    assert world.recording is not None
    return world.recording.under_way()


def test_a_header_without_an_end_says_that_something_is_recorded(noticing: World) -> None:
    assert not under_way(noticing)
    begin_run(noticing)

    noticing.pass_time(7 * MINUTE)

    assert under_way(noticing)
    assert (noticing.store.get_setting("recording") or "").startswith(EPHYS)


def test_what_is_unfinished_and_changes_no_more_counts_no_more(noticing: World) -> None:
    begin_run(noticing)
    noticing.pass_time(7 * MINUTE)

    noticing.pass_time(15 * MINUTE)

    assert not under_way(noticing)
    assert not noticing.store.get_setting("recording")


def test_what_still_grows_goes_on_counting(noticing: World) -> None:
    begin_run(noticing)
    [growing] = (noticing.root / "SC011" / RUN).rglob("*.ap.bin")
    for _ in range(20):
        with growing.open("ab") as file:
            file.write(bytes(770))
        seconds = noticing.now.timestamp()
        os.utime(growing, (seconds, seconds))
        noticing.pass_time(2 * MINUTE)

    assert under_way(noticing)


def test_what_is_finished_is_no_recording_however_new_it_is(noticing: World) -> None:
    noticing.record_run()

    noticing.pass_time(7 * MINUTE)

    assert not under_way(noticing)


def test_nothing_is_read_for_checksums_until_a_recording_is_over() -> None:
    clock = Clock()
    seconds = 100
    pace = Pace(clock, clock.monotonic, rests=True, waits=lambda: clock.rested < seconds)

    pace()

    assert clock.rested == seconds


def test_the_end_of_the_program_does_not_wait_for_a_recording() -> None:
    ended = threading.Event()
    pace = Pace(ended, lambda: 0.0, rests=True, waits=lambda: True)
    ended.set()

    with pytest.raises(EndedError):
        pace()


def test_who_waits_for_the_end_of_everything_waits_for_no_recording() -> None:
    clock = Clock()
    pace = Pace(clock, clock.monotonic, rests=False, waits=lambda: True)

    pace()

    assert clock.rested == 0


def test_what_cannot_be_looked_into_by_mistake_is_told_and_says_nothing_of_a_recording(
    noticing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_run(noticing)
    noticing.pass_time(7 * MINUTE)
    assert under_way(noticing)

    def mistaken(_looks: object) -> None:
        raise RecursionError("a mistake")

    monkeypatch.setattr(noticing_step, "_unfinished", mistaken)
    noticing.pass_time(2 * MINUTE)

    assert under_way(noticing)
    assert any("RecursionError" in str(entry) for entry in noticing.log.entries)
