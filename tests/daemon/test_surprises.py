"""What nobody planned for: changed configurations, wrong clocks, hostile files, refusals, each at a bad moment.

One bad dataset, batch or location never stops the others, and nothing makes the daemon die again and again.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived.core import formats
from archived.core.lifecycle import State
from archived.core.model import BatchState, FileStat, FileState
from archived.daemon import Daemon, Surroundings, judging, looking, prepare, roots, verify
from archived.daemon.surroundings import error_of
from archived.errands import Finished
from archived.errors import (
    LoginRequiredError,
    NotPermittedError,
    RootUnavailableError,
    StoreError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import Entry, TransferOrder
from archived.rig import listing, scanner
from archived.rig.folders import Inode
from archived.rig.scanner import UNSURE, FileTrouble, FolderTrouble
from archived.store import Selector
from demo import rig as programs
from tests.daemon.world import EPHYS, VIDEO, World
from tests.fakes import FakeTransfers

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TRIAL = "SC011/02232019/video/SC011_side_001-0000.avi"


def reconfigure(world: World, **changes: Any) -> Surroundings:
    """Start the daemon anew with other surroundings."""
    world.restart()
    around = replace(world.daemon._around, **changes)
    world.daemon = Daemon(around, None)
    return around


def without(world: World, location: str) -> None:
    """Start the daemon anew, without a location of the configuration."""
    around = world.daemon._around
    reconfigure(
        world,
        locations={name: each for name, each in around.locations.items() if name != location},
        movers={name: each for name, each in around.movers.items() if name != location},
        conventions={key: each for key, each in around.conventions.items() if key[0] != location},
    )


def alarms(world: World) -> set[str]:
    return {alarm.key for alarm in world.store.alarms()}


def refusing_store(world: World, verb: str, *, times: int = 1) -> None:
    """The next calls of a verb find the store locked."""
    called = getattr(world.store, verb)
    left = [times]

    def refuse(*words: Any, **options: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise StoreError("another process has kept it locked")
        return called(*words, **options)

    setattr(world.store, verb, refuse)


def tick_through(world: World, time: timedelta, *, step: timedelta = MINUTE) -> None:
    """As `pass_time`, but as the loop does it: a store that refuses is only waited for."""
    end = world.now + time
    while world.now < end:
        world.now += step
        try:
            world.daemon.tick(world.now)
        except StoreError:
            continue


# -- the configuration changes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stage", [BatchState.PLANNED, BatchState.RESERVED, BatchState.ACTIVE, BatchState.SENT]
)
def test_a_location_that_leaves_the_configuration_stops_no_other(
    world: World, stage: BatchState
) -> None:
    refusals = {
        BatchState.PLANNED: "reserve",
        BatchState.RESERVED: "submit",
        BatchState.SENT: "receipts",
    }
    if stage in refusals:
        away = TransferUnavailableError("away")
        world.mover.refuse(refusals[stage], away, times=3)
    world.mover.by_itself = stage is not BatchState.ACTIVE
    world.record_video()
    world.until(lambda: [each.state for each in world.store.batches()] == [stage])

    without(world, "raw-video")
    world.mover.by_itself = True
    world.record_run()
    world.until(lambda: world.states().get(EPHYS) is State.ARCHIVED)
    if stage is BatchState.PLANNED:
        assert "no longer has location" in world.store.dataset(VIDEO).reason
    else:
        assert "location:raw-video" in alarms(world)

    world.restart()
    world.until(lambda: world.all_archived(2))
    assert world.on_rig() == world.mover.archive
    assert all(world.mover.tasks_of(path) == 1 for path in world.on_rig())
    assert not world.store.alarms()


def test_transfers_of_a_location_that_left_take_no_place_from_the_others(world: World) -> None:
    world.mover.by_itself = False
    world.max_files = 1
    world.restart()
    world.record_video(trials=6)
    world.until(lambda: len(world.store.batches(BatchState.ACTIVE)) == 3)

    without(world, "raw-video")
    world.mover.by_itself = True
    world.record_run()

    world.until(lambda: world.states().get(EPHYS) is State.ARCHIVED)


def test_a_dataset_that_was_ready_for_a_location_that_left_says_so(world: World) -> None:
    world.record_video()
    world.store.pause("a test", world.now)
    world.until(lambda: world.states() == {VIDEO: State.READY})

    without(world, "raw-video")
    world.pass_time(HOUR)

    assert world.states() == {VIDEO: State.SETTLING}
    assert "no longer has location" in world.store.dataset(VIDEO).reason


def test_a_dataset_of_a_root_that_left_waits_and_is_waited_for_by_nobody(world: World) -> None:
    """No look at the present root tells whether its files are still where they were."""
    world.record_run()
    world.until(lambda: world.states() == {EPHYS: State.SETTLING})
    former, world.root = world.root, world.base / "moved"
    world.root.mkdir()
    world.restart()
    world.pass_time(2 * HOUR)

    assert world.states() == {EPHYS: State.SETTLING}
    assert f"seen below {former}" in world.store.dataset(EPHYS).reason
    assert world.daemon.idle(world.now)
    assert world.daemon.needs_a_person()

    shutil.copytree(former, world.root, dirs_exist_ok=True)
    world.mover.files = world.root
    world.until(lambda: world.all_archived(1))
    assert world.on_rig() == world.mover.archive


def test_alarms_about_what_is_not_looked_at_any_more_end(world: World) -> None:
    for key in ("root:/gone", "missing:/gone", "login:gone", "mover:gone", "suspended:gone"):
        world.store.raise_alarm(key, "something is wrong", "see to it", world.now)

    world.pass_time(MINUTE)

    assert not world.store.alarms()


# -- the program makes a mistake ---------------------------------------------------------------------------------


def test_a_file_that_the_judge_stumbles_over_stops_no_other_dataset(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = formats.judge

    def stumbling(rules: Any, folder: str, *words: Any, **options: Any) -> Any:
        if folder.endswith("video"):
            raise ValueError("a parser met what nobody thought of")
        return judge(rules, folder, *words, **options)

    monkeypatch.setattr(judging, "judge", stumbling)
    world.record_video()
    world.record_run()

    world.until(lambda: world.states().get(EPHYS) is State.ARCHIVED)

    failed = world.store.dataset(VIDEO)
    assert failed.state is State.FAILED
    assert "nobody thought of" in failed.reason
    assert [event for event, _ in world.log.entries].count("mistake in this program") == 1

    world.store.accept(Selector(names=[VIDEO]), world.now, user="anna")
    world.until(lambda: world.all_archived(2))


def test_a_machine_that_is_out_of_memory_is_nobodys_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.record_run()
    with monkeypatch.context() as patch:
        patch.setattr(judging, "judge", _raising(MemoryError()))
        world.pass_time(timedelta(minutes=30))
        assert world.states() == {EPHYS: State.SETTLING}

    world.until(world.all_archived)


@pytest.mark.parametrize("verb", ["reserve", "submit", "poll", "receipts"])
def test_a_mover_that_stumbles_over_a_batch_is_asked_again(world: World, verb: str) -> None:
    world.record_run()
    world.mover.refuse(verb, ZeroDivisionError("a bug"), times=2)  # type: ignore[arg-type]

    world.until(world.all_archived)

    assert all(world.mover.tasks_of(path) == 1 for path in world.on_rig())


def test_a_look_that_stumbles_is_an_alarm_and_transfers_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.record_run()
    world.mover.by_itself = False
    world.until(lambda: bool(world.mover.tasks))
    with monkeypatch.context() as patch:
        patch.setattr(looking, "look", _raising(ValueError("a bug")))
        world.mover.by_itself = True
        world.until(world.all_archived)
        world.pass_time(timedelta(minutes=10))
        assert f"root:{world.root}" in alarms(world)

    world.pass_time(timedelta(minutes=10))
    assert not world.store.alarms()


def test_what_ends_the_process_is_not_swallowed(world: World) -> None:
    with pytest.raises(SystemExit):
        error_of(world.daemon._around, Finished(("poll", "b1"), None, SystemExit(1)))


# -- the store refuses in the middle of a turn ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "verb",
    [
        "clear_alarm",
        "end_batch",
        "finish_look",
        "move",
        "note",
        "plan_batch",
        "postpone_batch",
        "prove",
        "raise_alarm",
        "refresh",
        "release_files",
        "reserve_batch",
        "sent_batch",
        "set_apart",
        "set_external_checksums",
        "sight",
        "start_batch",
        "update_batch",
    ],
)
def test_a_store_that_refuses_any_verb_for_a_while_loses_nothing(world: World, verb: str) -> None:
    world.record_run()
    world.record_video()
    refusing_store(world, verb, times=3)

    tick_through(world, timedelta(hours=2))

    assert world.all_archived(2)
    assert world.on_rig() == world.mover.archive
    assert all(world.mover.tasks_of(path) == 1 for path in world.on_rig())


def test_what_the_store_refused_to_hear_of_a_look_does_not_count_as_missing(world: World) -> None:
    world.record_run()
    world.store.hold(Selector(), world.now, user="anna")
    world.pass_time(timedelta(minutes=6))
    refusing_store(world, "sight", times=1)

    for _ in range(6):
        tick_through(world, timedelta(minutes=5))
        refusing_store(world, "sight", times=1)
        files = world.store.files(world.store.dataset(EPHYS).id)
        assert FileState.GONE not in {file.state for file in files}


# -- the clock ---------------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_stops_neither_looks_nor_transfers(world: World) -> None:
    world.record_run()
    world.mover.by_itself = False
    world.until(lambda: bool(world.store.batches(BatchState.ACTIVE)))

    world.now -= timedelta(days=3650)
    world.mover.by_itself = True
    world.record_video()

    world.until(lambda: world.all_archived(2), within=timedelta(hours=2))


def test_a_clock_that_was_set_back_while_the_daemon_was_down_is_followed(world: World) -> None:
    world.record_video()
    world.mover.refuse("submit", TransferUnavailableError("away"), times=6)
    world.until(lambda: bool(world.store.batches(BatchState.RESERVED)))
    world.record_run()
    world.pass_time(timedelta(minutes=7))

    world.now -= timedelta(days=3650)
    world.restart()

    world.until(lambda: world.all_archived(2), within=timedelta(hours=8))


def test_a_restart_alone_does_not_shorten_any_wait(world: World) -> None:
    world.record_run()
    world.mover.by_itself = False
    world.until(lambda: bool(world.mover.tasks))
    world.mover.end(world.mover.under_way()[0].id, "EXPIRED")
    world.until(lambda: world.states() == {EPHYS: State.WAITING})
    due = world.store.dataset(EPHYS).due

    world.restart()
    world.daemon.tick(world.now)

    assert world.store.dataset(EPHYS).due == due


# -- one location, one dataset, one file is bad ----------------------------------------------------------------------


def own_mover(world: World, location: str) -> FakeTransfers:
    """Start the daemon anew with an archive for one location only."""
    mover = FakeTransfers(world.root)
    reconfigure(world, movers={**world.daemon._around.movers, location: mover})
    return mover


@pytest.mark.parametrize("verb", ["reserve", "submit"])
def test_an_archive_that_is_away_does_not_stop_another_one(world: World, verb: str) -> None:
    world.max_files = 1
    broken = own_mover(world, "raw-video")
    broken.refuse(verb, TransferUnavailableError("its disk is not mounted"), times=10**4)
    world.record_video(trials=6)
    world.until(lambda: broken.calls[verb] > 3)

    world.record_run()

    world.until(lambda: world.states().get(EPHYS) is State.ARCHIVED, within=HOUR)


def test_a_file_that_cannot_be_looked_at_delays_only_its_dataset(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat_files = scanner.stat_files
    good, bad = record_two_runs(world)
    unclear = min(path for path in world.on_rig() if path.startswith("SC012"))

    def troubled(root: Any, paths: Any) -> Any:
        trouble = FileTrouble(unclear, "Input/output error")
        return {**stat_files(root, paths), **({unclear: trouble} if unclear in paths else {})}

    world.store.pause("a test", world.now)
    world.until(lambda: set(world.states().values()) == {State.READY})
    world.store.resume()
    with monkeypatch.context() as patch:
        patch.setattr(roots, "stat_files", troubled)
        world.until(lambda: world.states()[good] is State.ARCHIVED, within=HOUR)
        assert world.states()[bad] is not State.ARCHIVED
        assert not world.mover.tasks_of(unclear)

    world.until(lambda: world.all_archived(2))


def test_a_file_that_cannot_be_looked_at_afterwards_is_not_proved_and_the_others_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats_now = roots.stats_now

    def troubled(*words: Any) -> Any:
        found = dict(stats_now(*words))
        return {**found, TRIAL: FileTrouble(TRIAL, "Input/output error")}

    world.record_video()
    with monkeypatch.context() as patch:
        patch.setattr(verify, "stats_now", troubled)
        world.until(lambda: world.states().get(VIDEO) is State.WAITING)
        files = {file.path: file.state for file in world.store.files(world.store.dataset(VIDEO).id)}
        assert files.pop(TRIAL) is FileState.PENDING
        assert set(files.values()) == {FileState.ARCHIVED}

    world.until(world.all_archived)


class Unlistable(FakeTransfers):
    """An archive with folders that it refuses to list, and paths that it refuses to look at or to take."""

    folder = ""
    look_at = ""
    taking = ""

    def list(self, path: str) -> Any:
        if path == self.folder:
            raise TransferRefusedError("it has more entries than can be listed")
        return super().list(path)

    def stat(self, path: str) -> Entry | None:
        if path == self.look_at:
            raise TransferRefusedError("its name is refused")
        return super().stat(path)

    def submit(self, order: TransferOrder) -> str:
        if self.taking in {item.path for item in order.items}:
            raise TransferRefusedError("a name in it is refused")
        return super().submit(order)


def unlistable(world: World) -> Unlistable:
    mover = Unlistable(world.root)
    world.mover = mover
    world.restart()
    return mover


def record_two_runs(world: World) -> tuple[str, str]:
    """Two datasets that travel together."""
    world.record_run()
    other = "SC012_022319_g0"
    for _ in programs.spikeglx(world.root / "SC012" / other, other, probes=1, blocks=1):
        pass
    return EPHYS, f"raw-ephys/SC012/{other}"


def test_a_folder_of_the_archive_that_cannot_be_listed_is_the_trouble_of_its_own_files(
    world: World,
) -> None:
    mover = unlistable(world)
    good, bad = record_two_runs(world)
    mover.folder = f"{bad.partition('/')[2]}/SC012_022319_g0_imec0"

    world.until(lambda: world.states().get(good) is State.ARCHIVED, within=HOUR)
    assert world.states()[bad] is State.FAILED
    assert "cannot be told" in world.store.dataset(bad).reason


def test_a_path_that_the_archive_refuses_to_look_at_keeps_no_other_from_its_proof(
    world: World,
) -> None:
    mover = unlistable(world)
    world.record_video()
    mover.leave_out_of_lists(TRIAL)
    mover.look_at = TRIAL

    world.until(lambda: world.states().get(VIDEO) is State.WAITING)

    states = [file.state for file in world.store.files(world.store.dataset(VIDEO).id)]
    assert sorted(states) == [FileState.ARCHIVED, FileState.ARCHIVED, FileState.PENDING]


def test_a_refusal_that_names_no_file_ends_with_its_own_dataset(world: World) -> None:
    mover = unlistable(world)
    good, bad = record_two_runs(world)
    mover.taking = min(path for path in world.on_rig() if path.startswith("SC012"))

    world.until(lambda: world.states().get(good) is State.ARCHIVED, within=timedelta(hours=2))
    world.until(lambda: world.states().get(bad) is State.FAILED, within=timedelta(hours=2))
    assert "refused" in world.store.dataset(bad).reason


def test_a_rig_that_may_not_write_needs_a_person_at_once(world: World) -> None:
    record_two_runs(world)
    world.mover.refuse("submit", NotPermittedError("you may not write there"), times=10)

    world.until(lambda: bool(world.states()) and set(world.states().values()) == {State.FAILED})

    assert world.mover.calls["submit"] == 1


def test_a_dataset_whose_faults_name_no_file_travels_alone_after_some_tries(world: World) -> None:
    good, bad = record_two_runs(world)
    poison = next(path for path in world.on_rig() if path.startswith("SC012"))
    world.mover.break_file(poison, "EXPIRED")
    # The end of a task that names no file: as of a disk that cannot read one of them, in no known way.
    world.mover._trouble = _nameless(world.mover)  # type: ignore[method-assign]

    world.until(lambda: world.states().get(good) is State.ARCHIVED, within=timedelta(hours=3))
    assert world.states()[bad] is not State.ARCHIVED

    world.mover.mend_file(poison)
    world.until(lambda: world.all_archived(2), within=timedelta(hours=24))


def test_a_death_between_setting_a_file_apart_and_ending_the_batch_blames_nobody_else(
    world: World,
) -> None:
    world.record_video(trials=4)
    world.mover.break_file(TRIAL, "PERMISSION_DENIED")
    refusing_store(world, "end_batch", times=1)

    tick_through(world, timedelta(minutes=40))
    world.until(lambda: world.states().get(VIDEO) is State.FAILED, within=HOUR)

    files = {file.path: file.state for file in world.store.files(world.store.dataset(VIDEO).id)}
    assert files.pop(TRIAL) is FileState.FAILED
    assert set(files.values()) == {FileState.ARCHIVED}


def test_a_collection_that_shows_another_folder_is_told_of_and_not_tried_for_ever(
    world: World,
) -> None:
    world.record_video()
    world.mover.files = {}

    world.until(lambda: world.states().get(VIDEO) is State.FAILED, within=timedelta(hours=6))

    assert "local_endpoint_subdir" in world.store.dataset(VIDEO).reason
    world.mover.files = world.root
    world.store.retry(Selector(names=[VIDEO]), world.now, user="anna")
    world.until(world.all_archived)


def test_an_archive_that_keeps_losing_a_file_is_tried_ever_less_often_and_then_told_of(
    world: World,
) -> None:
    class Losing(FakeTransfers):
        def _advance(self, task: Any) -> None:
            self.vanish_after_success(TRIAL)
            super()._advance(task)

    world.mover = Losing(world.root)
    world.mover.leave_out_of_lists(TRIAL)
    world.restart()
    world.record_video()

    world.until(lambda: world.states().get(VIDEO) is State.FAILED, within=timedelta(hours=6))

    assert world.mover.tasks_of(TRIAL) == 6
    assert "in vain" in world.store.dataset(VIDEO).reason


# -- hostile files -------------------------------------------------------------------------------------------------


def test_times_that_no_database_can_hold_keep_nothing_from_being_archived(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = listing.file_stat
    beyond = 2**63 + 10**18

    def hostile(path: str, inode: Inode) -> FileStat:
        return real(path, inode)._replace(mtime_ns=beyond)

    monkeypatch.setattr(listing, "file_stat", hostile)
    monkeypatch.setattr(scanner, "file_stat", hostile)
    world.record_video()

    world.until(world.all_archived, within=timedelta(hours=2))


@pytest.mark.parametrize("time", [-(10**20), 10**20])
def test_a_folder_with_a_time_that_no_database_can_hold_is_remembered_as_well(
    world: World, time: int
) -> None:
    world.record_run()
    world.store.sight_plain(str(world.root), "old", time, ())

    world.until(world.all_archived)

    known = world.store.known_folders(str(world.root)).get("old")
    assert known is None or known.mtime_ns != UNSURE


# -- the root --------------------------------------------------------------------------------------------------------


def test_an_empty_folder_is_not_taken_for_the_root_that_is_mounted_there_later(
    world: World,
) -> None:
    disk = world.base / "disk"
    world.root.rename(disk)
    world.root.mkdir()
    world.pass_time(HOUR)

    world.root.rmdir()
    disk.rename(world.root)
    world.record_run()

    world.until(world.all_archived)
    assert not world.store.alarms()


# -- alarms end ------------------------------------------------------------------------------------------------------


def test_an_alarm_about_the_mover_ends_with_the_first_submission(world: World) -> None:
    world.record_run()
    world.mover.refuse("submit", TransferUnavailableError("503"), times=5)
    world.until(lambda: "mover:raw-ephys" in alarms(world))

    world.until(world.all_archived)

    assert not world.store.alarms()


@pytest.mark.parametrize(
    ("error", "alarm"),
    [
        (LoginRequiredError("nobody is logged in"), "login:raw-ephys"),
        (TransferUnavailableError("503"), "proof:raw-ephys"),
    ],
)
def test_an_alarm_about_proofs_ends_with_the_proof(
    world: World, error: Exception, alarm: str
) -> None:
    world.record_run()
    world.mover.refuse("receipts", error, times=4)  # type: ignore[arg-type]
    world.until(lambda: alarm in alarms(world))

    world.until(world.all_archived)

    assert not world.store.alarms()


def test_a_transfer_that_nobody_may_ask_about_is_an_alarm(world: World) -> None:
    world.record_run()
    world.mover.refuse("poll", NotPermittedError("it is somebody else's"), times=20)

    world.until(lambda: "mover:raw-ephys" in alarms(world))
    world.until(world.all_archived)

    assert not world.store.alarms()


@pytest.mark.parametrize(("times", "told"), [(1, False), (2, True)])
def test_a_transfer_that_cannot_be_asked_about_is_an_alarm_the_second_time(
    world: World, times: int, told: bool
) -> None:
    world.record_run()
    world.mover.refuse("poll", TransferUnavailableError("no network"), times=times)
    seen: set[str] = set()

    def archived() -> bool:
        seen.update(alarms(world))
        return world.all_archived()

    world.until(archived)

    assert ("mover:raw-ephys" in seen) is told
    assert not world.store.alarms()


def test_a_look_that_does_not_end_is_told_of(world: World) -> None:
    class Hanging:
        """Errands of which looks never come back."""

        def __init__(self, errands: Any) -> None:
            self._errands = errands

        def __getattr__(self, name: str) -> Any:
            return getattr(self._errands, name)

        def start(self, kind: str, subject: str, work: Callable[[], Any]) -> bool:
            return kind == "look" or bool(self._errands.start(kind, subject, work))

    reconfigure(world, errands=Hanging(world.daemon._around.errands))

    world.pass_time(timedelta(hours=7), step=timedelta(minutes=10))

    assert f"look:{world.root}" in alarms(world)


# -- until nothing is left to do -------------------------------------------------------------------------------------


def run_until_idle(world: World, *, limit: timedelta = timedelta(hours=12)) -> bool:
    """Run the loop itself, with a clock that runs by the minute; whether it still needs a person."""
    end = world.now + limit
    stop = threading.Event()

    def clock() -> Any:
        world.now += MINUTE
        if world.now > end:
            stop.set()
        return world.now

    wake = threading.Event()
    wake.wait = lambda timeout=None: True  # type: ignore[method-assign]
    world.daemon.run(
        stop=stop,
        wake=wake,
        clock=clock,
        interval=timedelta(0),
        after_tick=lambda: None,
        until_idle=True,
    )
    assert not stop.is_set(), (world.states(), world.store.alarms())
    return world.daemon.needs_a_person()


def test_it_ends_when_all_is_archived(world: World) -> None:
    record_two_runs(world)
    world.record_video()

    assert not run_until_idle(world)
    assert world.all_archived(3)


def test_a_recording_that_changed_after_it_was_judged_is_judged_again_before_the_end(
    world: World,
) -> None:
    writing = programs.spikeglx(
        world.root / "SC011" / "SC011_022319_g0", "SC011_022319_g0", probes=1
    )
    for _ in zip(range(6), writing, strict=False):
        pass
    world.pass_time(timedelta(minutes=30))
    for _ in writing:
        pass

    assert not run_until_idle(world)
    assert world.all_archived()


def test_unfinished_recordings_that_left_do_not_hide_a_new_one(world: World) -> None:
    writing = programs.spikeglx(
        world.root / "SC011" / "SC011_022319_g0", "SC011_022319_g0", probes=1
    )
    for _ in zip(range(6), writing, strict=False):
        pass
    world.pass_time(timedelta(minutes=30))
    world.store.hold(Selector(names=[EPHYS]), world.now, user="anna")
    world.record_video()

    assert run_until_idle(world)
    assert world.states() == {EPHYS: State.HELD, VIDEO: State.ARCHIVED}


def test_an_unfinished_recording_is_not_waited_for(world: World) -> None:
    writing = programs.spikeglx(
        world.root / "SC011" / "SC011_022319_g0", "SC011_022319_g0", probes=1
    )
    for _ in zip(range(6), writing, strict=False):
        pass

    assert run_until_idle(world, limit=HOUR)


def test_a_missing_root_is_not_waited_for_and_not_success(world: World) -> None:
    world.root.rmdir()

    assert run_until_idle(world, limit=HOUR)


def test_a_root_that_left_on_the_way_is_not_waited_for(world: World) -> None:
    world.record_run()
    world.pass_time(timedelta(minutes=5))
    world.root.rename(world.base / "away")

    assert run_until_idle(world, limit=timedelta(hours=2))


def test_a_pause_is_not_waited_for(world: World) -> None:
    world.record_run()
    world.store.pause("the rig records", world.now)

    assert run_until_idle(world, limit=timedelta(hours=2))
    assert world.states() == {EPHYS: State.READY}


def test_a_login_is_not_waited_for_but_other_archives_are(world: World) -> None:
    broken = own_mover(world, "raw-video")
    broken.refuse("reserve", LoginRequiredError("nobody is logged in"), times=10**4)
    world.record_video()
    world.record_run()

    assert run_until_idle(world, limit=timedelta(hours=2))
    assert world.states()[EPHYS] is State.ARCHIVED


def test_a_folder_that_cannot_be_read_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.record_run()
    monkeypatch.setattr(judging, "look", lambda *_, **__: [FolderTrouble("SC011", "denied")])

    assert run_until_idle(world, limit=timedelta(hours=2))


def test_a_store_that_refuses_after_the_turn_does_not_end_the_daemon(world: World) -> None:
    world.record_run()
    alive: list[bool] = []
    refused = [3]
    stop, wake = threading.Event(), threading.Event()
    stop.wait = wake.wait = lambda timeout=None: True  # type: ignore[method-assign]

    def after_tick() -> None:
        if refused[0]:
            refused[0] -= 1
            raise StoreError("its disk is full")

    def clock() -> Any:
        world.now += MINUTE
        return world.now

    world.daemon.run(
        stop=stop,
        wake=wake,
        clock=clock,
        interval=timedelta(0),
        after_tick=after_tick,
        alive=lambda: alive.append(True),
        until_idle=True,
    )

    assert world.all_archived()
    assert len(alive) > 3


# -- people act at any moment ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["hold", "release", "retry", "accept", "pause", "resume"])
@pytest.mark.parametrize("kind", ["judge", "prepare", "submit", "poll", "verify"])
def test_a_person_may_act_while_an_errand_is_under_way(tmp_path: Path, act: str, kind: str) -> None:
    world = World(tmp_path)
    done: list[str] = []

    class Interrupted:
        """Errands during which a person acts, after the work and before its result is taken."""

        def __init__(self, errands: Any) -> None:
            self._errands = errands

        def __getattr__(self, name: str) -> Any:
            return getattr(self._errands, name)

        def start(self, started: str, subject: str, work: Callable[[], Any]) -> bool:
            begun = bool(self._errands.start(started, subject, work))
            if begun and started == kind and len(done) < 2:
                done.append(started)
                if act == "pause":
                    world.store.pause("asked", world.now)
                elif act == "resume":
                    world.store.resume()
                else:
                    getattr(world.store, act)(Selector(), world.now, user="anna")
            return begun

    reconfigure(world, errands=Interrupted(world.daemon._around.errands))
    world.record_run()
    world.record_video()
    world.pass_time(timedelta(hours=1))
    world.store.resume()
    world.store.release(Selector(), world.now, user="anna")

    world.until(lambda: world.all_archived(2), within=timedelta(hours=3))

    assert done
    assert world.on_rig() == world.mover.archive
    assert world.mover.overwritten == []
    assert all(world.mover.tasks_of(path) == 1 for path in world.on_rig())
    world.store.close()


def test_a_change_that_left_the_rig_does_not_need_a_person_for_ever(world: World) -> None:
    folder = world.record_video()
    world.until(world.all_archived)
    trial = folder / TRIAL.rpartition("/")[2]
    before = world.mover.archive[TRIAL]
    trial.write_bytes(b"cut")
    world.until(lambda: world.states()[VIDEO] is State.FAILED, within=timedelta(days=2))
    trial.unlink()
    world.pass_time(HOUR)

    world.store.retry(Selector(names=[VIDEO]), world.now, user="anna")

    world.until(world.all_archived)
    assert world.mover.archive[TRIAL] == before


def _raising(error: Exception) -> Callable[..., Any]:
    def fail(*_words: Any, **_options: Any) -> Any:
        raise error

    return fail


def _nameless(mover: FakeTransfers) -> Callable[..., Any]:
    """A trouble that ends the whole task, and says nothing about which file it was."""
    trouble = type(mover)._trouble

    def found(task: Any, item: Any) -> str:
        code = trouble(mover, task, item)
        if code:
            mover.end(task.id, code)
        return code

    return found


def test_a_root_trouble_is_not_the_datasets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.record_run()
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "stats_now", _raising(RootUnavailableError("not mounted")))
        world.pass_time(HOUR)
        assert world.states() == {EPHYS: State.TRANSFERRING}
        assert not world.mover.tasks

    world.until(world.all_archived)
    assert not world.store.alarms()
