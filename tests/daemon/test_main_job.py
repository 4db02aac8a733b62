"""A finished recording becomes a proved dataset; everything that may happen on the way loses nothing."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived.core.lifecycle import State
from archived.core.model import BatchState, FileState
from archived.daemon import looking, sight
from archived.errors import LoginRequiredError, RootUnavailableError, TransferUnavailableError
from archived.rig.scanner import FolderTrouble
from archived.rig.watcher import Hints
from archived.store import Selector
from demo import rig as programs
from tests.daemon.world import EPHYS, QUIET, RUN, VIDEO, World


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def archived_everything(world: World) -> None:
    """What is on the rig is in the archive, to the byte, and the rule about overwriting was kept."""
    assert world.on_rig() == world.mover.archive
    assert world.mover.overwritten == []


def test_a_finished_run_is_archived_with_a_receipt_for_every_file(world: World) -> None:
    world.record_run()

    world.until(world.all_archived)

    archived_everything(world)
    files = world.store.files(world.store.dataset(EPHYS).id)
    assert len(files) == 4
    assert all(file.state is FileState.ARCHIVED and file.proof for file in files)


def test_nothing_travels_before_the_quiet_time_is_over(world: World) -> None:
    world.record_run()

    world.pass_time(QUIET - minutes(1))
    assert not world.mover.tasks

    world.pass_time(minutes(10))
    assert world.mover.tasks


def test_every_state_is_explained_by_events(world: World) -> None:
    world.record_run()
    world.until(world.all_archived)

    events = world.store.events(name=EPHYS)

    moves = [(event.before, event.after) for event in events]
    assert [after for _, after in moves] == [
        State.SETTLING,
        State.READY,
        State.TRANSFERRING,
        State.VERIFYING,
        State.ARCHIVED,
    ]
    assert [before for before, _ in moves] == [None, *[after for _, after in moves][:-1]]
    assert all(event.why for event in events)


def test_a_run_that_is_still_recorded_stays_however_long_it_pauses(world: World) -> None:
    writing = programs.spikeglx(world.root / "SC011" / RUN, RUN, probes=1)
    for _ in itertools.islice(writing, 6):
        pass

    world.pass_time(timedelta(hours=20), step=minutes(10))

    assert world.states() == {EPHYS: State.SETTLING}
    assert not world.mover.tasks


def test_a_run_that_never_ends_goes_to_a_person_after_a_day(world: World) -> None:
    writing = programs.spikeglx(world.root / "SC011" / RUN, RUN, probes=1)
    for _ in itertools.islice(writing, 6):
        pass

    world.pass_time(timedelta(hours=26), step=minutes(10))

    assert world.states() == {EPHYS: State.FAILED}
    assert "accept" in world.store.dataset(EPHYS).reason


def test_a_person_may_accept_a_run_that_crashed(world: World) -> None:
    writing = programs.spikeglx(world.root / "SC011" / RUN, RUN, probes=1)
    for _ in itertools.islice(writing, 6):
        pass
    world.pass_time(timedelta(hours=26), step=minutes(10))

    world.store.accept(Selector(names=[EPHYS]), world.now, user="anna")
    world.until(world.all_archived)

    archived_everything(world)


def test_a_contradiction_that_lasts_goes_to_a_person_with_the_numbers(world: World) -> None:
    folder = world.record_run()
    [data] = folder.rglob("*.ap.bin")
    data.write_bytes(data.read_bytes()[:-770])

    world.pass_time(minutes(30))

    failed = world.store.dataset(EPHYS)
    assert failed.state is State.FAILED
    assert "announced in its .meta" in failed.reason
    assert not world.mover.tasks


def test_a_contradiction_that_is_mended_is_archived(world: World) -> None:
    folder = world.record_run()
    [data] = folder.rglob("*.ap.bin")
    whole = data.read_bytes()
    data.write_bytes(whole[:-770])
    world.pass_time(minutes(30))

    data.write_bytes(whole)
    world.until(world.all_archived)

    archived_everything(world)


def test_a_file_that_changed_before_it_is_sent_settles_again(world: World) -> None:
    folder = world.record_video()
    world.store.pause("a test", world.now)
    world.until(lambda: world.states() == {VIDEO: State.READY})
    for _ in programs.avi(folder / "SC011_side_001-0000.avi", [b"\0\2" * 999]):
        pass

    world.store.resume()
    world.daemon.tick(world.now)
    world.pass_time(minutes(1))
    assert not world.mover.tasks
    world.until(world.all_archived)

    archived_everything(world)


def test_a_file_that_changes_while_it_travels_is_not_proved_by_what_arrived(world: World) -> None:
    folder = world.record_video()
    world.mover.by_itself = False
    world.until(lambda: bool(world.mover.tasks))
    trial = folder / "SC011_side_001-0000.avi"
    size = trial.stat().st_size
    world.mover.step(2)
    trial.write_bytes(os.urandom(size))

    world.mover.by_itself = True
    world.pass_time(minutes(5))
    assert world.states()[VIDEO] is State.SETTLING

    for _ in programs.avi(trial, [b"\0\2" * 999]):
        pass
    world.until(world.all_archived)
    archived_everything(world)


def test_succeeded_is_not_believed_when_a_file_is_not_there(world: World) -> None:
    world.record_video()
    lost = "SC011/02232019/video/SC011_side_002-0000.avi"
    world.mover.vanish_after_success(lost)
    world.mover.leave_out_of_lists(lost)

    world.until(lambda: world.states().get(VIDEO) is State.WAITING)
    assert "is not in the archive" in world.store.dataset(VIDEO).reason

    world.until(world.all_archived)
    archived_everything(world)


def test_what_no_task_lists_is_proved_by_a_look_at_the_archive(world: World) -> None:
    world.record_video()
    path = "SC011/02232019/video/SC011_side_002-0000.avi"
    world.mover.leave_out_of_lists(path)

    world.until(world.all_archived)

    proofs = {file.path: file.proof for file in world.store.files(world.store.dataset(VIDEO).id)}
    assert "listing" in proofs.pop(path)
    assert all("successful transfers" in proof for proof in proofs.values())


def test_a_file_that_the_archive_holds_already_is_never_replaced_unasked(world: World) -> None:
    world.record_video()
    path = "SC011/02232019/video/SC011_side_001-0000.avi"
    world.mover.archive[path] = b"somebody else's"

    world.until(lambda: world.states().get(VIDEO) is State.FAILED)

    assert world.mover.archive[path] == b"somebody else's"
    assert "already holds" in world.store.dataset(VIDEO).reason
    assert len(world.mover.archive) == 3, "the other files travel on"

    world.store.accept(Selector(names=[VIDEO]), world.now, user="anna")
    world.until(world.all_archived)
    archived_everything(world)


def test_retrying_a_conflict_does_not_replace_the_archived_file_either(world: World) -> None:
    world.record_video()
    path = "SC011/02232019/video/SC011_side_001-0000.avi"
    world.mover.archive[path] = b"somebody else's"
    world.until(lambda: world.states().get(VIDEO) is State.FAILED)

    world.store.retry(Selector(names=[VIDEO]), world.now, user="anna")
    world.pass_time(timedelta(hours=2))

    assert world.states()[VIDEO] is State.FAILED
    assert world.mover.archive[path] == b"somebody else's"


def test_a_changed_archived_file_waits_for_a_person_and_new_ones_travel(world: World) -> None:
    folder = world.record_video()
    world.until(world.all_archived)
    trial = folder / "SC011_side_001-0000.avi"
    before = world.mover.archive[f"SC011/02232019/video/{trial.name}"]

    for _ in programs.avi(trial, [b"\0\3" * 333]):
        pass
    for _ in programs.avi(folder / "SC011_side_007-0000.avi", [b"\0\4" * 44]):
        pass
    world.pass_time(timedelta(hours=2))

    assert world.states()[VIDEO] is State.FAILED
    assert world.mover.archive[f"SC011/02232019/video/{trial.name}"] == before
    assert "SC011/02232019/video/SC011_side_007-0000.avi" in world.mover.archive

    world.store.accept(Selector(names=[VIDEO]), world.now, user="anna")
    world.until(world.all_archived)
    archived_everything(world)
    assert world.store.dataset(VIDEO).revision == 2


def test_a_file_at_fault_is_set_apart_and_the_others_travel_on(world: World) -> None:
    world.record_video(trials=4)
    bad = "SC011/02232019/video/SC011_side_003-0000.avi"
    world.mover.break_file(bad, "PERMISSION_DENIED")

    world.until(lambda: world.states().get(VIDEO) is State.FAILED)

    files = {file.path: file for file in world.store.files(world.store.dataset(VIDEO).id)}
    assert files.pop(bad).state is FileState.FAILED
    assert all(file.state is FileState.ARCHIVED for file in files.values())
    assert "SC011_side_003" in world.store.dataset(VIDEO).reason

    world.mover.mend_file(bad)
    world.store.retry(Selector(names=[VIDEO]), world.now, user="anna")
    world.until(world.all_archived)
    archived_everything(world)


def test_one_bad_dataset_does_not_hold_up_another(world: World) -> None:
    world.record_run()
    world.record_video()
    world.mover.break_file("SC011/02232019/video/SC011_side_001-0000.avi", "PERMISSION_DENIED")

    world.until(lambda: world.states().get(EPHYS) is State.ARCHIVED, within=timedelta(hours=1))


def test_a_source_that_vanished_is_given_up_only_after_two_complete_looks(world: World) -> None:
    folder = world.record_video(trials=3)
    world.store.pause("a test", world.now)
    world.until(lambda: world.states() == {VIDEO: State.READY})
    (folder / "SC011_side_002-0000.avi").unlink()
    world.store.resume()

    world.until(world.all_archived)

    archived_everything(world)
    files = world.store.files(world.store.dataset(VIDEO).id)
    assert [file.path[-8:] for file in files if file.state is FileState.GONE] == ["0000.avi"]


def test_an_outage_is_waited_for_and_nothing_is_sent_twice(world: World) -> None:
    world.record_run()
    world.mover.refuse("submit", TransferUnavailableError("503"), times=6)
    world.mover.refuse("reserve", TransferUnavailableError("503"), times=4)

    world.until(world.all_archived, within=timedelta(hours=8))

    archived_everything(world)
    assert all(world.mover.tasks_of(path) == 1 for path in world.on_rig())


def test_a_lost_answer_makes_no_second_task(world: World) -> None:
    world.record_run()
    world.mover.lose_reply("submit", times=3)

    world.until(world.all_archived)

    assert all(world.mover.tasks_of(path) == 1 for path in world.on_rig())
    archived_everything(world)


def test_an_expired_login_is_one_alarm_and_nobodys_failure(world: World) -> None:
    world.record_run()
    error = LoginRequiredError("nobody is logged in", what_to_do="archivedctl login")
    world.mover.refuse("reserve", error, times=100)

    world.until(lambda: bool(world.store.alarms()))
    world.pass_time(minutes(30))

    [alarm] = world.store.alarms()
    assert "archivedctl login" in alarm.what_to_do
    assert world.states() == {EPHYS: State.TRANSFERRING}
    world.until(world.all_archived)
    assert world.store.alarms() == []
    assert world.store.dataset(EPHYS).attempts == 0


def test_a_task_that_expired_is_tried_again(world: World) -> None:
    world.record_run()
    world.mover.by_itself = False
    world.until(lambda: bool(world.mover.tasks))
    world.mover.end(world.mover.under_way()[0].id, "EXPIRED")
    world.mover.by_itself = True

    world.until(world.all_archived)

    archived_everything(world)


def test_a_task_that_an_administrator_cancelled_waits_for_a_person(world: World) -> None:
    world.record_run()
    world.mover.by_itself = False
    world.until(lambda: bool(world.mover.tasks))
    world.mover.end(world.mover.under_way()[0].id, "CANCELED_BY_ADMIN")
    world.mover.by_itself = True
    world.pass_time(timedelta(hours=2))
    assert world.states() == {EPHYS: State.FAILED}

    world.store.retry(Selector(names=[EPHYS]), world.now, user="anna")
    world.until(world.all_archived)
    archived_everything(world)


def test_a_task_that_the_mover_forgot_is_submitted_under_the_same_id(world: World) -> None:
    world.record_run()
    world.mover.by_itself = False
    world.until(lambda: bool(world.mover.tasks))
    [first] = world.mover.tasks.values()
    world.mover.forget(first.id)
    world.mover.by_itself = True

    world.until(world.all_archived)

    [second] = world.mover.tasks.values()
    assert first.order.submission_id == second.order.submission_id
    archived_everything(world)


def test_a_suspended_transfer_is_an_alarm_until_it_goes_on(world: World) -> None:
    world.record_run()
    world.mover.suspended = "credential expired"
    world.until(lambda: bool(world.store.alarms()))

    world.mover.suspended = ""
    world.until(world.all_archived)

    assert world.store.alarms() == []


def test_a_collection_that_is_away_is_waited_for_without_cancelling(world: World) -> None:
    world.record_run()
    world.mover.online = False
    world.until(lambda: bool(world.mover.tasks))
    world.pass_time(timedelta(hours=1))
    [batch] = world.store.batches(BatchState.ACTIVE)
    assert batch.nice_status == "GC_NOT_CONNECTED"

    world.mover.online = True
    world.until(world.all_archived)

    assert world.mover.calls["cancel"] == 0
    assert len(world.mover.tasks) == 1


def test_a_full_archive_is_an_alarm_and_goes_on_when_there_is_room(world: World) -> None:
    world.record_run()
    path = next(iter(world.on_rig()))
    world.mover.break_file(path, "QUOTA_EXCEEDED")
    world.until(lambda: any(alarm.key.startswith("full") for alarm in world.store.alarms()))

    world.mover.mend_file(path)
    world.until(world.all_archived)

    assert world.store.alarms() == []
    archived_everything(world)


def test_paused_nothing_new_is_sent_and_resumed_it_goes_on(world: World) -> None:
    world.record_run()
    world.store.pause("the rig records", world.now)
    world.pass_time(timedelta(hours=3), step=minutes(5))
    assert not world.mover.tasks

    world.store.resume()
    world.until(world.all_archived)


def test_a_held_dataset_stays_until_it_is_released(world: World) -> None:
    world.record_run()
    world.pass_time(minutes(2))
    world.store.hold(Selector(names=[EPHYS]), world.now, user="anna")
    world.pass_time(timedelta(hours=3), step=minutes(5))
    assert world.states() == {EPHYS: State.HELD}
    assert not world.mover.tasks

    world.store.release(Selector(names=[EPHYS]), world.now, user="anna")
    world.until(world.all_archived)


def test_a_name_that_globus_cannot_carry_is_set_apart_and_the_rest_travels(world: World) -> None:
    folder = world.record_video()
    hostile = os.fsencode(folder) + b"/notes \xff.txt"
    with open(hostile, "wb") as file:
        file.write(b"a note")

    world.until(lambda: world.states().get(VIDEO) is State.FAILED)

    assert "UTF-8" in world.store.dataset(VIDEO).reason
    assert len(world.mover.archive) == 3


def test_a_root_that_vanishes_changes_no_state(world: World) -> None:
    world.record_run()
    world.record_video()
    world.until(lambda: world.all_archived(2))
    extra = world.root / "SC012" / "SC012_022319_g0"
    for _ in programs.spikeglx(extra, "SC012_022319_g0", probes=1, blocks=1):
        pass
    world.pass_time(minutes(6))
    before = world.states()
    assert State.SETTLING in before.values()

    away = world.base / "away"
    world.root.rename(away)
    world.pass_time(timedelta(hours=30), step=minutes(10))
    assert world.states() == before
    assert [alarm.key for alarm in world.store.alarms()] == [f"root:{world.root}"]

    world.root.mkdir()  # the empty mount point
    world.pass_time(timedelta(hours=30), step=minutes(10))
    assert world.states() == before

    world.root.rmdir()
    away.rename(world.root)
    world.until(lambda: world.all_archived(3))
    archived_everything(world)
    assert world.store.alarms() == []


def test_a_large_dataset_travels_in_parts_and_is_archived_once_all_are_proved(
    world: World,
) -> None:
    world.max_files = 2
    world.restart()
    world.record_video(trials=9)

    world.until(world.all_archived)

    assert len(world.mover.tasks) == 5
    assert all(world.mover.tasks_of(path) == 1 for path in world.on_rig())
    archived_everything(world)


class Hinting:
    """A watcher that hints at what a test says."""

    def __init__(self) -> None:
        self.hints: dict[str, Hints] = {}

    def ready(self) -> bool:
        return True

    def drain(self) -> dict[str, Hints]:
        hints, self.hints = self.hints, {}
        return hints


@pytest.mark.parametrize("everything", [False, True])
def test_a_file_rewritten_in_place_is_found_when_an_event_told_of_it_or_was_lost(
    world: World, everything: bool
) -> None:
    world.watcher = Hinting()
    world.restart()
    folder = world.record_video()
    world.until(world.all_archived)
    world.pass_time(minutes(30))
    trial = folder / "SC011_side_001-0000.avi"
    trial.write_bytes(trial.read_bytes()[::-1])  # moves no folder's time

    world.pass_time(minutes(30))
    assert world.all_archived(), "without an event only the next deep look finds it"

    paths = frozenset() if everything else frozenset({trial.relative_to(world.root).as_posix()})
    world.watcher.hints = {str(world.root): Hints(paths, everything)}
    world.pass_time(minutes(6))

    assert world.states() == {VIDEO: State.FAILED}
    assert "changed after it was archived" in world.store.dataset(VIDEO).reason


@pytest.fixture
def rewritten(world: World) -> Path:
    """A file of an archived dataset, in a world whose watcher tells what a test says."""
    world.watcher = Hinting()
    world.restart()
    folder = world.record_video()
    world.until(world.all_archived)
    world.pass_time(minutes(30))
    return folder / "SC011_side_001-0000.avi"


def found_rewritten(world: World) -> bool:
    return world.states() == {VIDEO: State.FAILED}


def test_what_a_deep_look_went_by_before_events_were_lost_is_found_by_another(
    world: World, rewritten: Path
) -> None:
    world.watcher.hints = {str(world.root): Hints(frozenset(), True)}
    world.pass_time(minutes(1))  # the look has seen everything, and is not taken yet

    rewritten.write_bytes(rewritten.read_bytes()[::-1])
    world.watcher.hints = {str(world.root): Hints(frozenset(), True)}
    world.pass_time(minutes(12))

    assert found_rewritten(world)


def test_what_was_told_of_is_found_though_the_look_at_it_fails(
    world: World, rewritten: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise RootUnavailableError("the disk did not answer")

    rewritten.write_bytes(rewritten.read_bytes()[::-1])
    told = frozenset({rewritten.relative_to(world.root).as_posix()})
    with monkeypatch.context() as patch:
        patch.setattr(sight, "walk", away)
        world.watcher.hints = {str(world.root): Hints(told, False)}
        world.pass_time(minutes(2))
    assert not found_rewritten(world)

    world.pass_time(minutes(12))

    assert found_rewritten(world)


def test_a_folder_that_a_deep_look_could_not_read_is_read_by_the_next_look(
    world: World, rewritten: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rewritten.parent.relative_to(world.root).as_posix()
    really = looking.look

    def ill(*arguments: Any, **options: Any) -> Iterator[Any]:
        for seen in really(*arguments, **options):
            yield FolderTrouble(folder, "Input/output error") if seen.path == folder else seen

    rewritten.write_bytes(rewritten.read_bytes()[::-1])
    with monkeypatch.context() as patch:
        patch.setattr(looking, "look", ill)
        world.watcher.hints = {str(world.root): Hints(frozenset(), True)}
        world.pass_time(minutes(3))
    assert not found_rewritten(world)

    world.pass_time(minutes(12))

    assert found_rewritten(world)


def test_a_file_that_is_not_what_its_meta_describes_is_set_apart(world: World) -> None:
    folder = world.record_run()
    [data] = folder.rglob("*.ap.bin")
    data.write_bytes(bytes(data.stat().st_size))

    world.until(lambda: world.states().get(EPHYS) is State.FAILED)

    path = data.relative_to(world.root).as_posix()
    assert path not in world.mover.archive
    assert len(world.mover.archive) == 3, "the others travel on"

    world.store.accept(Selector(names=[EPHYS]), world.now, user="anna")
    world.until(world.all_archived)
    archived_everything(world)


def test_a_root_in_which_nothing_was_ever_seen_is_an_alarm_until_something_is(
    world: World,
) -> None:
    world.pass_time(minutes(30))
    [alarm] = world.store.alarms()
    assert "is empty" in alarm.message
    assert "mounted" in alarm.what_to_do

    world.record_run()
    world.until(world.all_archived)

    assert world.store.alarms() == []
