"""Waiting for a store that refuses: told of once, never without a sign of life, and no longer than need be."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from archived.daemon.outage import LONGEST_PAUSE, SIGN_OF_LIFE, Outage
from archived.errors import StoreDamagedError, StoreError
from tests.builders import NOON
from tests.daemon.world import SilentLog

AWAY = StoreError("the store postgresql://db/archive cannot be used just now: refused")


class Stop(threading.Event):
    """Notes how long it was waited for, in seconds, and waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


class Trial:
    """An outage, and everything that it told."""

    def __init__(self, *, served: bool = True) -> None:
        self.log = SilentLog()
        self.stop = Stop()
        self.signs: list[int] = []
        self.told: list[str] = []
        self.outage = Outage(
            self.log,
            served=served,
            stop=self.stop,
            alive=lambda: self.signs.append(len(self.stop.waits)),
            troubled=self.told.append,
        )

    def pause(self, error: StoreError = AWAY) -> float:
        """Be refused once; how long was waited then."""
        before = len(self.stop.waits)
        self.outage.wait(error, NOON)
        return sum(self.stop.waits[before:])


def test_a_server_is_waited_for_longer_and_longer_up_to_half_a_minute() -> None:
    trial = Trial()
    pauses = [trial.pause() for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert pauses[-1] == LONGEST_PAUSE.total_seconds()


def test_a_disk_that_is_full_is_asked_again_at_a_steady_pace() -> None:
    trial = Trial(served=False)
    assert [trial.pause() for _ in range(4)] == [5, 5, 5, 5]


def test_no_wait_is_without_a_sign_of_life() -> None:
    trial = Trial()
    for _ in range(8):
        trial.pause()
    assert max(trial.stop.waits) <= SIGN_OF_LIFE.total_seconds()
    assert set(range(len(trial.stop.waits))) <= set(trial.signs)


def test_it_is_told_of_once_and_again_when_it_is_over() -> None:
    trial = Trial()
    trial.outage.over(NOON)
    for _ in range(100):
        trial.pause()
    trial.outage.over(NOON + timedelta(hours=1))
    trial.outage.over(NOON + timedelta(hours=2))
    assert [event for event, _ in trial.log.entries] == ["store unavailable", "store is back"]
    assert trial.log.entries[1][1] == {"seconds_away": 3600}
    assert len(trial.told) == 1
    assert "waiting for the store since 12:00:00 UTC" in trial.told[0]


def test_another_trouble_is_told_of_too() -> None:
    trial = Trial()
    trial.pause()
    trial.pause(StoreError("the store postgresql://db/archive: no answer within 30 s"))
    assert len(trial.told) == len(trial.log.entries) == 2


def test_after_it_is_over_the_waits_begin_anew() -> None:
    trial = Trial()
    for _ in range(6):
        trial.pause()
    trial.outage.over(NOON)
    assert trial.pause() == 1
    assert len(trial.told) == 2


def test_whoever_is_to_stop_waits_no_longer() -> None:
    trial = Trial()
    for _ in range(6):
        trial.pause()
    trial.stop.set()
    assert trial.pause() == 0


def test_what_no_waiting_mends_is_not_waited_for() -> None:
    trial = Trial()
    with pytest.raises(StoreDamagedError):
        trial.pause(StoreDamagedError("the store is damaged"))
    assert trial.stop.waits == []
