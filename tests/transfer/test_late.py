"""A mover that is made when it is needed: once, by whoever needs it first, and by nobody after the end."""

from __future__ import annotations

import threading

import pytest

from archived.errors import ConfigurationError, TransferUnavailableError
from archived.ports import Transfers
from archived.transfer.late import LateMover
from tests.fakes import FakeTransfers


class Workshop:
    """Makes movers, and counts them."""

    def __init__(self) -> None:
        self.made: list[FakeTransfers] = []
        self.threads: list[str] = []
        self.refuses: Exception | None = None

    def make(self) -> Transfers:
        if self.refuses is not None:
            raise self.refuses
        self.threads.append(threading.current_thread().name)
        self.made.append(FakeTransfers({}))
        return self.made[-1]


def test_a_mover_is_made_by_its_first_verb() -> None:
    workshop = Workshop()
    mover = LateMover(workshop.make)
    assert not workshop.made

    assert mover.list("") == []
    assert len(workshop.made) == 1


def test_threads_that_need_it_at_once_have_the_same_one() -> None:
    workshop = Workshop()
    mover = LateMover(workshop.make)
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait()
        mover.reserve()

    threads = [threading.Thread(target=ask, name=f"asks-{each}") for each in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(workshop.made) == 1
    assert workshop.made[0].calls["reserve"] == 4
    assert workshop.threads[0].startswith("asks-")


def test_a_mover_that_cannot_be_made_is_tried_again() -> None:
    workshop = Workshop()
    mover = LateMover(workshop.make)
    workshop.refuses = ConfigurationError("no such account")
    with pytest.raises(ConfigurationError, match="no such account"):
        mover.poll("task")

    workshop.refuses = None
    mover.poll("task")
    assert len(workshop.made) == 1


def test_a_mover_that_nobody_needed_is_not_made_to_be_closed() -> None:
    workshop = Workshop()
    mover = LateMover(workshop.make)
    mover.close()

    assert not workshop.made


def test_none_is_made_after_the_end() -> None:
    workshop = Workshop()
    mover = LateMover(workshop.make)
    mover.close()
    with pytest.raises(TransferUnavailableError, match="closed"):
        mover.reserve()

    assert not workshop.made


def test_what_was_made_is_closed() -> None:
    workshop = Workshop()
    mover = LateMover(workshop.make)
    mover.reserve()
    mover.close()

    assert workshop.made[0].closed


def test_the_end_does_not_wait_for_a_disk_on_which_it_is_being_made() -> None:
    making, answers = threading.Event(), threading.Event()
    workshop = Workshop()
    refused: list[Exception] = []

    def make() -> Transfers:
        making.set()
        assert answers.wait(60)
        return workshop.make()

    mover = LateMover(make)

    def ask() -> None:
        try:
            mover.reserve()
        except TransferUnavailableError as error:
            refused.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert making.wait(60)

    mover.close()

    assert not workshop.made
    answers.set()
    thread.join(60)
    assert refused
    assert workshop.made[0].closed
