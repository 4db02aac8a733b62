"""Datasets are judged one after the other, as two at once take longer; but one that hangs does not stop the others."""

from __future__ import annotations

import threading

import pytest

from archived.core.formats import DiskTroubleError, Judgement
from archived.daemon import judging
from archived.daemon.judging import Judged, in_turn

NOTHING = Judged({}, Judgement(), "")
LONG = 60.0
"""Seconds in which whatever should happen has happened, on any machine."""


def test_a_dataset_is_judged_only_when_the_one_before_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judging, "PATIENCE", LONG)
    turn, begun, may_end = threading.Lock(), threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> Judged:
        begun.set()
        assert may_end.wait(LONG)
        order.append("first")
        return NOTHING

    def second() -> Judged:
        order.append("second")
        return NOTHING

    threads = [threading.Thread(target=in_turn, args=(turn, each)) for each in (first, second)]
    threads[0].start()
    assert begun.wait(LONG)
    threads[1].start()
    may_end.set()
    for thread in threads:
        thread.join(LONG)

    assert order == ["first", "second"]


def test_a_judgement_that_hangs_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PATIENCE", 0.01)
    turn, begun, may_end = threading.Lock(), threading.Event(), threading.Event()

    def hangs() -> Judged:
        begun.set()
        assert may_end.wait(LONG)
        return NOTHING

    hanging = threading.Thread(target=in_turn, args=(turn, hangs))
    hanging.start()
    assert begun.wait(LONG)

    assert in_turn(turn, lambda: NOTHING) is NOTHING
    assert turn.locked(), "the turn is still that of the one that hangs"

    may_end.set()
    hanging.join(LONG)
    assert not turn.locked()


def test_a_judgement_that_fails_lets_the_next_have_its_turn() -> None:
    turn = threading.Lock()

    def fails() -> Judged:
        raise DiskTroubleError("an I/O error")

    with pytest.raises(DiskTroubleError):
        in_turn(turn, fails)

    assert not turn.locked()
