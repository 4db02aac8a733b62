"""A store that is taken away, replaced, locked or killed under a running daemon: it says so, and goes on when healed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.acceptance import promises
from tests.acceptance.conftest import TestRig
from tests.acceptance.nursery import Nursery
from tests.acceptance.test_shared_store import point
from tests.acceptance.within import record_run, record_video
from tests.store.servers import Server, running

pytestmark = pytest.mark.timeout(180)

globus_rig = pytest.mark.parametrize("rig", ["globus"], indirect=True)
directory_rig = pytest.mark.parametrize("rig", ["directory"], indirect=True)


@pytest.fixture
def nursery(rig: TestRig) -> Iterator[Nursery]:
    with Nursery(rig) as made:
        yield made


def log(rig: TestRig) -> str:
    """All that the daemons said."""
    return (rig.base / "daemon.log").read_text()


@globus_rig
def test_a_store_that_is_moved_away_while_files_travel_is_told_of_and_gone_on_with(
    rig: TestRig, nursery: Nursery
) -> None:
    globus = rig.globus
    assert globus is not None
    globus.pause()
    record_run(rig.root)
    daemon = nursery.start("archived")
    nursery.until("a task", lambda: bool(globus.tasks()))
    store = rig.base / "state" / "archived.db"
    store.rename(rig.base / "aside")
    globus.resume()
    nursery.until("the refusal", lambda: "not there any more" in log(rig))
    record_video(rig.root)
    status = nursery.start("archivedctl", "status")
    assert status.wait(30) == 1
    assert not store.exists(), "nobody has begun an empty one"
    assert daemon.poll() is None
    (rig.base / "aside").rename(store)
    nursery.until_archived(2)
    assert daemon.poll() is None
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


@globus_rig
def test_a_store_that_is_lost_is_never_begun_anew_in_silence(
    rig: TestRig, nursery: Nursery
) -> None:
    record_run(rig.root)
    daemon = nursery.start("archived")
    nursery.until_archived(1)
    for each in ("", "-wal", "-shm"):
        (rig.base / "state" / f"archived.db{each}").unlink(missing_ok=True)
    nursery.until("the refusal", lambda: "not there any more" in log(rig))
    os.kill(daemon.pid, signal.SIGTERM)
    assert daemon.wait(10) == 0
    assert nursery.start("archived").wait(30) == 1
    assert "although a daemon has used one there" in log(rig)
    assert not (rig.base / "state" / "archived.db").exists()
    # What a person is told to do, which sends nothing again.
    nursery.control("discover")
    nursery.start("archived")
    nursery.until_archived(1)
    promises.assert_one_task_for_each_file(rig)


@directory_rig
def test_a_store_that_another_file_took_the_place_of_is_left_to_the_next_daemon(
    rig: TestRig, nursery: Nursery
) -> None:
    record_run(rig.root)
    daemon = nursery.start("archived")
    nursery.until_archived(1)
    os.kill(daemon.pid, signal.SIGTERM)
    assert daemon.wait(10) == 0
    store = rig.base / "state" / "archived.db"
    backup = rig.base / "backup"
    shutil.copyfile(store, backup)
    daemon = nursery.start("archived")
    nursery.until("the daemon", lambda: nursery.status()["daemon"]["running"])
    backup.rename(store)
    assert daemon.wait(30) == 1
    assert "is another file than the one that was opened" in log(rig)
    record_video(rig.root)
    nursery.start("archived")
    nursery.until_archived(2)
    rig.assert_nothing_was_lost()


@globus_rig
def test_a_store_that_another_process_keeps_locked_is_waited_for(
    rig: TestRig, nursery: Nursery
) -> None:
    globus = rig.globus
    assert globus is not None
    record_run(rig.root)
    globus.pause()
    daemon = nursery.start("archived")
    nursery.until("a task", lambda: bool(globus.tasks()))
    with contextlib.closing(apsw.Connection(str(rig.base / "state" / "archived.db"))) as other:
        other.set_busy_timeout(30_000)
        # Shortly and often: nobody notices.
        for _ in range(20):
            other.execute("BEGIN EXCLUSIVE")
            threading.Event().wait(0.05)
            other.execute("ROLLBACK")
        assert "store unavailable" not in log(rig)
        other.execute("BEGIN EXCLUSIVE")
        globus.resume()
        record_video(rig.root)
        nursery.until("the refusal", lambda: "has kept it locked" in log(rig))
        assert daemon.poll() is None
        # What only looks can look.
        assert nursery.status()["daemon"]["running"]
        other.execute("ROLLBACK")
    nursery.until_archived(2)
    assert daemon.poll() is None
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


@pytest.fixture
def postgres() -> Iterator[Server]:
    """A server of the test's own."""
    with running("postgresql") as server:
        server.new_database("archive")
        yield server


@globus_rig
def test_a_server_that_is_killed_and_started_again_while_files_travel_changes_nothing(
    rig: TestRig, postgres: Server
) -> None:
    point(rig, postgres.address("archive"), "test-rig")
    globus = rig.globus
    assert globus is not None
    with Nursery(rig) as nursery:
        daemon = nursery.start("archived")
        globus.set_rate(100_000)
        for number, moment in enumerate((lambda: bool(globus.tasks()), lambda: True)):
            record_run(rig.root, f"SC{number:03}")
            nursery.until("something to do", moment)
            kill_at_once(postgres)
            threading.Event().wait(0.5)
            postgres.start()
        globus.set_rate(None)
        nursery.until_archived(2)
        assert daemon.poll() is None
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)
    assert "Traceback" not in log(rig)


def kill_at_once(server: Server) -> None:
    """kill -9 of the server's first process; the others end when they notice, as it has to be before it starts again."""
    assert server.process is not None
    pid = server.process.pid
    others = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(30)
    pause, gone = threading.Event(), 0
    while any(alive(int(each)) for each in others):
        pause.wait(0.05)
        gone += 1
        assert gone < 600
    server.process = None


def alive(pid: int) -> bool:
    """Whether a process runs, not being a remainder that nobody has asked about."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@directory_rig
def test_of_many_daemons_that_start_at_once_one_stays(rig: TestRig, nursery: Nursery) -> None:
    daemons = [nursery.start("archived") for _ in range(6)]
    nursery.until("one", lambda: sum(each.poll() is None for each in daemons) == 1, within=60)
    assert sorted(each.poll() or 0 for each in daemons) == [0, 1, 1, 1, 1, 1]
    record_run(rig.root)
    nursery.until_archived(1)


@directory_rig
def test_many_commands_at_once_all_get_their_answers(rig: TestRig, nursery: Nursery) -> None:
    record_run(rig.root)
    record_video(rig.root)
    nursery.start("archived")
    nursery.until_archived(2)
    words: list[list[str]] = [["status"], ["list"], ["pause"], ["resume"], ["events"], ["discover"]]
    commands = [nursery.start("archivedctl", *words[number % 6]) for number in range(24)]
    codes = [each.wait(60) for each in commands]
    assert set(codes) == {0}, (codes, (rig.base / "ctl.log").read_text())
    nursery.control("resume")
    record_run(rig.root, "SC012")
    nursery.until_archived(3)
    rig.assert_nothing_was_lost()
