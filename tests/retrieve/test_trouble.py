"""What goes wrong on the way back, with a mover that writes over whatever is there, as Globus does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archived import config
from archived.core.model import BatchState
from archived.errors import (
    LoginRequiredError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.retrieve import Outcome, Plan, Progress, cancel, resume
from tests.fakes import FakeTask, FakeTransfers
from tests.retrieve.world import G0, G1, Machine, OneMover, contents, fake, names, some_bytes

BIN, META = f"{G0}/a.ap.bin", f"{G0}/a.ap.meta"
FILES = {"a.ap.bin": some_bytes(1), "a.ap.meta": b"meta"}


@dataclass
class Back:
    """A machine with two files to bring, and what happens after each turn, in order."""

    machine: Machine
    mover: FakeTransfers
    happenings: list[Callable[[], None]] = field(default_factory=list)

    @property
    def movers(self) -> OneMover:
        """Whoever is asked for a mover gets the fake."""
        return OneMover(self.mover)

    @property
    def task(self) -> FakeTask:
        """The newest task."""
        return list(self.mover.tasks.values())[-1]

    def lay(self, path: str, data: bytes) -> Callable[[], None]:
        """A file comes to lie at the destination."""
        return lambda: self.machine.put(self.machine.here / path, data)

    def bring(self, plan: Plan | None = None) -> Outcome:
        """Bring, while things happen."""
        return self.machine.bring(
            self.movers, plan or self.machine.prepare(self.movers), tell=self._turned
        )

    def _turned(self, _progress: Progress) -> None:
        if self.happenings:
            self.happenings.pop(0)()

    def here(self, path: str) -> bytes:
        """What lies at the destination."""
        return (self.machine.here / path).read_bytes()


@pytest.fixture
def back(tmp_path: Path) -> Iterator[Back]:
    """Tasks make progress only when a test says so."""
    machine = Machine(tmp_path, globus=True)
    machine.archived(G0, FILES)
    yield Back(machine, fake(machine, by_itself=False))
    machine.store.close()


def goes_by_itself(back: Back) -> Callable[[], None]:
    """From now on tasks make progress."""

    def go() -> None:
        back.mover.by_itself = True

    return go


def test_what_comes_to_lie_there_before_the_submission_is_not_written_over(back: Back) -> None:
    plan = back.machine.prepare(back.movers)
    back.lay(BIN, b"mine, in the last moment")()
    back.mover.by_itself = True

    outcome = back.bring(plan)

    assert back.here(BIN) == b"mine, in the last moment"
    assert names(outcome.differing) == [BIN]
    assert names(outcome.brought) == [META]
    assert back.mover.overwritten == []


def test_what_is_the_same_in_the_last_moment_does_not_travel(back: Back) -> None:
    plan = back.machine.prepare(back.movers)
    back.lay(BIN, FILES["a.ap.bin"])()
    back.mover.by_itself = True

    outcome = back.bring(plan)

    assert (names(outcome.there), names(outcome.brought)) == ([BIN], [META])
    assert back.mover.tasks_of(BIN) == 0


def test_what_a_failed_transfer_of_ours_left_is_completed(back: Back) -> None:
    def expire() -> None:
        back.lay(BIN, FILES["a.ap.bin"][:1000])()
        back.mover.end(back.task.id, "EXPIRED")

    back.happenings = [expire, goes_by_itself(back)]

    outcome = back.bring()

    assert outcome.complete
    assert back.here(BIN) == FILES["a.ap.bin"]
    assert back.mover.tasks_of(BIN) == 2
    assert back.mover.overwritten == []


def test_what_was_changed_after_the_failure_is_not_ours_any_more(back: Back) -> None:
    def expire() -> None:
        back.lay(BIN, FILES["a.ap.bin"][:1000])()
        back.mover.end(back.task.id, "EXPIRED")
        back.mover.refuse("reserve", TransferUnavailableError("away"), times=2)

    def edit() -> None:
        back.lay(BIN, b"edited by hand")()
        back.mover.by_itself = True

    back.happenings = [expire, lambda: None, edit]

    outcome = back.bring()

    assert back.here(BIN) == b"edited by hand"
    assert names(outcome.differing) == [BIN]
    assert names(outcome.brought) == [META]
    assert back.mover.overwritten == []


def test_what_is_left_is_completed_by_a_later_command_too(back: Back) -> None:
    def expire() -> None:
        back.lay(BIN, FILES["a.ap.bin"][:1000])()
        back.mover.end(back.task.id, "NO_SPACE_LEFT")

    back.happenings = [expire]
    first = back.bring()
    assert sorted(names(first.failed)) == [BIN, META]
    assert "make room there" in first.failed[0].reason
    back.mover.by_itself = True

    outcome = back.bring()

    assert outcome.complete
    assert back.here(BIN) == FILES["a.ap.bin"]
    assert back.mover.overwritten == []


def test_a_plan_that_was_never_submitted_makes_nothing_ours(back: Back) -> None:
    back.mover.refuse("reserve", TransferUnavailableError("away"), times=1000)
    back.happenings = [back.machine.stop.set]
    assert len(back.bring().left) == 2
    back.machine.stop.clear()
    back.lay(BIN, b"mine")()

    number = cancel(back.machine.configuration, back.machine.store, back.movers, jitter=lambda: 0.5)

    assert number == 1
    assert back.machine.store.live_retrievals() == []
    back.mover._refusals.clear()
    back.mover.by_itself = True
    outcome = back.bring()
    assert back.here(BIN) == b"mine"
    assert names(outcome.differing) == [BIN]


def test_an_order_that_is_given_again_names_nothing_that_came_to_lie_there(back: Back) -> None:
    def forget() -> None:
        back.mover.forget(back.task.id)
        back.lay(BIN, b"mine, meanwhile")()
        back.mover.by_itself = True

    back.happenings = [forget, lambda: None, back.machine.stop.set]
    back.bring()
    assert back.mover.overwritten == []
    assert back.task.paths == {META}
    back.machine.stop.clear()

    [retrieval] = back.machine.store.retrievals()
    [left] = [each for each in back.machine.store.retrieval_files(retrieval.id) if each.path == BIN]
    assert left.due is not None
    assert back.here(BIN) == b"mine, meanwhile"


def test_a_lost_reply_begins_nothing_twice(back: Back) -> None:
    back.mover.lose_reply("submit", times=2)
    back.happenings = [goes_by_itself(back)]

    assert back.bring().complete

    assert len(back.mover.tasks) == 1


def test_what_a_task_is_writing_is_not_taken_for_anothers_where_its_acceptance_was_lost(
    back: Back,
) -> None:
    back.mover.lose_reply("submit")
    back.happenings = [back.lay(BIN, FILES["a.ap.bin"][:100]), goes_by_itself(back)]

    outcome = back.bring(back.machine.prepare(back.movers, file_type="ephys-bin"))

    assert names(outcome.brought) == [BIN]
    assert outcome.complete
    assert len(back.mover.tasks) == 1
    assert back.here(BIN) == FILES["a.ap.bin"]


def test_nor_is_it_by_the_next_process(back: Back) -> None:
    back.mover.lose_reply("submit")
    back.happenings = [back.machine.stop.set]
    back.bring(back.machine.prepare(back.movers, file_type="ephys-bin"))
    back.machine.stop.clear()
    back.lay(BIN, FILES["a.ap.bin"][:100])()
    back.mover.by_itself = True

    outcome = back.bring(resume(back.machine.configuration, back.machine.store))

    assert names(outcome.brought) == [BIN]
    assert len(back.mover.tasks) == 1


def test_a_task_that_the_mover_forgot_is_ordered_again(back: Back) -> None:
    first: list[str] = []

    def forget() -> None:
        first.append(back.task.order.submission_id)
        back.mover.forget(back.task.id)
        back.mover.by_itself = True

    back.happenings = [forget]

    assert back.bring().complete
    assert [each.order.submission_id for each in back.mover.tasks.values()] == first


def test_a_suspended_task_is_waited_for_and_told_of(back: Back) -> None:
    back.mover.suspended = "CREDENTIALS EXPIRED"
    seen: list[str] = []

    def look() -> None:
        seen.extend(alarm.message for alarm in back.machine.store.alarms())
        back.mover.suspended = ""
        back.mover.by_itself = True

    back.happenings = [lambda: None, look]

    assert back.bring().complete
    assert "is suspended: CREDENTIALS EXPIRED" in seen[0]
    assert any("is suspended" in each for each in back.machine.told)
    assert back.machine.store.alarms() == []


def test_a_login_that_has_ended_ends_the_waiting_and_loses_nothing(back: Back) -> None:
    back.mover.refuse("submit", LoginRequiredError("the login has expired"))
    with pytest.raises(LoginRequiredError, match="expired"):
        back.bring()
    back.mover.by_itself = True

    plan = resume(back.machine.configuration, back.machine.store)
    outcome = back.machine.bring(back.movers, plan)

    assert outcome.complete
    assert len(back.mover.tasks) == 1


def test_a_file_that_can_never_come_does_not_keep_the_others(back: Back) -> None:
    back.mover.break_file(BIN, "SOURCE_READ_ERROR")
    back.mover.by_itself = True

    outcome = back.bring()

    assert names(outcome.failed) == [BIN]
    assert "that disk may be failing" in outcome.failed[0].reason
    assert names(outcome.brought) == [META]
    assert [each.state for each in back.machine.store.batches()][-1] is BatchState.FAILED


def test_a_refusal_of_the_whole_order_is_told(back: Back) -> None:
    refusal = TransferRefusedError("no such collection", what_to_do="see the configuration")
    back.mover.refuse("submit", refusal)

    outcome = back.bring()

    assert len(outcome.failed) == 2
    assert outcome.failed[0].reason == "no such collection; see the configuration"


def test_what_an_administrator_cancelled_needs_a_person(back: Back) -> None:
    back.happenings = [lambda: back.mover.end(back.task.id, "CANCELED_BY_ADMIN")]

    outcome = back.bring()

    assert len(outcome.failed) == 2
    assert "ask the administrator why" in outcome.failed[0].reason


def test_what_passes_is_tried_again(back: Back) -> None:
    back.mover.refuse("submit", TransferUnavailableError("503"), times=4)
    back.mover.refuse("poll", TransferUnavailableError("503"), times=2)
    back.mover.refuse("receipts", TransferUnavailableError("not yet"), times=4)
    back.mover.by_itself = True

    assert back.bring().complete
    assert any("no transfer can be begun" in each for each in back.machine.told)
    assert any("cannot be proved" in each for each in back.machine.told)


def test_succeeded_is_no_proof(back: Back) -> None:
    back.mover.vanish_after_success(BIN)
    back.mover.by_itself = True

    assert back.bring().complete
    assert back.mover.moves_of(BIN) == 2


def test_what_never_arrives_is_given_up(back: Back) -> None:
    back.mover.by_itself = True

    def vanish() -> None:
        back.mover.vanish_after_success(BIN)

    vanish()
    back.happenings = [vanish] * 40

    outcome = back.bring()

    assert names(outcome.failed) == [BIN]
    assert "tried 6 times in vain" in outcome.failed[0].reason
    assert names(outcome.brought) == [META]


def test_what_no_task_lists_is_read_to_be_proved(back: Back) -> None:
    back.mover.leave_out_of_lists(BIN)
    back.mover.by_itself = True

    assert back.bring().complete


def test_what_no_task_lists_and_is_damaged_is_noticed(back: Back) -> None:
    back.mover.leave_out_of_lists(BIN)
    back.mover.archive[BIN] = some_bytes(5)
    back.mover.by_itself = True

    outcome = back.bring()

    assert names(outcome.failed) == [BIN]
    assert "what arrived is not what was archived" in outcome.failed[0].reason


def test_cancelling_stops_the_transfers_and_keeps_what_arrived(back: Back) -> None:
    back.happenings = [back.machine.stop.set]
    back.bring()
    back.machine.stop.clear()
    assert back.task.under_way
    back.lay(META, FILES["a.ap.meta"])()

    cancel(back.machine.configuration, back.machine.store, back.movers, jitter=lambda: 0.5)

    assert not back.task.under_way
    assert back.machine.store.retrievals() == []
    assert contents(back.machine.here) == {META: FILES["a.ap.meta"]}


def test_what_goes_to_a_folder_that_is_gone_can_be_given_up(back: Back) -> None:
    to = back.machine.base / "scratch"
    to.mkdir()
    back.happenings = [back.machine.stop.set]
    back.bring(back.machine.prepare(back.movers, to=to))
    back.machine.stop.clear()
    to.rmdir()
    assert back.task.under_way

    cancel(back.machine.configuration, back.machine.store, back.movers, jitter=lambda: 0.5)

    assert not back.task.under_way
    assert back.machine.store.retrievals() == []
    assert back.machine.store.live_retrievals() == []


@pytest.mark.parametrize("state", ["reserved", "sent"])
def test_what_cannot_be_looked_at_any_more_can_be_given_up_at_any_stage(
    back: Back, state: str
) -> None:
    to = back.machine.base / "scratch"
    to.mkdir()
    verb = "submit" if state == "reserved" else "receipts"
    back.mover.refuse(verb, TransferUnavailableError("not yet"), times=100)
    back.mover.by_itself = True
    back.happenings = [lambda: None, lambda: None, back.machine.stop.set]
    back.bring(back.machine.prepare(back.movers, to=to))
    back.machine.stop.clear()
    assert [str(each.state) for each in back.machine.store.live_retrievals()] == [state]
    to.rename(back.machine.base / "aside")
    back.mover.mend(verb)

    cancel(back.machine.configuration, back.machine.store, back.movers, jitter=lambda: 0.5)

    assert back.machine.store.retrievals() == []
    assert back.machine.store.live_retrievals() == []


def test_what_comes_from_a_location_that_is_configured_no_more_can_be_given_up(back: Back) -> None:
    back.happenings = [back.machine.stop.set]
    back.bring()
    back.machine.stop.clear()
    ini = back.machine.base / "archived.ini"
    ini.write_text(ini.read_text().replace("[location:raw-ephys]", "[location:renamed]"))
    configuration = config.load(ini, {})

    cancel(configuration, back.machine.store, back.movers, jitter=lambda: 0.5)

    assert not back.task.under_way
    assert back.machine.store.retrievals() == []


def test_a_mover_that_refuses_to_stop_keeps_nobody_waiting(back: Back) -> None:
    back.happenings = [back.machine.stop.set]
    back.bring()
    back.machine.stop.clear()
    back.mover.refuse("cancel", TransferRefusedError("not yours"))

    cancel(
        back.machine.configuration, back.machine.store, back.movers, log=back.machine,
        jitter=lambda: 0.5,
    )  # fmt: skip

    assert back.machine.store.retrievals() == []
    assert any("cannot be stopped" in each for each in back.machine.told)


def test_the_folder_of_another_command_that_is_not_there_ends_nothing(back: Back) -> None:
    to = back.machine.base / "scratch"
    to.mkdir()
    back.machine.archived(G1, {"b.ap.bin": some_bytes(7)})
    back.mover.archive[f"{G1}/b.ap.bin"] = some_bytes(7)
    other = back.machine.prepare(back.movers, to=to, h2o="SC012")
    back.mover.refuse("reserve", TransferUnavailableError("503"), times=1)
    back.happenings = [back.machine.stop.set]
    back.machine.bring(back.movers, other, asked_for="other", tell=back._turned)
    back.machine.stop.clear()
    to.rename(back.machine.base / "aside")
    back.mover.by_itself = True

    assert back.bring(back.machine.prepare(back.movers, h2o="SC011")).complete

    assert [each.asked_for for each in back.machine.store.retrievals()] == ["other"]
    (back.machine.base / "aside").rename(to)
    back.mover.files = to
    plan = resume(back.machine.configuration, back.machine.store)
    assert names(back.machine.bring(back.movers, plan).brought) == [f"{G1}/b.ap.bin"]


def test_a_pause_holds_it_up(back: Back) -> None:
    back.mover.by_itself = True
    back.machine.store.pause("an experiment needs the network", back.machine.now)
    back.happenings = [lambda: None, lambda: None, back.machine.store.resume]

    assert back.bring().complete
    assert back.happenings == []


def test_a_destination_that_is_not_there_for_a_while_is_waited_for(back: Back) -> None:
    aside = back.machine.base / "aside"

    def unmount() -> None:
        back.machine.here.rename(aside)
        back.mover.files = back.machine.base / "another disk"
        back.mover.by_itself = True

    def mount() -> None:
        aside.rename(back.machine.here)
        back.mover.files = back.machine.here

    back.happenings = [unmount, *[lambda: None] * 5, mount]

    outcome = back.bring()

    assert outcome.complete
    assert contents(back.machine.here) == {BIN: FILES["a.ap.bin"], META: b"meta"}
    assert any("cannot be proved" in each for each in back.machine.told)


def test_another_folder_in_the_place_of_the_destination_proves_nothing(back: Back) -> None:
    def exchange() -> None:
        back.machine.here.rename(back.machine.base / "aside")
        back.machine.here.mkdir()
        back.mover.by_itself = True

    back.happenings = [exchange, *[lambda: None] * 5, back.machine.stop.set]

    outcome = back.bring()

    assert outcome.brought == ()
    assert len(outcome.left) == 2
