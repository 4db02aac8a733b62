"""The archive is told about every dataset, after the data and never in their way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.model import BatchState, Direction
from archived.core.record_json import to_json
from archived.core.records import RecordState, manifest_path, record_path
from archived.daemon.pacing import EndedError
from archived.errors import LoginRequiredError, TransferUnavailableError
from archived.ports import TaskState
from archived.store import Selector
from demo import rig as programs
from tests.daemon.record_world import RUN, VIDEO, LocalWorld, RecordWorld
from tests.records.bench import record

EPHYS_NAME, VIDEO_NAME = f"raw-ephys/{RUN}", f"raw-video/{VIDEO}"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RecordWorld]:
    made = RecordWorld(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalWorld]:
    made = LocalWorld(tmp_path)
    yield made
    made.close()


def test_after_a_dataset_its_manifest_and_record_are_archived(world: RecordWorld) -> None:
    world.record_run()
    world.record_video()
    world.until(lambda: world.told(EPHYS_NAME, VIDEO_NAME))
    assert world.data() == world.on_rig()
    assert {**world.manifest(RUN), **world.manifest(VIDEO)} == world.sums()
    assert {path for path in world.mover.archive if path.startswith(".archived")} == {
        of(path) for of in (record_path, manifest_path) for path in (RUN, VIDEO)
    }
    assert world.in_spool() == []
    assert world.store.alarms() == []


def test_a_record_is_begun_as_soon_as_its_dataset_is_archived(world: RecordWorld) -> None:
    second = timedelta(seconds=1)
    world.record_run()
    world.until(lambda: State.TRANSFERRING in world.states().values())
    while not world.all_archived():
        world.pass_time(second, step=second)
    world.pass_time(3 * second, step=second)
    assert world.in_spool() or world.told(EPHYS_NAME)


def test_a_record_says_all_that_the_catalogue_knows(world: RecordWorld) -> None:
    world.record_run()
    world.until(lambda: world.told(EPHYS_NAME))
    record = world.record(RUN)
    dataset = world.store.dataset(EPHYS_NAME)
    assert record.dataset == EPHYS_NAME
    assert (record.h2o, record.date, record.fields) == ("SC011", dataset.date, dataset.fields)
    assert (record.rig, record.host, record.programs) == (
        "test-rig",
        "rig-host",
        {"archived": "9.9"},
    )
    assert (record.first_seen, record.archived_at) == (dataset.first_seen, dataset.archived_at)
    assert [each.after for each in record.events][-1] == State.ARCHIVED
    for file in record.files:
        there = os.stat(world.root / file.path)
        assert (file.size, file.mtime_ns) == (there.st_size, there.st_mtime_ns)
        assert file.sha256 == world.sums()[file.path]
        assert file.receipt is not None
        assert file.receipt.source == "successful transfers"
    assert any(file.program_checksum for file in record.files)


def test_where_receipts_have_no_sha256_it_is_read_on_the_rig_once(
    world: RecordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archived.daemon import digesting

    read: list[str] = []
    checksum = digesting.checksum
    monkeypatch.setattr(
        digesting,
        "checksum",
        lambda root, path, kind, **more: read.append(path) or checksum(root, path, kind, **more),
    )
    world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    world.record_mover.online = False
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.TRAVELLING)
    world.restart()
    world.record_mover.online = True
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.manifest(RUN) == world.sums()
    assert sorted(read) == sorted(world.on_rig())


def test_a_large_dataset_is_read_in_portions_that_are_kept(
    world: RecordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archived.daemon import digesting

    read: list[str] = []
    checksum = digesting.checksum

    def ending(root: object, path: str, kind: str, **more: object) -> str:
        if len(read) == 2:
            raise EndedError("the program ended")
        read.append(path)
        return checksum(root, path, kind, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(digesting, "FILES_AT_ONCE", 1)
    world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    with monkeypatch.context() as ended:
        ended.setattr(digesting, "checksum", ending)
        world.until(lambda: len(read) == 2)
    assert len(world.digests(EPHYS_NAME)) == 2
    world.restart()
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.manifest(RUN) == world.sums()


def test_a_large_dataset_lets_others_have_their_turn(
    world: RecordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archived.daemon import digesting

    monkeypatch.setattr(digesting, "FILES_AT_ONCE", 1)
    monkeypatch.setattr(digesting, "FILES_A_TURN", 1)
    turns: list[int] = []
    digest_missing = digesting.digest_missing

    def counted(store: object, root: object, dataset_id: int, going_on: object) -> object:
        turns.append(dataset_id)
        return digest_missing(store, root, dataset_id, going_on)  # type: ignore[arg-type]

    monkeypatch.setattr("archived.daemon.describe.digest_missing", counted)
    world.record_video(trials=2)
    world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    world.until(lambda: world.told(EPHYS_NAME, VIDEO_NAME))
    assert turns != sorted(turns)
    assert turns != sorted(turns, reverse=True)
    assert {**world.manifest(RUN), **world.manifest(VIDEO)} == world.sums()


def test_the_files_of_the_store_are_read_by_errands_alone(
    world: RecordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a large dataset take seconds, and the tick must not wait for them."""
    errands, inside = world.daemon._around.errands, []
    start = errands.start

    def begun(kind: str, subject: str, work: Callable[[], object]) -> bool:
        def watched() -> object:
            inside.append(kind)
            try:
                return work()
            finally:
                inside.pop()

        return start(kind, subject, watched)

    files = type(world.store).files

    def read(store: object, dataset_id: int) -> object:
        caller = sys._getframe(1).f_code.co_filename
        assert inside or not caller.endswith(("describe.py", "digesting.py"))
        return files(store, dataset_id)  # type: ignore[arg-type]

    monkeypatch.setattr(errands, "start", begun)
    monkeypatch.setattr(type(world.store), "files", read)
    world.record_run()
    world.until(lambda: world.told(EPHYS_NAME))


def test_a_file_that_left_the_rig_before_has_no_sha256_and_the_record_says_why(
    world: RecordWorld,
) -> None:
    world.records = None
    world.daemon = world._build()
    folder = world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    before = world.sums()
    world.until(world.all_archived)
    gone = next(folder.rglob("*.ap.bin"))
    gone.unlink()
    world.keep()
    world.until(lambda: world.told(EPHYS_NAME))
    path = gone.relative_to(world.root).as_posix()
    assert world.manifest(RUN) == {name: each for name, each in before.items() if name != path}
    (file,) = [each for each in world.record(RUN).files if each.path == path]
    assert file.sha256 is None
    assert "left the rig" in file.without_sha256


def test_a_file_that_cannot_be_read_holds_up_nothing_for_ever(
    world: RecordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archived.core.formats import UnreadableError
    from archived.daemon import digesting

    world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    checksum = digesting.checksum

    def failing(root: object, path: str, kind: str, **more: object) -> str:
        if path.endswith(".ap.bin"):
            raise UnreadableError("Input/output error")
        return checksum(root, path, kind, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(digesting, "checksum", failing)
    world.until(lambda: world.told(EPHYS_NAME))
    (bad,) = [each for each in world.record(RUN).files if each.sha256 is None]
    assert "Input/output error" in bad.without_sha256
    assert len(world.manifest(RUN)) == len(world.sums()) - 1
    assert set(world.states().values()) == {State.ARCHIVED}


def test_a_dataset_that_grew_gets_a_record_that_replaces_the_first(world: RecordWorld) -> None:
    folder = world.record_video(trials=1)
    world.until(lambda: world.told(VIDEO_NAME))
    first = world.record(VIDEO)
    for _ in programs.avi(folder / "SC011_side_007-0000.avi", [b"\0\4" * 44]):
        pass
    world.until(lambda: not world.told(VIDEO_NAME))
    assert len(first.files) < len(world.on_rig())
    world.until(lambda: world.told(VIDEO_NAME))
    assert world.manifest(VIDEO) == world.sums()
    assert len(world.record(VIDEO).files) == len(world.on_rig())


def test_a_new_revision_that_a_person_accepted_gets_its_record(world: RecordWorld) -> None:
    folder = world.record_video(trials=1)
    world.until(lambda: world.told(VIDEO_NAME))
    before = world.manifest(VIDEO)
    for _ in programs.avi(next(folder.glob("*.avi")), [b"\0\3" * 333]):
        pass
    world.until(
        lambda: world.states()[VIDEO_NAME] is State.FAILED,
        within=timedelta(days=2),
        step=10 * MINUTE,
    )
    world.pass_time(timedelta(hours=3), step=10 * MINUTE)
    assert world.manifest(VIDEO) == before, "nothing new is archived yet"
    world.store.accept(Selector(names=[VIDEO_NAME]), world.now, user="anna")
    world.until(lambda: not world.told(VIDEO_NAME))
    world.until(lambda: world.told(VIDEO_NAME))
    assert world.record(VIDEO).revision == 2
    assert world.manifest(VIDEO) == world.sums() != before


def test_several_datasets_travel_in_one_batch(world: RecordWorld) -> None:
    for number in range(4):
        world.record_video_to(world.root / "SC011" / f"022{number + 1}2019" / "video")
    world.until(lambda: world.all_archived(4))
    world.until(lambda: world.told(*world.dataset_names()))
    assert len(world.record_orders()) < 4


def test_records_wait_while_data_wait_to_be_submitted(world: RecordWorld) -> None:
    world.record_video(trials=1)
    world.until(world.all_archived)
    world.mover.refuse("submit", TransferUnavailableError("away"), times=10_000)
    folder = world.root / "SC011" / "02242019" / "video"
    world.record_video_to(folder)
    world.until(lambda: bool(world.store.batches(BatchState.RESERVED, direction=Direction.ARCHIVE)))
    orders = len(world.record_orders())
    world.pass_time(timedelta(hours=3))
    assert len(world.record_orders()) == orders
    world.mover._refusals.clear()
    world.until(lambda: world.all_archived(2))
    world.until(lambda: world.told(*world.dataset_names()))


def test_an_archive_that_takes_no_records_never_holds_up_data(world: RecordWorld) -> None:
    away = TransferUnavailableError("the spool's collection is away")
    world.record_mover.refuse("submit", away, times=10_000)
    world.record_run()
    world.until(lambda: bool(world.store.alarms()), within=timedelta(days=4))
    assert [each.key for each in world.store.alarms()] == ["records:raw-ephys"]
    assert "recordings are safe" in world.store.alarms()[0].what_to_do
    world.record_video()
    world.until(lambda: world.all_archived(2))
    world.record_mover._refusals.clear()
    world.until(lambda: world.told(EPHYS_NAME, VIDEO_NAME), within=timedelta(days=2))
    assert world.store.alarms() == []


def test_a_transfer_of_records_that_fails_is_tried_again_for_ever(world: RecordWorld) -> None:
    world.record_run()
    world.record_mover.break_file(record_path(RUN), "PERMISSION_DENIED")
    world.until(
        lambda: "records:raw-ephys" in {each.key for each in world.store.alarms()},
        within=timedelta(days=4),
    )
    assert set(world.states().values()) == {State.ARCHIVED}
    assert world.note(EPHYS_NAME).attempts >= 5
    world.record_mover.mend_file(record_path(RUN))
    world.until(lambda: world.told(EPHYS_NAME), within=timedelta(days=2))
    assert world.store.alarms() == []


def test_one_bad_record_holds_up_no_other_for_ever(world: RecordWorld) -> None:
    world.record_video(trials=1)
    world.record_video_to(world.root / "SC011" / "02242019" / "video")
    world.record_mover.break_file(record_path(VIDEO), "FILE_NOT_FOUND")
    other = "raw-video/SC011/02242019/video"
    world.until(lambda: world.told(other), within=timedelta(days=2))
    assert not world.told(VIDEO_NAME)


def test_a_success_that_is_none_is_not_believed(world: RecordWorld) -> None:
    world.record_run()
    world.record_mover.vanish_after_success(record_path(RUN))
    world.record_mover.leave_out_of_lists(record_path(RUN))
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.archived(record_path(RUN)) is not None
    assert len(world.record_orders()) == 2


def test_a_login_that_ended_is_told_of_as_for_data(world: RecordWorld) -> None:
    ended = LoginRequiredError("no login", what_to_do="archivedctl login")
    world.record_run()
    world.until(world.all_archived)
    world.record_mover.refuse("reserve", ended, times=3)
    world.until(lambda: "login:raw-ephys" in {each.key for each in world.store.alarms()})
    world.until(lambda: world.told(EPHYS_NAME))


def test_a_pause_holds_records_as_it_holds_data(world: RecordWorld) -> None:
    world.record_run()
    world.until(world.all_archived)
    world.store.pause("for a talk", world.now)
    world.pass_time(timedelta(hours=2))
    assert world.record_orders() == []
    world.store.resume()
    world.until(lambda: world.told(EPHYS_NAME))


def test_switched_off_nothing_is_read_written_or_sent(world: RecordWorld) -> None:
    world.records = None
    world.daemon = world._build()
    world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    world.until(world.all_archived)
    world.pass_time(timedelta(hours=5))
    assert world.digests(EPHYS_NAME) == {}
    assert not Path(world.spool).exists()
    assert world.data() == world.mover.archive
    world.keep()
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.manifest(RUN) == world.sums()


def test_switched_off_in_the_middle_no_batch_is_left_behind(world: RecordWorld) -> None:
    world.record_run()
    world.record_mover.online = False
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.TRAVELLING)
    world.records = None
    world.restart()
    world.pass_time(MINUTE)
    assert world.store.batches(*world.live(), direction=Direction.RECORD) == []
    assert world.note_state(EPHYS_NAME) is RecordState.OWED


def test_without_a_spool_that_is_exported_the_record_stays_in_the_store(
    world: RecordWorld,
) -> None:
    world.keep(spool="/var/lib/archived/spool")
    world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.KEPT)
    assert "does not export" in world.note(EPHYS_NAME).reason
    assert len(world.digests(EPHYS_NAME)) == len(world.on_rig())
    assert world.store.alarms() == []
    assert world.daemon.describing.idle(world.now)
    world.keep()
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.manifest(RUN) == world.sums()


def test_a_location_that_was_taken_out_of_the_configuration_keeps_its_records(
    world: RecordWorld,
) -> None:
    world.record_run()
    world.record_mover.online = False
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.TRAVELLING)
    world.without = {"raw-ephys"}
    world.restart()
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.KEPT)
    world.without = set()
    world.record_mover.online = True
    world.record_mover.step(2)
    world.restart()
    world.until(lambda: world.told(EPHYS_NAME))


def test_a_record_that_this_catalogue_did_not_send_is_not_replaced(world: RecordWorld) -> None:
    theirs = to_json(record(RUN, rig="another-rig"))
    world.mover.archive[record_path(RUN)] = theirs
    world.record_run()
    world.record_video()
    world.until(lambda: world.told(VIDEO_NAME))
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.KEPT)
    assert world.archived(record_path(RUN)) == theirs
    assert "was not replaced" in world.note(EPHYS_NAME).reason
    world.store.record_known(world.store.dataset(EPHYS_NAME).id)
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.record(RUN).rig == "test-rig"


def test_a_spool_that_lost_everything_is_filled_anew(world: RecordWorld) -> None:
    world.record_run()
    world.written(EPHYS_NAME)
    assert len(world.in_spool()) == 2
    for name in world.in_spool():
        (Path(world.spool) / name).unlink()
    world.store.resume()
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.manifest(RUN) == world.sums()


def test_a_spool_that_cannot_be_written_is_told_of_and_waited_for(world: RecordWorld) -> None:
    Path(world.spool).write_text("a file in its place")
    world.record_run()
    world.until(
        lambda: "records:raw-ephys" in {each.key for each in world.store.alarms()},
        within=timedelta(days=1),
    )
    assert set(world.states().values()) == {State.ARCHIVED}
    Path(world.spool).unlink()
    world.until(lambda: world.told(EPHYS_NAME))
    assert world.store.alarms() == []


def test_what_was_left_in_the_spool_by_a_killed_process_is_swept(world: RecordWorld) -> None:
    world.record_run()
    world.until(lambda: world.told(EPHYS_NAME))
    left = Path(world.spool) / "outgoing" / "raw-ephys" / record_path(RUN)
    for path in (left, left.parent.parent / "no_such_dataset" / "record.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left")
    world.restart()
    world.pass_time(MINUTE * 3)
    assert world.in_spool() == []


def test_datasets_that_were_archived_before_are_told_of_the_oldest_and_the_newest_first(
    world: RecordWorld,
) -> None:
    world.records = None
    world.daemon = world._build()
    for number in range(3):
        world.record_video_to(world.root / "SC011" / f"022{number + 1}2019" / "video")
        world.until(lambda number=number: world.all_archived(number + 1))
    world.keep()
    first, second, third = world.dataset_names()
    world.until(lambda: world.note_state(first) is not RecordState.OWED)
    assert world.note_state(second) is RecordState.OWED
    world.until(lambda: world.note_state(third) is not RecordState.OWED)
    world.until(lambda: world.told(first, second, third))


def test_with_nothing_to_do_it_asks_the_store_once_a_minute(world: RecordWorld) -> None:
    world.record_run()
    world.until(lambda: world.told(EPHYS_NAME))
    world.pass_time(timedelta(minutes=10))
    asked: list[str] = []
    database = world.store._door.database
    execute = database.execute_sql

    def noting(sql: str, params: object = None) -> object:
        asked.append(sql)
        return execute(sql, params)

    database.execute_sql = noting
    for _ in range(30):
        world.now += timedelta(seconds=2)
        world.daemon.describing(world.now, [])
        world.daemon.depositing(world.now, [])
    assert len(asked) == 1


def test_it_is_not_idle_while_something_can_be_told(world: RecordWorld) -> None:
    world.record_run()
    world.until(world.all_archived)
    assert not world.daemon.idle(world.now)
    world.until(lambda: world.daemon.idle(world.now))
    assert world.told(EPHYS_NAME)


def test_who_waits_is_told_when_only_the_archive_is_to_be_told(world: RecordWorld) -> None:
    world.record_mover.online = False
    world.record_run()
    world.until(world.all_archived)
    world.until(lambda: world.daemon.idle(world.now) or world.daemon.telling)
    assert world.daemon.telling
    world.record_mover.online = True
    world.until(lambda: world.daemon.idle(world.now))
    assert not world.daemon.telling
    assert world.told(EPHYS_NAME)


def test_who_waits_until_it_is_idle_does_not_wait_long_for_records_that_do_not_arrive(
    world: RecordWorld,
) -> None:
    world.record_mover.online = False
    world.record_run()
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.TRAVELLING)
    assert not world.daemon.idle(world.now)
    world.until(lambda: world.daemon.idle(world.now), within=timedelta(minutes=20))
    world.record_mover.online = True
    world.until(lambda: world.told(EPHYS_NAME))


def test_who_waits_until_it_is_idle_does_not_wait_for_an_archive_that_is_away(
    world: RecordWorld,
) -> None:
    away = TransferUnavailableError("away")
    world.record_mover.refuse("submit", away, times=10_000)
    world.record_run()
    world.until(world.all_archived)
    world.until(lambda: world.daemon.idle(world.now), within=timedelta(hours=1))
    assert not world.told(EPHYS_NAME)


def test_sha256sum_alone_finds_everything_right_in_a_directory(local: LocalWorld) -> None:
    local.record_run()
    local.record_video()
    local.until(lambda: local.told(EPHYS_NAME, VIDEO_NAME))
    for path in (RUN, VIDEO):
        assert local.check_sums(path).returncode == 0
        assert len(local.check_sums(path).stdout.splitlines()) == len(local.manifest(path))
    assert {**local.manifest(RUN), **local.manifest(VIDEO)} == local.sums()
    rotten = next(each for each in local.manifest(RUN) if each.endswith(".ap.bin"))
    with open(local.directory / rotten, "r+b") as file:
        file.write(b"rot")
    assert local.check_sums(RUN).returncode == 1
    assert local.in_spool() == []


def test_a_directory_that_is_archived_to_anew_is_told_anew(local: LocalWorld) -> None:
    local.record_run()
    local.until(lambda: local.told(EPHYS_NAME))
    local.lose_store()
    local.until(lambda: local.told(EPHYS_NAME))
    assert local.check_sums(RUN).returncode == 0


def test_another_rigs_record_in_a_directory_stays(local: LocalWorld) -> None:
    theirs = local.directory / record_path(RUN)
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(to_json(record(RUN, rig="another-rig")))
    local.record_run()
    local.until(lambda: local.note_state(EPHYS_NAME) is RecordState.KEPT)
    assert "another-rig" in local.note(EPHYS_NAME).reason
    assert theirs.read_bytes() == to_json(record(RUN, rig="another-rig"))


def test_a_record_that_says_more_than_the_catalogue_knows_stays(local: LocalWorld) -> None:
    theirs = local.directory / record_path(RUN)
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(to_json(record(RUN, rig="test-rig")))
    local.record_run()
    local.until(lambda: local.note_state(EPHYS_NAME) is RecordState.KEPT)
    assert "says more" in local.note(EPHYS_NAME).reason


def test_hostile_names_are_told_as_they_are(local: LocalWorld) -> None:
    folder = local.record_video(trials=1)
    for name in (b"line\nfeed.txt", b"caf\xe9.txt", b"back\\slash", b" blank", b"return\r"):
        path = os.path.join(os.fsencode(folder), name)
        with open(path, "wb") as file:
            file.write(name)
        os.utime(path, (local.now.timestamp(),) * 2)
    local.until(lambda: local.told(VIDEO_NAME), within=timedelta(days=2))
    checked = local.check_sums(VIDEO)
    assert checked.returncode == 0, checked.stderr
    assert local.manifest(VIDEO) == local.sums_as_they_are()
    assert {each.path for each in local.record(VIDEO).files} == set(local.manifest(VIDEO))


def test_files_in_the_spool_may_be_read_by_everybody(world: RecordWorld) -> None:
    before = os.umask(0o077)
    try:
        world.record_run()
        world.written(EPHYS_NAME)
        for path in [Path(world.spool), *Path(world.spool).rglob("*")]:
            assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path
    finally:
        os.umask(before)


def test_a_batch_of_records_is_never_taken_for_one_of_data(world: RecordWorld) -> None:
    world.record_run()
    world.record_mover.online = False
    world.until(lambda: world.note_state(EPHYS_NAME) is RecordState.TRAVELLING)
    world.pass_time(timedelta(hours=1))
    (task,) = world.record_mover.under_way()
    assert task.state is TaskState.ACTIVE
    assert set(world.states().values()) == {State.ARCHIVED}
    assert not any(task.order.direction is Direction.RECORD for task in world.mover.tasks.values())
