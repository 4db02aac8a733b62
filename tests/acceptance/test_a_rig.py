"""The promises, tried on the installed programs: real processes, real files, real HTTP."""

from __future__ import annotations

import itertools
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from demo import rig as programs
from tests.acceptance import promises
from tests.acceptance.conftest import TestRig

pytestmark = pytest.mark.timeout(240)

RUN = "SC011_022319_g0"


def session(rig: TestRig, seed: int = 0) -> list[Iterator[str]]:
    """A CatGT run, a raw run and videos of two cameras."""
    animal = rig.root / "SC011"
    video = animal / "02232019" / "video"
    return [
        programs.spikeglx(animal / RUN, RUN, probes=2, blocks=4, trials=2, seed=seed),
        programs.catgt(animal / f"catgt_{RUN}", RUN, probes=1, blocks=6, seed=seed + 1),
        programs.tracking_video(video, "SC011", "side", trials=3, seed=seed + 2),
        programs.tracking_video(video, "SC011", "bottom", trials=2, seed=seed + 3),
    ]


def record(
    written: list[Iterator[str]], pause: float, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Let the programs write in turns, at their pace."""
    clock = threading.Event()
    for _ in itertools.zip_longest(*written):
        clock.wait(pause)
        meanwhile()


def test_a_session_is_archived_while_it_is_recorded_and_every_byte_arrives(rig: TestRig) -> None:
    rig.start()

    record(session(rig), 0.05)
    rig.wait_until_archived(3)

    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


def test_killed_again_and_again_it_loses_nothing_and_sends_nothing_twice(rig: TestRig) -> None:
    chance = random.Random()
    daemon = [rig.start()]
    due = [time.monotonic() + 1.0]

    def kill_now_and_then() -> None:
        if time.monotonic() >= due[0]:
            daemon[0].send_signal(signal.SIGKILL)
            daemon[0].wait(10)
            daemon[0] = rig.start()
            due[0] = time.monotonic() + chance.uniform(0.6, 2.5)

    record(session(rig), 0.08, kill_now_and_then)
    pause = threading.Event()
    for _ in range(60):
        pause.wait(0.1)
        kill_now_and_then()
    rig.wait_until_archived(3, within=120)

    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


def test_until_idle_ends_with_zero_when_all_is_archived(rig: TestRig) -> None:
    record(session(rig), 0)

    assert rig.start("--until-idle").wait(90) == 0, rig.log()

    rig.assert_nothing_was_lost()


def test_until_idle_ends_with_three_when_something_needs_a_person(rig: TestRig) -> None:
    broken = programs.spikeglx(rig.root / "SC011" / RUN, RUN, probes=1, blocks=1)
    record([broken], 0)
    [data] = rig.root.rglob("*.ap.bin")
    data.write_bytes(data.read_bytes()[:-100])

    assert rig.start("--until-idle").wait(90) == 3, rig.log()

    [attention] = rig.status()["attention"]
    assert "announced in its .meta" in attention["reason"]


def test_a_recording_that_never_closed_is_not_archived_and_says_why(rig: TestRig) -> None:
    unclosed = programs.spikeglx(rig.root / "SC011" / RUN, RUN, probes=1, blocks=2)
    record([itertools.islice(unclosed, 5)], 0)

    assert rig.start("--until-idle").wait(90) == 3, rig.log()

    [only] = rig.json("list")
    assert only["state"] == "settling"
    assert "fileSizeBytes" in only["reason"] or "being recorded" in only["reason"]
    assert not [path for path in rig.archive.rglob("*") if path.is_file()]


def test_a_later_trial_travels_alone(rig: TestRig) -> None:
    video = rig.root / "SC011" / "02232019" / "video"
    record([programs.tracking_video(video, "SC011", "side", trials=2)], 0)
    rig.start()
    rig.wait_until_archived(1)

    record([programs.avi(video / "SC011_side_009-0000.avi", [b"\0\1" * 500])], 0)
    rig.wait_for("the new trial", lambda: rig.json("list")[0]["files"] == 4)
    rig.wait_until_archived(1)

    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


def test_a_file_that_changed_after_it_was_archived_waits_for_a_person(rig: TestRig) -> None:
    video = rig.root / "SC011" / "02232019" / "video"
    record([programs.tracking_video(video, "SC011", "side", trials=1)], 0)
    rig.start()
    rig.wait_until_archived(1)
    [trial] = video.glob("*.avi")
    [archived] = rig.archive.rglob("*.avi")
    before = archived.read_bytes()

    record([programs.avi(trial, [b"\0\1" * 700])], 0)
    rig.wait_for("the change", lambda: bool(rig.status()["attention"]))

    assert archived.read_bytes() == before
    name = rig.json("list")[0]["name"]
    rig.control("accept", name)
    rig.wait_until_archived(1)
    assert archived.read_bytes() == trial.read_bytes()
    assert rig.json("show", name)["revision"] == 2


def test_a_root_that_vanishes_is_an_alarm_and_changes_nothing(rig: TestRig) -> None:
    record(session(rig), 0)
    rig.start()
    rig.wait_until_archived(3)

    away = rig.base / "unplugged"
    rig.root.rename(away)
    rig.wait_for("the alarm", lambda: bool(rig.status()["alarms"]))
    assert rig.status()["counts"]["archived"] == 3
    rig.root.mkdir()
    threading.Event().wait(2.5)
    assert rig.status()["counts"]["archived"] == 3

    rig.root.rmdir()
    away.rename(rig.root)
    rig.wait_for("the end of the alarm", lambda: not rig.status()["alarms"])


def test_another_disk_in_the_root_is_believed_once_a_person_says_so(rig: TestRig) -> None:
    record(session(rig), 0)
    rig.start()
    rig.wait_until_archived(3)

    rig.root.rename(rig.base / "old disk")
    rig.root.mkdir()
    later = "SC012_022419_g0"
    record([programs.spikeglx(rig.root / "SC012" / later, later, probes=1)], 0)
    rig.wait_for("the alarm", lambda: bool(rig.status()["alarms"]))
    assert "accept --root" in rig.status()["alarms"][0]["what_to_do"]
    assert sum(rig.status()["counts"].values()) == 3

    rig.control("accept", "--root", str(rig.root), "--yes")
    rig.wait_until_archived(4)
    assert not rig.status()["alarms"]


def test_a_second_daemon_says_that_there_is_one(rig: TestRig) -> None:
    first = rig.start()
    rig.wait_for("the first", lambda: rig.status()["daemon"]["running"])

    assert rig.start().wait(20) == 1

    assert str(first.pid) in rig.log()
    assert first.poll() is None


def test_sigterm_ends_it_within_seconds(rig: TestRig) -> None:
    daemon = rig.start()
    rig.wait_for("the daemon", lambda: rig.status()["daemon"]["running"])

    daemon.send_signal(signal.SIGTERM)

    assert daemon.wait(5) == 0


def test_sighup_takes_a_new_configuration_and_refuses_a_bad_one(rig: TestRig) -> None:
    daemon = rig.start()
    rig.wait_for("the daemon", lambda: rig.status()["daemon"]["running"])
    good = rig.configuration.read_text()

    rig.configuration.write_text(good.replace("quiet_time = 1s", "quiet_time = soon"))
    daemon.send_signal(signal.SIGHUP)
    rig.wait_for("the refusal", lambda: "configuration refused" in rig.log())
    assert daemon.poll() is None
    rig.configuration.write_text(good.replace("rescan = 1s", "rescan = 2s"))
    daemon.send_signal(signal.SIGHUP)
    rig.wait_for("the reload", lambda: "configuration reloaded" in rig.log())

    record(session(rig), 0)
    rig.wait_until_archived(3)
    rig.assert_nothing_was_lost()


@pytest.mark.parametrize("rig", ["globus"], indirect=True)
def test_with_globus_away_everything_waits_and_then_arrives(rig: TestRig) -> None:
    assert rig.globus is not None
    rig.globus.order("503")
    record(session(rig), 0)
    rig.start()
    rig.wait_for("the outage to be noticed", lambda: "mover unavailable" in rig.log())

    rig.globus.clear_faults()
    rig.wait_until_archived(3, within=90)

    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)
