"""Files are read in the background so that what is recorded meanwhile is not disturbed, and the end waits for nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from archived.courtesy import LONGEST_REST
from archived.daemon.pacing import EndedError, Pace
from archived.rig.reader import checksum
from archived.rig.root import Root


class Clock(threading.Event):
    """A clock that only waiting and working move on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.rested = 0.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.now += timeout
        self.rested += timeout
        return self.is_set()


@pytest.mark.parametrize("read", [0.001, 0.2, 1.0])
def test_half_of_the_time_the_disk_is_left_to_others(read: float) -> None:
    clock = Clock()
    pace = Pace(clock, clock.monotonic, rests=True)

    for _ in range(int(100 / read)):
        clock.now += read
        pace()

    assert clock.rested == pytest.approx(100, rel=0.02)


def test_a_disk_that_hung_is_not_waited_for_once_more() -> None:
    clock = Clock()
    pace = Pace(clock, clock.monotonic, rests=True)
    clock.now += 3_600

    pace()

    assert clock.rested == LONGEST_REST


def test_who_waits_for_the_end_gets_it_without_rests() -> None:
    clock = Clock()
    pace = Pace(clock, clock.monotonic, rests=False)
    clock.now += 100

    pace()

    assert clock.rested == 0


@pytest.mark.parametrize("rests", [True, False])
def test_the_end_of_the_program_ends_the_reading_of_a_large_file(
    tmp_path: Path, rests: bool
) -> None:
    clock, reads = Clock(), []
    pace = Pace(clock, clock.monotonic, rests=rests)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)

    def going_on() -> None:
        reads.append(1)
        if len(reads) == 5:
            clock.set()
        pace()

    with pytest.raises(EndedError):
        checksum(Root(str(tmp_path)), "large", "SHA256", going_on=going_on)

    assert len(reads) == 5
