"""Whatever is killed, whenever: what is typed again brings every file, in no two transfers, over nothing.

Every write to the store and every call to the mover is a place to die at, before it happens and after.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archived.retrieve import Outcome, resume
from tests.builders import NOON
from tests.dying import Killed, Places
from tests.fakes import FakeTransfers
from tests.retrieve.world import G0, G1, Machine, OneMover, contents, fake, some_bytes

WRITES = frozenset(
    {
        "begin_retrieval",
        "plan_retrieval",
        "note_brought",
        "end_retrieval",
        "reserve_batch",
        "start_batch",
        "sent_batch",
        "move_batch",
        "update_batch",
        "postpone_batch",
        "end_batch",
        "put_setting",
    }
)
CALLS = frozenset({"reserve", "find", "submit", "poll", "receipts", "list", "stat"})


class Clock:
    """Time that goes on by a minute whenever somebody looks."""

    def __init__(self, time: datetime = NOON) -> None:
        self.time = time

    def __call__(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time


class Machines:
    """Keeps what a story that is killed leaves behind."""

    def __init__(self) -> None:
        self._left: tuple[Machine, FakeTransfers] | None = None

    def tell(self, folder: Path, places: Places) -> tuple[Machine, FakeTransfers]:
        """Bring five files of two animals, in two batches; what it made is kept at once."""
        machine = Machine(folder, globus=True)
        machine.configure(transfer="max_files = 3")
        machine.archived(G0, {"a.ap.bin": some_bytes(1), "a.ap.meta": b"a", "c.txt": b"c"})
        machine.archived(G1, {"b.ap.bin": some_bytes(2), "b.ap.meta": b"b"})
        mover = fake(machine, steps=2)
        self._left = machine, mover
        real, machine.store = machine.store, places.around(machine.store, WRITES)
        try:
            movers = OneMover(places.around(mover, CALLS))
            machine.bring(movers, machine.prepare(movers), now=Clock())
        finally:
            machine.store = real
        return self._left

    def left(self) -> tuple[Machine, FakeTransfers]:
        """The machine and its mover."""
        assert self._left is not None
        return self._left


def go_on(machine: Machine, mover: FakeTransfers, *, typed_again: bool) -> Outcome:
    """A new process, which knows only the store."""
    machine.store.close()
    machine.store = machine.open()
    movers = OneMover(mover)
    plan = machine.prepare(movers) if typed_again else resume(machine.configuration, machine.store)
    return machine.bring(movers, plan, now=Clock(NOON + timedelta(days=1)))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("typed_again", [False, True], ids=["continue", "typed again"])
def test_killed_at_any_place_it_brings_everything_once(
    tmp_path: Path, after: bool, typed_again: bool
) -> None:
    fatal = 0
    while True:
        fatal += 1
        folder = tmp_path / str(fatal)
        folder.mkdir()
        places = Places(fatal, after=after)
        died = Machines()
        try:
            machine, mover = died.tell(folder, places)
            survived = True
        except Killed:
            machine, mover = died.left()
            survived = False
            noted = machine.store.retrievals()
            outcome = go_on(machine, mover, typed_again=typed_again or not noted)
            assert not outcome.left, places.where
            assert not outcome.failed, (places.where, outcome)
            assert not outcome.differing, (places.where, outcome)
        assert contents(machine.here) == contents(machine.folder()), places.where
        assert mover.overwritten == [], places.where
        for path in contents(machine.here):
            assert mover.moves_of(path) == 1, (places.where, path)
            assert mover.tasks_of(path) == 1, (places.where, path)
        assert machine.store.retrievals() == [], places.where
        machine.store.close()
        if survived:
            break
    assert fatal > 20, "there are this many places at the least"


def test_files_that_travel_for_one_command_do_not_travel_for_another(tmp_path: Path) -> None:
    machine = Machine(tmp_path, globus=True)
    machine.archived(G0, {"a.ap.bin": some_bytes(1), "a.ap.meta": b"a"})
    mover = fake(machine, by_itself=False)
    movers = OneMover(mover)

    def end_soon(_progress: object) -> None:
        machine.stop.set()

    machine.bring(movers, machine.prepare(movers), asked_for="one", tell=end_soon)
    machine.stop.clear()
    [running] = mover.under_way()
    plan = machine.prepare(movers, file_type="*-meta")
    assert (plan.files, plan.files_under_way) == (0, 1)

    mover.by_itself = True
    outcome = machine.bring(movers, plan, asked_for="another")

    assert outcome.complete
    assert list(mover.tasks) == [running.id]
    assert machine.store.retrievals() == []
    machine.store.close()
