"""`status`: one look, whether the daemon runs or not."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.model import Unrecognised
from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import G0, G1, CliRig, archived_and_ready, failed
from tests.store.bench import ROOT, Bench

KEYS = ["rig", "store", "daemon", "paused", "counts", "locations", "transfers", "attention"]


def test_with_nothing_in_it_yet(rig: CliRig, bench: Bench) -> None:
    assert rig.said("status").splitlines() == [
        "○ rig-1  the daemon is not running, last turn never",
        f"  store {rig.base}/state/archived.db",
        "  nothing is archived until it runs: `systemctl start archived`, or `archived`",
        "",
        "LOCATION   ARCHIVED  SAFE FILES  SAFE BYTES  ARCHIVE",
        f"raw-ephys         ·           0         0 B  {rig.base}/archive/ephys",
        f"raw-video         ·           0         0 B  {rig.base}/archive/video",
    ]


def test_a_state_has_a_column_once_something_is_in_it(rig: CliRig, bench: Bench) -> None:
    archived_and_ready(bench)

    header = next(each for each in rig.said("status").splitlines() if each.startswith("LOCATION"))

    assert header.split()[:3] == ["LOCATION", "READY", "ARCHIVED"]


def test_its_json_has_what_scripts_rely_on(rig: CliRig, bench: Bench) -> None:
    archived_and_ready(bench)

    view = rig.json("status")

    fits(view, "status")
    assert list(view)[: len(KEYS)] == KEYS
    assert view["counts"] == {
        "settling": 0,
        "ready": 1,
        "transferring": 0,
        "verifying": 0,
        "waiting": 0,
        "archived": 1,
        "failed": 0,
        "held": 0,
    }
    assert view["locations"][0]["counts"]["archived"] == 1
    assert view["locations"][0]["files_archived"] == 2
    assert view["locations"][0]["bytes_archived"] == 20
    assert view["locations"][1]["counts"]["archived"] == 0


def test_a_running_daemon_is_told_with_its_age(rig: CliRig, bench: Bench) -> None:
    with bench.store.claim_daemon(4711, NOON - timedelta(hours=3)):
        bench.store.heartbeat(NOON - timedelta(seconds=4))
        bench.store.put_setting("watcher", "rescan only\nno inotify watches are left")

        shown, view = rig.said("status"), rig.json("status")

    fits(view, "status")
    assert view["daemon"] == {
        "running": True,
        "pid": 4711,
        "since": "2026-03-14T09:00:00Z",
        "last_tick": "2026-03-14T11:59:56Z",
    }
    assert view["watcher"] == {"mode": "rescan only", "reason": "no inotify watches are left"}
    assert "● rig-1  running since 2026-03-14 09:00:00 (pid 4711), last turn 4s ago" in shown
    assert "changes are noticed by rescan only: no inotify watches are left" in shown
    assert "systemctl start" not in shown


def test_what_is_recorded_is_told_with_what_is_not_done_meanwhile(
    rig: CliRig, bench: Bench
) -> None:
    until = (NOON + timedelta(minutes=1)).isoformat()
    with bench.store.claim_daemon(4711, NOON - timedelta(hours=3)):
        bench.store.put_setting("recording", f"raw-ephys/SC011/run_g0\n{until}")
        shown, view = rig.said("status"), rig.json("status")
        bench.store.put_setting("recording", f"raw-ephys/SC011/run_g0\n{NOON.isoformat()}")
        later = rig.json("status")

    fits(view, "status")
    assert view["recording"] == {"dataset": "raw-ephys/SC011/run_g0", "reading": False}
    assert "is being recorded: meanwhile files are not read for checksums" in shown
    assert later["recording"] is None


def test_what_travels_shows_how_far_it_is(rig: CliRig, bench: Bench) -> None:
    bench.ready("a.ap.bin", "b.ap.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.store.update_batch(
        batch.id,
        files_done=1,
        bytes_done=5,
        rate=0.25,
        nice_status="PERMISSION_DENIED",
        now=NOON,
    )

    shown, view = rig.said("status"), rig.json("status")

    [transfer] = view["transfers"]
    fits(view, "status")
    assert transfer["eta_seconds"] == 60
    assert transfer["bytes_done"] == 5
    assert transfer["nice_status"] == "PERMISSION_DENIED"
    assert "25% of 20 B" in shown
    assert "1m" in shown
    assert "PERMISSION_DENIED" in shown


def test_what_needs_a_person_comes_with_the_command_to_type(rig: CliRig, bench: Bench) -> None:
    failed(bench)
    bench.store.raise_alarm("root:/x", "/x is not mounted", "mount /x", NOON)
    bench.store.set_unrecognised(
        ROOT, [Unrecognised("SC011/catgt_SC11", "the h2o has one digit less", "{h2o}/…")], NOON
    )
    rig.now = NOON + timedelta(hours=5)

    shown, view = rig.said("status"), rig.json("status")

    fits(view, "status")
    [attention] = view["attention"]
    assert attention["dataset"] == G0
    assert attention["reason"] == "imec0.ap.bin has fewer bytes than announced"
    assert attention["since"] == "2026-03-14T12:00:00Z"
    assert f"archivedctl retry {G0}" in attention["what_to_do"]
    assert [each["message"] for each in view["alarms"]] == ["/x is not mounted"]
    assert [each["path"] for each in view["unrecognised"]] == ["SC011/catgt_SC11"]
    assert "Needs a person" in shown
    assert f"failed  {G0}" in shown
    assert "since 5h" in shown
    assert "▶ mount /x" in shown
    assert "Not recognised, so not archived" in shown


def test_many_failures_are_counted_and_not_all_listed(rig: CliRig, bench: Bench) -> None:
    for number in range(25):
        bench.ready("a.bin", dataset=f"SC011/catgt_SC011_022319_g{number}")
    batch = bench.plan(*sorted(bench.datasets))
    bench.submit(batch)
    bench.fail(batch, needs_person="no")

    assert "and 5 more: `archivedctl list --state failed`" in rig.said("status")


def test_a_pause_is_told(rig: CliRig, bench: Bench) -> None:
    bench.store.pause("recording", NOON, NOON + timedelta(hours=2))

    view = rig.json("status")

    fits(view, "status")
    assert view["paused"]["until"] == "2026-03-14T14:00:00Z"
    assert "paused until 2026-03-14 14:00:00: recording" in rig.said("status")


def test_the_exit_code_tells_only_when_asked(rig: CliRig, bench: Bench) -> None:
    assert rig.type("status", "--exit-code").exit_code == 0
    failed(bench)

    assert rig.type("status").exit_code == 0
    assert rig.type("status", "--exit-code").exit_code == 3
    assert rig.type("status", "--exit-code", "--json").exit_code == 3


def test_no_password_of_a_store_is_shown(rig: CliRig) -> None:
    rig.configuration.write_text(
        rig.configuration.read_text().replace(
            f"{rig.base}/state/archived.db", "postgresql://ada:hush@127.0.0.1:1/none"
        )
    )
    rig.configuration.chmod(0o600)

    result = rig.type("status", "--json")

    assert result.exit_code == 1
    assert "hush" not in result.stdout + result.stderr


class TestWatch:
    def test_in_a_pipe_it_says_a_line_when_something_changed(
        self, rig: CliRig, bench: Bench
    ) -> None:
        bench.ready("a.ap.bin")

        def go_on() -> None:
            with rig.store() as store:
                other = Bench(store)
                other.now = NOON
                other.ready("b.ap.bin", dataset="SC011/catgt_SC011_022319_g1")
            threading.Event().wait(0.3)
            rig.stop.set()

        thread = threading.Timer(0.3, go_on)
        thread.start()
        result = rig.type("status", "--watch", "--every", "0.05s")
        thread.join()

        lines = result.stdout.splitlines()
        assert lines[0] == "2026-03-14 12:00:00  1 ready; the daemon is not running"
        assert lines[-1] == "2026-03-14 12:00:00  2 ready; the daemon is not running"
        assert len(lines) == len(set(lines))

    def test_as_json_it_is_an_object_on_each_line(self, rig: CliRig, bench: Bench) -> None:
        rig.stop.set()

        [line] = rig.type("status", "--watch", "--json").stdout.splitlines()

        fits(json.loads(line), "status")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_in_order(
        self, rig: CliRig, bench: Bench, number: signal.Signals
    ) -> None:
        process = subprocess.Popen(
            [*rig.program, "status", "--watch"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, said = process.communicate(timeout=10)

        assert (process.returncode, said) == (0, "")


class TestTerminal:
    def shown(self, rig: CliRig, *words: str, interrupt: bool = False, **environ: str) -> str:
        """What a terminal of 160 columns gets; with `interrupt`, until Ctrl-C after two pictures."""
        master, slave = pty.openpty()
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        process = subprocess.Popen(
            [*rig.program, *words],
            stdout=slave,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env={**kept, "TERM": "xterm-256color", "COLUMNS": "160", "TZ": "UTC", **environ},
            cwd=Path(__file__).parents[2],
        )
        os.close(slave)
        shown = b""
        # At the end of the other side, Linux makes reading an error.
        with contextlib.suppress(OSError):
            while piece := os.read(master, 65_536):
                shown += piece
                if interrupt and shown.count(b"rig-1") >= 2:
                    interrupt = False
                    process.send_signal(signal.SIGINT)
        os.close(master)
        assert process.wait(10) == 0
        return shown.decode()

    def test_it_is_coloured(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        assert "\x1b[32m" in self.shown(rig, "list")

    def test_watching_draws_in_place_until_it_is_stopped(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        shown = self.shown(rig, "status", "--watch", "--every", "0.1s", interrupt=True)

        assert shown.count("rig-1") > 1
        assert shown.count("\x1b[2K") > 1

    @pytest.mark.parametrize(
        ("words", "environ"),
        [
            (["status"], {"NO_COLOR": "1"}),
            (["list"], {"TERM": "dumb"}),
            (["show", G1], {"NO_COLOR": "1"}),
            (["--help"], {"TERM": "dumb"}),
        ],
    )
    def test_without_colours_there_is_no_escape_sequence(
        self, rig: CliRig, bench: Bench, words: list[str], environ: dict[str, str]
    ) -> None:
        archived_and_ready(bench)

        assert "\x1b" not in self.shown(rig, *words, **environ)

    def test_a_narrow_terminal_folds_names_and_cuts_none(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        shown = self.shown(rig, "list", NO_COLOR="1", COLUMNS="50")

        assert "…" not in shown
        lines = shown.splitlines()
        column = lines[0].index("STATE")
        assert G1 in "".join(line[:column].strip() for line in lines)
        assert "archived" in shown
