"""A batch of any direction goes through the states of every batch, whatever comes in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archived.carry import Carrier, CarryPolicy, Ending, Proof, Setback
from archived.core.carrying import order_deadline
from archived.core.model import Batch, BatchState, Direction, Receipt
from archived.core.retrying import RetryPolicy
from archived.errors import LoginRequiredError, TransferUnavailableError
from archived.ports import EntryType, TransferItem
from archived.store import Store
from tests.builders import NOON
from tests.fakes import FakeTransfers

LOCATION = "raw-ephys"
POLL = timedelta(seconds=30)
DEADLINE = timedelta(days=3)


class Crate:
    """A load whose batches hold one file each, named after the batch."""

    def __init__(self, mover: FakeTransfers, files: dict[str, bytes]) -> None:
        self.moves_with = mover
        self.files = files
        self.tried = 0
        self.endings: dict[str, Ending] = {}
        self.bug: Exception | None = None

    def mover(self, batch: Batch) -> FakeTransfers:
        """See `Load.mover`."""
        return self.moves_with

    def attempts(self, batch: Batch) -> int:
        """See `Load.attempts`."""
        return self.tried

    def look(self, batch: Batch, now: datetime) -> None:
        """See `Load.look`."""
        if self.bug is not None and batch.id.endswith("0"):
            raise self.bug

    def items(self, batch: Batch) -> Sequence[TransferItem]:
        """See `Load.items`."""
        data = self.files.get(batch.id)
        return [] if data is None else [TransferItem(batch.id, len(data))]

    def paths(self, batch: Batch) -> frozenset[str]:
        """See `Load.paths`."""
        return frozenset({batch.id})

    def prove(self, batch: Batch, receipts: Mapping[str, Receipt]) -> Proof:
        """See `Load.prove`."""
        entry = self.moves_with.stat(batch.id)
        if entry is not None and entry.type is EntryType.FILE:
            listed = receipts.get(batch.id)
            return Proof((listed or Receipt(batch.id, entry.size, None, "listing"),))
        return Proof(unproved={batch.id: Setback("", "is not there")})

    def ended(self, batch: Batch, ending: Ending, now: datetime) -> None:
        """See `Load.ended`."""
        self.endings[batch.id] = ending


class Alarms:
    """Keeps the alarms that are on."""

    def __init__(self) -> None:
        self.on: dict[str, str] = {}

    def raise_alarm(self, key: str, message: str, what_to_do: str, now: datetime) -> None:
        """See `archived.carry.Alarms`."""
        self.on[key] = message

    def clear_alarm(self, key: str) -> None:
        """See `archived.carry.Alarms`."""
        self.on.pop(key, None)

    def info(self, event: str, **fields: object) -> None:
        """See `archived.carry.Log`."""

    def warning(self, event: str, **fields: object) -> None:
        """See `archived.carry.Log`."""


class World:
    """A store, a mover in memory, and time that a test moves."""

    def __init__(self, base: Path) -> None:
        self.address = str(base / "archived.db")
        self.store = Store.open(self.address, rig="rig-1", create=True, now=NOON)
        self.now = NOON
        self.files = {f"batch-{number}": b"%d" % number for number in range(5)}
        self.mover = FakeTransfers(self.files)
        self.crate = Crate(self.mover, self.files)
        self.alarms = Alarms()

    def carrier(self) -> Carrier:
        """A carrier, as after a restart."""
        policy = CarryPolicy(
            poll=POLL,
            deadline=DEADLINE,
            max_active=2,
            retry=RetryPolicy(timedelta(minutes=1), timedelta(hours=1)),
        )
        return Carrier(
            self.store,
            Direction.RECORD,
            self.crate,
            rig="rig-1",
            policy=policy,
            alarms=self.alarms,
            log=self.alarms,
            jitter=lambda: 0.5,
        )

    def plan(self, *numbers: int) -> None:
        """Batches of one file each."""
        for number in numbers:
            self.store.begin_batch(
                f"batch-{number}",
                LOCATION,
                Direction.RECORD,
                files=1,
                size=1,
                now=self.now,
                deadline=self.now + DEADLINE,
            )

    def state(self, number: int = 0) -> BatchState:
        """Where a batch stands."""
        batch = self.store.batch(f"batch-{number}")
        assert batch is not None
        return batch.state

    def turn(self) -> datetime | None:
        """One turn at the time that the last one named, or now."""
        back = self.carrier().turn(self.now)
        if back is not None:
            assert back > self.now
            self.now = back
        return back

    def until_done(self, turns: int = 60) -> None:
        """Turns until no batch is left."""
        for _ in range(turns):
            if self.turn() is None:
                return
        raise AssertionError([str(each.state) for each in self.store.batches()])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Five files."""
    made = World(tmp_path)
    yield made
    made.store.close()


def test_a_batch_goes_all_the_way(world: World) -> None:
    world.plan(0)
    assert world.state() is BatchState.PLANNED

    world.until_done()

    assert world.state() is BatchState.PROVED
    assert world.mover.archive == {"batch-0": b"0"}
    assert [each.path for each in world.crate.endings["batch-0"].arrived] == ["batch-0"]
    [task] = world.mover.tasks.values()
    assert task.order.label == "archived rig-1 batch-0"
    assert task.order.direction is Direction.RECORD
    assert task.order.deadline == NOON + DEADLINE


def test_batches_of_other_directions_are_left_alone(world: World) -> None:
    world.store.begin_batch(
        "other", LOCATION, Direction.RETRIEVE, files=1, size=1, now=NOON, deadline=NOON
    )
    assert world.turn() is None
    other = world.store.batch("other")
    assert other is not None
    assert other.state is BatchState.PLANNED


def test_no_more_than_allowed_are_under_way(world: World) -> None:
    world.mover.by_itself = False
    world.plan(0, 1, 2, 3)
    world.turn()
    world.turn()
    assert len(world.mover.tasks) == 2
    world.mover.by_itself = True

    world.until_done()

    assert len(world.mover.archive) == 4


def test_a_batch_that_runs_for_long_is_asked_about_ever_more_seldom(world: World) -> None:
    world.mover.by_itself = False
    world.plan(0)
    waits = []
    for _ in range(30):
        before = world.now
        world.turn()
        waits.append(world.now - before)
    assert waits[1] <= timedelta(seconds=1)
    assert waits[-1] == POLL
    assert waits[1:] == sorted(waits[1:])


def test_a_task_that_ignores_its_deadline_is_cancelled(world: World) -> None:
    world.mover.by_itself = False
    world.plan(0)
    world.turn()
    world.turn()
    assert world.state() is BatchState.ACTIVE
    world.now += DEADLINE + timedelta(hours=2)

    world.turn()
    world.turn()

    assert world.state() is BatchState.FAILED
    assert world.crate.endings["batch-0"].reason == "cancelled: it did not end at its deadline"
    assert world.crate.endings["batch-0"].retry_at is not None


def test_a_task_that_can_never_finish_is_cancelled_for_its_file(world: World) -> None:
    world.mover.break_file("batch-0", "FILE_NOT_FOUND")
    world.plan(0, 1)

    world.until_done()

    assert (world.state(0), world.state(1)) == (BatchState.FAILED, BatchState.PROVED)
    assert world.crate.endings["batch-0"].failed["batch-0"].code == "FILE_NOT_FOUND"


def test_a_bug_in_one_batch_does_not_keep_the_others(world: World) -> None:
    world.crate.bug = ZeroDivisionError("a bug")
    world.plan(0, 1)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError, match="a bug"):
            world.carrier().turn(world.now)
        world.now += POLL

    assert (world.state(0), world.state(1)) == (BatchState.PLANNED, BatchState.PROVED)


def test_a_missing_login_is_raised_and_nobody_is_blamed(world: World) -> None:
    world.mover.refuse("poll", LoginRequiredError("log in"))
    world.plan(0)
    world.turn()
    with pytest.raises(LoginRequiredError):
        world.carrier().turn(world.now)
    batch = world.store.batch("batch-0")
    assert batch is not None
    assert (batch.state, batch.attempts) == (BatchState.ACTIVE, 0)
    world.now += POLL

    world.until_done()

    assert world.state() is BatchState.PROVED


def test_people_are_told_when_the_mover_stays_away(world: World) -> None:
    world.mover.refuse("submit", TransferUnavailableError("503"), times=3)
    world.plan(0)
    world.turn()
    world.turn()
    assert world.alarms.on == {}
    world.turn()
    assert list(world.alarms.on) == [f"record-mover:{LOCATION}"]

    world.until_done()

    assert world.alarms.on == {}


def test_a_full_archive_is_told_of_and_tried_again(world: World) -> None:
    world.mover.break_file("batch-0", "QUOTA_EXCEEDED", times=1)
    world.plan(0)
    world.until_done()
    ending = world.crate.endings["batch-0"]
    assert ending.retry_at is not None
    assert f"record-full:{LOCATION}" in world.alarms.on


def test_a_full_destination_that_is_not_waited_for_has_failed(world: World) -> None:
    world.mover.break_file("batch-0", "NO_SPACE_LEFT")
    world.plan(0)
    world.turn()
    policy = CarryPolicy(POLL, DEADLINE, 2, RetryPolicy(POLL, POLL), waits_for_room=False)
    carrier = Carrier(
        world.store,
        Direction.RECORD,
        world.crate,
        rig="rig-1",
        policy=policy,
        alarms=world.alarms,
        log=world.alarms,
        jitter=lambda: 0.5,
    )
    for _ in range(10):
        world.now += POLL
        carrier.turn(world.now)

    assert world.crate.endings["batch-0"].retry_at is None
    assert "make room" in world.crate.endings["batch-0"].reason


def test_nothing_to_move_ends_the_batch(world: World) -> None:
    world.plan(0)
    del world.files["batch-0"]

    assert world.turn() is None

    assert world.state() is BatchState.FAILED
    assert world.crate.endings["batch-0"].reason == "nothing was left to move"
    assert world.mover.tasks == {}


def test_what_is_not_there_although_the_task_succeeded_is_given_up_after_six_times(
    world: World,
) -> None:
    world.mover.vanish_after_success("batch-0")
    world.crate.tried = 5
    world.plan(0)

    world.until_done()

    assert world.crate.endings["batch-0"].retry_at is None
    assert world.crate.endings["batch-0"].reason == "tried 6 times in vain: batch-0 is not there"


def test_an_ending_and_what_became_of_the_files_are_one_transaction(world: World) -> None:
    world.plan(0)
    world.turn()

    def refuse(batch: Batch, ending: Ending, now: datetime) -> None:
        world.store.put_setting("said", "too early")
        raise KeyboardInterrupt

    kept, world.crate.ended = world.crate.ended, refuse  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.until_done()
    assert world.store.get_setting("said") is None
    assert world.state() is BatchState.SENT
    world.crate.ended = kept  # type: ignore[method-assign]

    world.until_done()

    assert world.state() is BatchState.PROVED


def test_everything_can_be_cancelled(world: World) -> None:
    world.mover.by_itself = False
    world.plan(0, 1, 2)
    world.turn()
    for _ in range(10):
        carrier = world.carrier()
        carrier.cancel(world.now, reason="nobody wants it any more")
        back = carrier.turn(world.now)
        if back is None:
            break
        world.now = back

    assert {world.state(number) for number in range(3)} == {BatchState.FAILED}
    assert world.mover.under_way() == []
    assert {each.reason for each in world.crate.endings.values()} == {"nobody wants it any more"}


def test_an_outage_that_outlasts_the_deadline_gives_a_new_one() -> None:
    late = NOON + timedelta(days=4)
    assert order_deadline(NOON + DEADLINE, NOON, DEADLINE) == NOON + DEADLINE
    assert order_deadline(NOON + DEADLINE, late, DEADLINE) == late + DEADLINE
    assert order_deadline(None, late, DEADLINE) == late + DEADLINE
