"""The daemon notices what is missing, and that it is there again, without reading the whole catalogue for it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archived import config
from archived.background import watch
from archived.core.silence import UNKNOWN
from archived.daemon.silence import EVERY, _read
from archived.daemon.surroundings import Watch
from demo import rig as programs
from tests.daemon.test_plans_of_ticks import scans
from tests.daemon.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GB = 10**9


class Outside:
    """What the daemon is told of the world outside of the store."""

    def __init__(self) -> None:
        self.used: datetime | None = None
        self.free = 900 * GB
        self.away = False

    def space(self, _root: str) -> tuple[int, int]:
        if self.away:
            raise OSError("away")
        return 1000 * GB, self.free


@pytest.fixture
def outside(world: World) -> Outside:
    """A daemon that watches."""
    found = Outside()
    world.watch = Watch(habits=True, login_used=lambda: found.used, space=found.space)
    world.restart()
    return found


def raised(world: World, kind: str) -> dict[str, str]:
    return {
        each.key: each.message
        for each in world.store.alarms()
        if each.key.partition(":")[0] == kind
    }


def video(world: World, day: datetime) -> None:
    folder = world.root / "SC011" / f"{day:%m%d%Y}" / "video"
    for _ in programs.tracking_video(folder, "SC011", "side", trials=1, blocks=1):
        pass
    world._stamp(folder)


def ephys(world: World, day: datetime) -> None:
    run = f"SC011_{day:%m%d%y}_g0"
    folder = world.root / "SC011" / run
    for _ in programs.spikeglx(folder, run, probes=1, blocks=1, seed=day.day):
        pass
    world._stamp(folder)


def test_recordings_that_wait_for_long_are_an_alarm_until_one_is_archived(
    world: World, outside: Outside
) -> None:
    world.pass_time(2 * DAY, step=2 * HOUR)
    assert raised(world, "silence") == {}
    world.store.pause("busy", world.now)
    world.record_video()
    world.pass_time(3 * DAY, step=2 * HOUR)
    assert raised(world, "silence") == {}, "a pause is no silence"
    world.store.resume()
    world.mover.by_itself = False
    world.pass_time(HOUR, step=10 * MINUTE)
    assert raised(world, "silence") == {}, "what waited has its turn first"
    world.until(lambda: bool(raised(world, "silence")), within=UNKNOWN + DAY, step=30 * MINUTE)
    assert "raw-video/SC011/" in raised(world, "silence")["silence"]
    world.mover.by_itself = True
    world.until(lambda: world.all_archived() and not raised(world, "silence"), step=10 * MINUTE)


def test_a_session_without_its_ephys_is_named_and_forgotten_when_it_is_there(
    world: World, outside: Outside
) -> None:
    for _ in range(10):
        video(world, world.now)
        ephys(world, world.now)
        world.pass_time(DAY, step=6 * HOUR)
    assert raised(world, "session") == {}
    alone = world.now
    video(world, alone)
    world.pass_time(10 * HOUR, step=2 * HOUR)
    assert raised(world, "session") == {}
    world.pass_time(8 * HOUR, step=2 * HOUR)
    [(key, message)] = raised(world, "session").items()
    assert key == f"session:SC011 {alone.date()}"
    assert "has video but no ephys" in message
    world.restart()
    world.pass_time(MINUTE)
    assert set(raised(world, "session")) == {key}, "it lasts over a restart"
    ephys(world, alone)
    world.pass_time(4 * HOUR, step=30 * MINUTE)
    assert raised(world, "session") == {}


def test_a_disk_that_fills_and_a_login_that_nobody_uses_are_told_in_time(
    world: World, outside: Outside
) -> None:
    key = f"disk-full:{world.root}"
    for _ in range(50):
        outside.free -= 10 * GB
        world.pass_time(EVERY, step=EVERY)
    world.restart()
    world.pass_time(EVERY, step=EVERY)
    assert "as it fills now it is full in 1d" in raised(world, "disk-full")[key]
    outside.away = True
    world.pass_time(2 * EVERY, step=EVERY)
    assert key in raised(world, "disk-full"), "who does not answer has said nothing"
    outside.away, outside.free = False, 990 * GB
    world.pass_time(3 * DAY, step=EVERY)
    assert raised(world, "disk-full") == {}
    assert raised(world, "login-age") == {}
    outside.used = world.now - timedelta(days=160)
    world.pass_time(2 * EVERY, step=EVERY)
    ends = outside.used + timedelta(days=180)
    assert f"ends on {ends:%Y-%m-%d}" in raised(world, "login-age")["login-age"]
    outside.used = world.now
    world.pass_time(2 * EVERY, step=EVERY)
    assert raised(world, "login-age") == {}


def test_no_statement_of_a_look_for_what_is_missing_reads_everything(
    world: World, outside: Outside
) -> None:
    world.record_video()
    world.record_run()
    world.until(lambda: world.all_archived(2))
    assert scans(world, lambda: world.pass_time(3 * EVERY, step=EVERY)) == []


def test_habits_are_no_alarm_where_nobody_wants_that(world: World, outside: Outside) -> None:
    world.watch = Watch(habits=False, login_used=lambda: None, space=outside.space)
    world.store.raise_alarm("silence", "x", "y", world.now)
    world.store.raise_alarm("session:SC011 2026-01-01", "x", "y", world.now)
    world.restart()
    world.pass_time(MINUTE)
    assert raised(world, "silence") | raised(world, "session") == {}


def test_the_disk_and_the_login_of_a_configuration_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "rig").mkdir()
    path = tmp_path / "archived.ini"
    path.write_text(
        f"[archived]\nrig = r\n[alerts]\nsilence = no\n[globus]\nclient_id = {'0' * 8}-0000-4000-8000-{'0' * 12}\n"
        f"local_endpoint = {'1' * 8}-0000-4000-8000-{'0' * 12}\nlocal_endpoint_subdir = rig\n"
        f"local_endpoint_local_path = {tmp_path}/rig\ntoken_file = {tmp_path}/tokens.json\n"
        f"[location:v]\narchive = {'2' * 8}-0000-4000-8000-{'0' * 12}:/v\nconventions = tracking-video\n"
    )
    found = watch(config.load(path, {}))
    size, free = found.space(str(tmp_path / "rig"))
    assert 0 < free <= size
    assert found.login_used() is None
    assert not found.habits
    (tmp_path / "tokens.json").write_text("damaged")
    os.chmod(tmp_path / "tokens.json", 0o600)
    assert found.login_used() is None


@pytest.mark.parametrize("noted", ["{", "[1]", '[["2026-03-01T12:00:00", 5]]', '[["x", 5]]', "7"])
def test_notes_that_cannot_be_read_are_begun_anew(noted: str) -> None:
    assert _read(noted) == []


def test_what_only_time_tells_does_not_keep_a_single_visit_from_ending_well(world: World) -> None:
    world.store.raise_alarm("silence", "nothing is archived", "look", world.now)
    assert not world.daemon.needs_a_person()
    world.store.raise_alarm("backup", "the store is not backed up", "look", world.now)
    assert world.daemon.needs_a_person()
