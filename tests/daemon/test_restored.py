"""The store was put back from an old copy: nothing is sent twice, nothing is replaced, nothing is forgotten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.model import BatchState, Direction, FileState
from archived.core.retrieving import BringState
from archived.ports import TaskState
from archived.store import Selector
from archived.store.backup import copy_of
from tests.daemon.world import EPHYS, QUIET, VIDEO, World

LOCATIONS = ("raw-ephys", "raw-video")


def back_up(world: World) -> Path:
    copy = world.base / "copy.db"
    copy_of(world.base / "archived.db", copy, world.now)
    return copy


def put_back(world: World, copy: Path) -> None:
    """As anybody may do it: by hand, with the means of the system."""
    world.store.close()
    for name in ("archived.db", "archived.db-wal", "archived.db-shm"):
        (world.base / name).unlink(missing_ok=True)
    shutil.copy(copy, world.base / "archived.db")
    world.restart()


def look_through(world: World, location: str) -> None:
    """What `discover` does at its beginning and at its end."""
    walk = world.store.begin_discovery(location, "", world.now, dry_run=False, restart=False)
    world.store.end_discovery(walk.id, world.now)


def closed(world: World) -> list[str]:
    return [each for each in LOCATIONS if world.store.is_closed(each)]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_nothing_is_sent_before_the_archive_was_looked_through(world: World) -> None:
    copy = back_up(world)
    world.record_run()
    world.until(world.all_archived)
    sent = world.mover.calls["submit"]
    archive = dict(world.mover.archive)

    put_back(world, copy)
    world.pass_time(hours(12), step=hours(2))

    assert world.mover.calls["submit"] == sent
    assert world.mover.archive == archive
    assert closed(world) == list(LOCATIONS)
    alarms = {alarm.key: alarm for alarm in world.store.alarms()}
    assert set(alarms) == {"restored:raw-ephys", "restored:raw-video"}
    assert "archivedctl discover -l raw-ephys" in alarms["restored:raw-ephys"].what_to_do
    assert "2026-03-14 12:00 UTC" in alarms["restored:raw-ephys"].message
    assert world.states() == {EPHYS: State.READY}


def test_each_location_opens_when_its_own_archive_was_looked_through(world: World) -> None:
    copy = back_up(world)
    put_back(world, copy)
    world.record_run()
    world.record_video()
    look_through(world, "raw-video")
    world.until(lambda: world.states().get(VIDEO) is State.ARCHIVED)
    assert world.states()[EPHYS] is State.READY
    assert [alarm.key for alarm in world.store.alarms()] == ["restored:raw-ephys"]

    look_through(world, "raw-ephys")
    world.until(lambda: world.all_archived(2))

    assert world.store.restored() is None
    assert world.store.alarms() == []
    assert world.on_rig() == world.mover.archive


def test_a_look_at_a_part_or_without_consequences_opens_nothing(world: World) -> None:
    put_back(world, back_up(world))
    for below, dry_run, believed in (("SC011", False, True), ("", True, True), ("", False, False)):
        walk = world.store.begin_discovery(
            "raw-ephys", below, world.now, dry_run=dry_run, restart=True
        )
        world.store.end_discovery(walk.id, world.now, believed=believed)
    world.pass_time(hours(1))
    assert closed(world) == list(LOCATIONS)


def test_a_look_that_began_in_the_copy_is_begun_anew(world: World) -> None:
    before = world.store.begin_discovery("raw-ephys", "", world.now, dry_run=False, restart=False)
    put_back(world, back_up(world))
    world.now += hours(1)
    after = world.store.begin_discovery("raw-ephys", "", world.now, dry_run=False, restart=False)
    assert after.started_at > before.started_at


UNTIL: dict[str, Callable[[World], bool]] = {
    "planned": lambda world: bool(world.store.batches(BatchState.PLANNED)),
    "reserved": lambda world: bool(world.store.batches(BatchState.RESERVED)),
    "active": lambda world: bool(world.store.batches(BatchState.ACTIVE)),
    "sent": lambda world: bool(world.store.batches(BatchState.SENT)),
}


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "forgotten"])
@pytest.mark.parametrize("moment", UNTIL)
def test_a_batch_that_the_copy_believes_to_be_under_way_replaces_nothing(
    world: World, moment: str, remembered: bool
) -> None:
    """Since the copy it was archived, changed on the rig, accepted, archived again and changed once more."""
    folder = world.record_run()
    world.until(lambda: UNTIL[moment](world), step=timedelta(seconds=20))
    copy = back_up(world)
    world.until(world.all_archived)
    [data] = folder.rglob("*.ap.bin")
    accept_another_version(world, data, b"2")
    archive = dict(world.mover.archive)
    write(world, data, b"3")
    submitted = world.mover.calls["submit"]
    if not remembered:
        world.mover.tasks.clear()

    put_back(world, copy)
    world.pass_time(hours(30), step=hours(2))

    assert world.mover.calls["submit"] == submitted, "sent anew from what a copy believed"
    assert world.mover.archive == archive
    look_through(world, "raw-ephys")
    look_through(world, "raw-video")
    world.pass_time(hours(30), step=hours(2))

    assert world.mover.overwritten == []
    key = data.relative_to(world.root).as_posix()
    assert world.mover.archive[key] == archive[key], "the version that a person accepted is kept"
    assert world.states() == {EPHYS: State.FAILED}
    assert world.store.batches(*UNDER_WAY) == []


UNDER_WAY = (BatchState.PLANNED, BatchState.RESERVED, BatchState.ACTIVE, BatchState.SENT)


def write(world: World, path: Path, end: bytes) -> None:
    path.write_bytes(path.read_bytes()[:-1] + end)
    seconds = world.now.timestamp()
    os.utime(path, (seconds, seconds))


def accept_another_version(world: World, path: Path, end: bytes) -> None:
    world.now += hours(1)
    write(world, path, end)
    # Folders that did not change are looked into once a day.
    world.until(lambda: world.states() == {EPHYS: State.FAILED}, within=hours(50), step=hours(1))
    world.store.accept(Selector(location="raw-ephys", names=[EPHYS]), world.now, user="anna")
    world.until(world.all_archived, step=timedelta(minutes=4))


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "forgotten"])
def test_a_batch_that_is_under_way_still_is_waited_for_and_proved(
    world: World, remembered: bool
) -> None:
    world.record_run()
    world.mover.by_itself = False
    world.until(lambda: UNTIL["active"](world))
    [task] = world.mover.tasks.values()

    put_back(world, back_up(world))
    look_through(world, "raw-ephys")
    look_through(world, "raw-video")
    world.pass_time(hours(1))
    assert closed(world) == ["raw-ephys"], "what is under way there belongs to before"
    if not remembered:
        world.mover.forget(task.id)
    else:
        world.mover.step(5)
        assert task.state is TaskState.SUCCEEDED
    world.mover.by_itself = True
    world.until(lambda: world.all_archived() and not closed(world))

    assert world.store.restored() is None
    assert world.on_rig() == world.mover.archive
    assert world.mover.calls["submit"] == (1 if remembered else 2)


def test_what_was_to_be_brought_back_is_asked_for_anew(world: World) -> None:
    """What lies where it was to be written may be another file by now."""
    world.record_run()
    world.until(world.all_archived)
    files = world.store.files(world.store.dataset(EPHYS).id)
    world.store.begin_retrieval(
        "retrieval",
        "raw-ephys",
        str(world.base / "back"),
        {each.id: None for each in files},
        asked_by="anna",
        asked_for="SC011",
        now=world.now,
    )
    batch = world.store.plan_retrieval(
        "batch", "retrieval", [each.id for each in files], world.now, world.now + hours(1)
    )
    assert batch is not None
    world.store.reserve_batch(batch.id, "order", world.now)

    put_back(world, back_up(world))

    assert world.store.retrievals() == []
    assert world.store.batches(*UNDER_WAY, direction=Direction.RETRIEVE) == []
    wanted = world.store.retrieval_files("retrieval", BringState.WANTED)
    assert len(wanted) == len(files)


def test_the_daemon_is_idle_while_it_waits_for_the_look(world: World) -> None:
    put_back(world, back_up(world))
    world.record_run()
    world.pass_time(QUIET * 3)
    assert world.states() == {EPHYS: State.READY}
    assert world.daemon.idle(world.now)
    assert world.daemon.needs_a_person()


def test_a_store_that_was_never_put_back_is_closed_for_nobody(world: World) -> None:
    world.record_run()
    back_up(world)
    world.until(world.all_archived)
    assert world.store.restored() is None
    assert [file.state for file in world.store.files(world.store.dataset(EPHYS).id)] == [
        FileState.ARCHIVED
    ] * 4
