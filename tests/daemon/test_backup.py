"""The daemon copies its store now and then: on time, beside its work, and with an alarm where that fails."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.daemon import Daemon
from archived.daemon.surroundings import BackingUp
from archived.errors import StoreDamagedError
from archived.store.backup import examine
from archived.store.backups import BackupFolder
from tests.daemon.world import EPHYS, World

DAY = timedelta(days=1)


@pytest.fixture
def folder(world: World) -> Path:
    """A folder for backups, three of which stay, and a daemon that knows of it."""
    made = world.base / "backups"
    made.mkdir()
    with_backups(world, made)
    return made


def with_backups(world: World, folder: Path) -> None:
    wish = BackupFolder(world.base / "archived.db", folder, "test-rig", 3)
    backing_up = BackingUp(DAY, wish.last, lambda: wish.add(world.now, lambda: False))
    world.daemon = Daemon(replace(world.daemon._around, backup=backing_up), None)


def alarms(world: World) -> dict[str, str]:
    return {each.key: each.message for each in world.store.alarms()}


def test_a_copy_is_made_every_day_and_the_oldest_leave(world: World, folder: Path) -> None:
    world.record_run()
    world.pass_time(DAY * 5, step=timedelta(minutes=30))
    made = sorted(folder.iterdir())
    assert len(made) == 3
    newest = examine(made[-1])
    assert newest.made_at is not None
    assert newest.made_at > world.now - DAY - timedelta(hours=1)
    assert newest.files == 4
    assert world.states() == {EPHYS: State.ARCHIVED}
    told = [fields for event, fields in world.log.entries if event == "store backed up"]
    assert 5 <= len(told) <= 6


def test_a_daemon_that_is_started_often_makes_no_more_of_them(world: World, folder: Path) -> None:
    for _ in range(4):
        world.pass_time(timedelta(minutes=10))
        world.restart()
        with_backups(world, folder)
    assert len(list(folder.iterdir())) == 1


def test_where_it_fails_there_is_an_alarm_until_it_works_again(world: World, folder: Path) -> None:
    folder.rmdir()
    world.record_run()
    world.pass_time(timedelta(hours=3))
    assert "the store is not backed up" in alarms(world)["backup"]
    assert "archiving goes on" in alarms(world)["backup"]
    assert world.states() == {EPHYS: State.ARCHIVED}, "archiving goes on"
    folder.mkdir()
    world.pass_time(timedelta(hours=2), step=timedelta(minutes=10))
    assert "backup" not in alarms(world)
    assert len(list(folder.iterdir())) == 1


def test_a_clock_that_was_ahead_keeps_no_backup_from_being_made(world: World, folder: Path) -> None:
    world.now += DAY * 365
    world.pass_time(timedelta(minutes=10))
    world.now -= DAY * 365
    world.pass_time(timedelta(hours=3), step=timedelta(minutes=10))
    assert len(list(folder.iterdir())) == 2


def test_damage_that_the_copying_meets_ends_the_daemon(world: World, folder: Path) -> None:
    world.record_run()
    world.pass_time(timedelta(minutes=5))
    damage(world)
    for each in folder.iterdir():
        each.unlink()
    with pytest.raises(StoreDamagedError) as told:
        world.pass_time(DAY * 2, step=timedelta(minutes=30))
    assert "archivedctl restore" in told.value.what_to_do


def test_damage_ends_the_loop_rather_than_being_waited_for(world: World) -> None:
    world.record_run()
    world.pass_time(timedelta(minutes=5))
    damage(world)
    stop, wake = threading.Event(), threading.Event()
    with pytest.raises(StoreDamagedError):
        world.daemon.run(
            stop=stop,
            wake=wake,
            clock=lambda: world.now,
            interval=timedelta(seconds=0.01),
            after_tick=stop.set,
        )
    assert not stop.is_set()


def damage(world: World) -> None:
    """Other bytes in every page but the first, of which nothing is in memory."""
    for pragma in ("wal_checkpoint(TRUNCATE)", "cache_size = 0", "shrink_memory"):
        world.store._door.row(f"PRAGMA {pragma}")
    path = world.base / "archived.db"
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
