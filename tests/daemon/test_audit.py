"""The archive is looked into in the background: how often, when not, and what comes of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from archived.app import assembled
from archived.core.model import FileState
from archived.daemon.surroundings import Audit
from archived.errors import TransferUnavailableError
from archived.verify.values import Outcome
from tests.daemon.world import SilentLog, World
from tests.verify.world import EPHYS, G0, G1
from tests.verify.world import World as Rig
from tests.verify.world import world as rig_world

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Counting:
    """Looks that only count, and fail when they are told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.fault: Exception | None = None

    def __call__(self) -> Sequence[Outcome]:
        self.calls += 1
        if self.fault is not None:
            raise self.fault
        return []


@pytest.fixture
def counting(world: World) -> Counting:
    """Of a rig whose configuration wants a look every day."""
    made = Counting()
    world.audit = Audit(DAY, made)
    world.restart()
    world.pass_time(2 * MINUTE)
    return made


def test_it_is_done_at_once_and_then_once_a_day(world: World, counting: Counting) -> None:
    assert counting.calls == 1

    world.pass_time(HOUR)
    assert counting.calls == 1
    world.pass_time(DAY)

    assert counting.calls == 2


def test_a_restart_does_not_begin_a_round_before_its_time(world: World, counting: Counting) -> None:
    world.restart()
    world.pass_time(HOUR)

    assert counting.calls == 1


def test_what_could_not_be_done_is_tried_again_soon_and_stops_nothing(
    world: World, counting: Counting
) -> None:
    counting.fault = TransferUnavailableError("away")
    world.pass_time(DAY)
    tried = counting.calls
    assert tried >= 2
    counting.fault = None
    world.pass_time(HOUR)

    assert counting.calls == tried + 1


def test_a_pause_holds_it_back(world: World) -> None:
    counting = Counting()
    world.audit = Audit(DAY, counting)
    world.store.pause("maintenance", world.now)
    world.restart()
    world.pass_time(MINUTE)

    assert counting.calls == 0


def rounds(rig: Rig, number: int = 1) -> None:
    """As many daemons one after the other, each until it has verified in the background once."""
    for _ in range(number):
        stop, wake = threading.Event(), threading.Event()
        log = SilentLog()
        with rig.store() as store:
            store._door.change("DELETE FROM setting WHERE name = 'verified in the background'")
        with assembled(rig.configuration, log, stop=stop, wake=wake, pid=1) as made:  # type: ignore[arg-type]
            waited = 0
            while not [each for each in log.entries if each[0] == "verified in the background"]:
                made.daemon.tick(rig.now())
                wake.wait(0.05)
                wake.clear()
                waited += 1
                assert waited < 1000, log.entries


@pytest.mark.parametrize("kind", ["directory", "globus"])
def test_damage_is_found_in_the_background_and_is_an_alarm(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = "every = 1d\ndeep = yes"
    with rig_world(tmp_path, kind, monkeypatch, verify=settings) as rig:
        rig.later = -MINUTE
        rig.archived(G0, {"a.ap.bin": b"a" * 900, "b.ap.bin": b"b" * 900})
        rig.later = timedelta(0)
        rig.damage(f"{G0}/a.ap.bin")

        rounds(rig)

        assert rig.states()["a.ap.bin"] is FileState.DIFFERENT
        assert f"missing:{EPHYS}" in rig.alarms()
        assert not rig.scratch.exists()


def test_all_of_the_archive_has_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig_world(tmp_path, "directory", monkeypatch, verify="every = 1d\nfiles = 1") as rig:
        rig.later = -MINUTE
        rig.archived(G0, {"a.ap.bin": b"a"})
        rig.archived(G1, {"b.ap.bin": b"b"})
        rig.later = timedelta(0)

        rounds(rig, 2)

        with rig.store() as store:
            assert store.verified().files == 2


def test_without_every_nothing_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig_world(tmp_path, "directory", monkeypatch) as rig:
        rig.archived(G0, {"a.ap.bin": b"a"})
        stop, wake = threading.Event(), threading.Event()
        with assembled(rig.configuration, SilentLog(), stop=stop, wake=wake, pid=1) as made:  # type: ignore[arg-type]
            for _ in range(5):
                made.daemon.tick(rig.now())
                wake.wait(0.1)

        with rig.store() as store:
            assert store.verified().files == 0


def test_a_folder_that_cannot_be_listed_is_an_alarm_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig_world(tmp_path, "directory", monkeypatch, verify="every = 1d") as rig:
        rig.later = -MINUTE
        rig.archived(G0, {"a.ap.bin": b"a"})
        rig.archived(G1, {"b.ap.bin": b"b"})
        rig.later = timedelta(0)
        folder = rig.ephys / G0
        folder.rename(rig.base / "aside")
        folder.symlink_to(rig.base / "aside")

        rounds(rig)
        told = rig.alarms()
        folder.unlink()
        (rig.base / "aside").rename(folder)
        rounds(rig)

        assert f"unverified:{EPHYS}" in told
        assert rig.alarms() == []
