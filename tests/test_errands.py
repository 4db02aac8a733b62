"""Slow work runs beside the tick and comes back once."""

from __future__ import annotations

import threading

import pytest

from archived.errands import Finished, ThreadErrands


class Waiting:
    """Errands with one lane, and a way to wait for their results without sleeping."""

    def __init__(self) -> None:
        self.woken = threading.Event()
        self.errands = ThreadErrands(
            lanes={"lane": 2}, lane_of=lambda _kind: "lane", wake=self.woken.set
        )

    def collect(self, number: int) -> list[Finished]:
        found: list[Finished] = []
        while len(found) < number:
            assert self.woken.wait(10)
            self.woken.clear()
            found += self.errands.finished()
        return found


@pytest.fixture
def waiting():
    waiting = Waiting()
    yield waiting
    waiting.errands.close()


def test_an_errand_comes_back_with_its_result(waiting: Waiting) -> None:
    waiting.errands.start("poll", "a", lambda: 42)

    [back] = waiting.collect(1)

    assert (back.kind, back.subject, back.result, back.error) == ("poll", "a", 42, None)
    assert not waiting.errands.under_way()


def test_what_goes_wrong_comes_back_too(waiting: Waiting) -> None:
    def fail() -> None:
        raise OSError("gone")

    waiting.errands.start("poll", "a", fail)

    [back] = waiting.collect(1)

    assert isinstance(back.error, OSError)


def test_there_is_one_errand_of_a_kind_for_a_subject_until_it_is_collected(
    waiting: Waiting,
) -> None:
    go_on = threading.Event()

    assert waiting.errands.start("poll", "a", lambda: go_on.wait(10))
    assert not waiting.errands.start("poll", "a", lambda: None)
    assert waiting.errands.start("poll", "b", lambda: None)

    go_on.set()
    waiting.collect(2)
    assert waiting.errands.start("poll", "a", lambda: None)
    waiting.collect(1)
