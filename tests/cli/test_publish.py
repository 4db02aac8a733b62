"""`publish`: everything that is there is archived by this process, or by the daemon while this one watches."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from archived import clock
from archived.app import Progress
from archived.cli.publish import ALL_DONE, NOTHING_LEFT, Talk
from archived.core.lifecycle import State
from archived.core.model import BatchState
from archived.store import Store
from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import G0, CliRig
from tests.cli.test_why import write_catgt, write_video
from tests.media import video
from tests.store.bench import Bench

QUICK = "quiet_time = 1s\nrescan = 1s\ntick = 0.1s\n"


@pytest.fixture
def rig(rig: CliRig) -> CliRig:
    """A rig in a hurry."""
    text = rig.configuration.read_text()
    rig.configuration.write_text(
        text.replace("quiet_time = 10m\n", QUICK) + "\n[transfer]\npoll = 0.1s\nbatch_wait = 0s\n"
    )
    return rig


def publish(rig: CliRig, *words: str) -> subprocess.CompletedProcess[str]:
    """Type it, in a process of its own."""
    return subprocess.run(
        [*rig.program, "publish", *words], capture_output=True, text=True, timeout=50, check=False
    )


def archived_files(rig: CliRig) -> set[str]:
    """What is in the archive of the recordings, by name."""
    return {
        path.name
        for path in (rig.base / "archive").rglob("*")
        if path.is_file() and ".archived" not in path.parts
    }


def test_what_is_finished_is_archived_and_told_once(rig: CliRig) -> None:
    folder = write_catgt(rig)
    write_video(rig, video("avi"))
    before = {path: path.stat().st_mtime_ns for path in rig.root.rglob("*")}

    done = publish(rig)

    assert done.returncode == 0, done.stderr
    assert G0 in done.stdout
    assert "raw-video/SC011/02232019/video" in done.stdout
    assert "2 datasets" in done.stdout
    assert "all proved" in done.stdout
    assert archived_files(rig) >= {path.name for path in folder.iterdir()}
    assert "2 archived" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert {path: path.stat().st_mtime_ns for path in rig.root.rglob("*")} == before

    again = publish(rig)
    assert (again.returncode, again.stdout) == (0, "Nothing new was archived.\n")


def test_what_is_not_finished_is_left_and_told_why(rig: CliRig) -> None:
    write_catgt(rig, size=100, announced=200)
    write_video(rig, video("avi"))

    done = publish(rig, "--json")

    view = json.loads(done.stdout)
    fits(view, "publish")
    assert done.returncode == 3, done.stderr
    assert f"dataset needs a person: {G0}: " in done.stderr
    assert [each["name"] for each in view["archived"]] == ["raw-video/SC011/02232019/video"]
    assert [each["name"] for each in view["left"]] == [G0]
    assert "100 of 200 bytes" in view["left"][0]["reason"]
    assert archived_files(rig) == {"SC011_side_1-0000.avi"}


@pytest.mark.parametrize(("failed", "words"), [(0, ALL_DONE), (1, NOTHING_LEFT)])
def test_it_says_once_when_the_recordings_are_done_and_what_it_still_does(
    rig: CliRig, monkeypatch: pytest.MonkeyPatch, failed: int, words: str
) -> None:
    counts = {**dict.fromkeys(State, 0), State.ARCHIVED: 3, State.FAILED: failed}

    def run(_configuration: object, _log: object, *, progress: Any, **_more: object) -> int:
        for untold in (0, 2, 2, 1):
            progress(Progress(counts, 0, 0, untold))
        return 0

    monkeypatch.setattr("archived.app.run_until_idle", run)
    rig.store().close()

    said = rig.type("publish").stderr

    assert said.count(words) == said.count("told about 2 datasets") == 1
    assert "Ctrl-C" in said
    assert words not in rig.type("publish", "--json").stderr


def test_an_empty_rig_is_done_at_once(rig: CliRig) -> None:
    view = json.loads(publish(rig, "--json").stdout)

    fits(view, "publish")
    assert view == {"archived": [], "left": [], "left_total": 0, "stopped": False}


def test_a_root_that_is_away_ends_when_it_is_stopped(rig: CliRig) -> None:
    rig.root.rmdir()
    threading.Timer(3, rig.stop.set).start()

    result = rig.type("publish")

    assert "Nothing new was archived." in result.stdout
    assert "does not exist" in result.stderr


@contextmanager
def daemon(rig: CliRig) -> Iterator[Store]:
    """The store, claimed as by a daemon."""
    with rig.store() as store, store.claim_daemon(4711, NOON):
        yield store


def test_while_a_daemon_runs_it_does_the_work_and_publish_watches(rig: CliRig) -> None:
    rig.now = clock.now()
    with daemon(rig) as store:
        bench = Bench(store)
        bench.now = rig.now
        bench.ready("a.ap.bin")

        def work() -> None:
            # What the daemon does takes a connection of this thread's own.
            threading.Event().wait(0.5)
            bench.archive()

        thread = threading.Thread(target=work)
        thread.start()
        result = rig.type("publish")
        thread.join()

    assert result.exit_code == 0
    assert "The daemon is running" in result.stderr
    assert "1 ready" in result.stderr
    assert G0 in result.stdout


def test_watching_ends_when_the_daemon_does(rig: CliRig) -> None:
    rig.now = clock.now()
    with daemon(rig) as store:
        bench = Bench(store)
        bench.now = rig.now
        bench.ready("a.ap.bin")
        began = time.monotonic()
        process = subprocess.Popen(
            [*rig.program, "publish"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        said = process.stderr.readline()
    shown, more = process.communicate(timeout=20)

    assert "The daemon is running" in said
    assert "The daemon has stopped." in more
    assert process.returncode == 3
    assert "ready" in shown
    assert time.monotonic() - began < 20


def test_what_is_still_being_recorded_is_not_waited_for(rig: CliRig) -> None:
    rig.now = clock.now()
    with daemon(rig) as store:
        bench = Bench(store)
        bench.now = rig.now
        bench.write("a.ap.bin")
        bench.sight()
        dataset = bench.dataset()
        store.note(dataset.id, dataset.state, "has 1 of 2 bytes", rig.now.replace(year=2099))

        view = rig.json("publish", code=3)

    assert [each["reason"] for each in view["left"]] == ["has 1 of 2 bytes"]


def test_ctrl_c_stops_it_in_order(rig: CliRig) -> None:
    rig.now = clock.now()
    with daemon(rig) as store:
        bench = Bench(store)
        bench.now = rig.now
        bench.ready("a.ap.bin")
        batch = bench.plan()
        bench.submit(batch)
        rig.stop.set()

        result = rig.type("publish")

        assert result.exit_code == 3
        assert "goes on with the next run" in result.stderr
        found = store.batch(batch.id)
        assert found is not None
        assert found.state is BatchState.ACTIVE


def test_only_what_is_wrong_is_said_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    log = Talk()
    log.info("batch planned", batch="1")
    log.debug("a look", folders=3)
    log.error("folder not readable", folder="/x\x1b", why="no", what_to_do="let me")

    log.warning("alarm raised", alarm="full:raw", message="the archive is full", what_to_do="wait")

    assert capsys.readouterr().err == (
        "folder not readable: /x\\x1b: no\n  let me\nthe archive is full\n  wait\n"
    )


def test_on_a_terminal_there_is_a_bar_that_goes_away(rig: CliRig) -> None:
    write_catgt(rig)
    master, slave = pty.openpty()

    process = subprocess.Popen(
        [*rig.program, "publish"],
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "NO_COLOR": ""},
    )
    os.close(slave)
    drawn = b""
    with contextlib.suppress(OSError):  # how Linux tells that the other side was closed
        while piece := os.read(master, 65_536):
            drawn += piece
    os.close(master)
    shown, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert b"1 settling" in drawn
    assert b"\x1b[2K" in drawn
    assert "\x1b" not in shown
    assert G0 in shown
