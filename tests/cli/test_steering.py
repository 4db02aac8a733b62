"""`retry`, `hold`, `release`, `accept`, `pause`, `resume`: what a person asks for, and how it is recorded."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import G0, G1, CliRig, archived_and_ready, failed
from tests.store.bench import Bench


def changed(bench: Bench, number: int = 0) -> None:
    """A dataset one of whose files changed after it was archived."""
    dataset = f"SC011/catgt_SC011_022319_g{number}"
    bench.ready("a.ap.bin", dataset=dataset)
    bench.archive(dataset)
    bench.write("a.ap.bin", size=11, dataset=dataset)
    bench.sight()
    assert bench.state(dataset) is State.FAILED


class TestByName:
    def test_retry_looks_again_at_what_failed(self, rig: CliRig, bench: Bench) -> None:
        failed(bench)

        assert rig.said("retry", G0) == f"{G0}  failed ▶ settling\n"
        assert bench.state() is State.SETTLING

    def test_hold_and_release(self, rig: CliRig, bench: Bench) -> None:
        bench.ready("a.ap.bin")

        assert rig.said("hold", G0) == f"{G0}  ready ▶ held\n"
        assert f"archivedctl release {G0}" in rig.json("show", G0)["what_to_do"]
        assert rig.said("release", G0) == f"{G0}  held ▶ ready\n"

    def test_accept_archives_a_new_revision(self, rig: CliRig, bench: Bench) -> None:
        changed(bench)

        assert rig.said("accept", G0) == f"{G0}  failed ▶ ready\n"
        assert bench.dataset().revision == 2

    def test_who_and_why_are_in_the_events(self, rig: CliRig, bench: Bench) -> None:
        bench.ready("a.ap.bin")

        rig.said("hold", G0, "--why", "sorting again")

        [*_, event] = rig.json("events", G0)
        assert event["why"] == "asked by ada: sorting again"
        assert event["move"] == "hold"

    def test_what_the_lifecycle_does_not_have_is_refused(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        result = rig.type("hold", G0)

        assert result.exit_code == 1
        assert "is archived" in result.stderr
        fits(rig.json("retry", G0, code=1), "error")

    def test_named_ones_move_together_or_not_at_all(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        assert rig.type("hold", G1, G0).exit_code == 1
        assert bench.state("SC011/catgt_SC011_022319_g1") is State.READY

    def test_an_unknown_name_is_an_error_and_nothing_moves(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        assert rig.type("hold", G1, "raw-ephys/nothing").exit_code == 1
        assert rig.type("hold", "raw-ephys/nothing", "raw-ephys/*").exit_code == 1
        assert bench.state("SC011/catgt_SC011_022319_g1") is State.READY

    def test_its_json_is_as_documented(self, rig: CliRig, bench: Bench) -> None:
        bench.ready("a.ap.bin")

        view = rig.json("hold", G0)

        fits(view, "change")
        assert view == {
            "dry_run": False,
            "moved": [{"dataset": G0, "before": "ready", "after": "held"}],
            "refused": [],
        }


class TestBroadly:
    def test_it_says_first_how_many_it_is(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        bench.ready("c.bin", dataset="SC011/catgt_SC011_022319_g2")

        result = rig.type("hold", "--all")

        assert result.stderr == "hold: 2 datasets\n"
        assert len(result.stdout.splitlines()) == 2

    @pytest.mark.parametrize(
        "words",
        [["--all"], ["*_g1"], ["--h2o", "SC011"], ["--location", "raw-ephys"], ["-s", "ready"]],
        ids=" ".join,
    )
    def test_only_what_can_move_is_meant(self, rig: CliRig, bench: Bench, words: list[str]) -> None:
        archived_and_ready(bench)

        view = rig.json("hold", *words)

        assert [each["dataset"] for each in view["moved"]] == [G1]

    def test_nothing_to_do_is_no_failure(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        result = rig.type("retry", "--all")

        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "Nothing to retry: nothing selected is failed or waiting.\n"
        assert rig.json("retry", "--all") == {"dry_run": False, "moved": [], "refused": []}
        assert rig.json("hold", "--state", "archived")["moved"] == []

    def test_a_dry_run_moves_nothing(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        view = rig.json("hold", "--all", "--dry-run")

        fits(view, "change")
        assert view["moved"] == [{"dataset": G1, "before": "ready", "after": None}]
        assert rig.said("hold", "--all", "-n") == f"{G1}  ready\n"
        assert bench.state("SC011/catgt_SC011_022319_g1") is State.READY

    def test_many_are_moved_in_portions(
        self, rig: CliRig, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("archived.cli.changing.PORTION", 2)
        for number in range(5):
            bench.ready("a.bin", dataset=f"SC011/catgt_SC011_022319_g{number}")

        assert len(rig.json("hold", "--all")["moved"]) == 5

    def test_one_that_is_refused_stops_no_other(self, rig: CliRig, bench: Bench) -> None:
        changed(bench)
        bench.write("b.bin", dataset="SC011/catgt_SC011_022319_g1")
        bench.ready("b.bin", dataset="SC011/catgt_SC011_022319_g1")
        [file] = bench.files("SC011/catgt_SC011_022319_g1").values()
        bench.store.set_apart([file.id], "it cannot be read", NOON, fault="unreadable")

        view = rig.json("accept", "--all", "--yes", code=1)

        fits(view, "change")
        assert [each["dataset"] for each in view["moved"]] == [G0]
        assert [each["dataset"] for each in view["refused"]] == [G1]
        assert "nothing that could be accepted" in view["refused"][0]["reason"]


class TestAcceptingSeveral:
    def test_without_a_terminal_it_has_to_be_said_twice(self, rig: CliRig, bench: Bench) -> None:
        changed(bench)

        result = rig.type("accept", "--all")

        assert result.exit_code == 2
        assert "--yes" in result.stderr
        assert bench.state() is State.FAILED

    def test_with_yes_nobody_is_asked(self, rig: CliRig, bench: Bench) -> None:
        changed(bench)

        assert rig.type("accept", "--all", "--yes").exit_code == 0
        assert bench.state() is State.READY

    @pytest.mark.parametrize(
        ("answer", "code", "state"), [("y\n", 0, State.READY), ("n\n", 1, State.FAILED)]
    )
    def test_at_a_terminal_it_asks(
        self, rig: CliRig, bench: Bench, answer: str, code: int, state: State
    ) -> None:
        changed(bench)
        master, slave = pty.openpty()
        os.write(master, answer.encode())

        done = subprocess.run(
            [*rig.program, "accept", "--all"],
            stdin=slave,
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        os.close(slave)
        os.close(master)

        assert done.returncode == code
        assert "Really accept 1 dataset?" in done.stderr
        assert bench.state() is state


class TestPause:
    def test_for_some_time(self, rig: CliRig, bench: Bench) -> None:
        view = rig.json("pause", "--for", "2h", "--why", "recording")

        fits(view, "pause")
        assert view["paused"] == {
            "why": "recording",
            "since": "2026-03-14T12:00:00Z",
            "until": "2026-03-14T14:00:00Z",
        }
        assert bench.store.paused(NOON + timedelta(minutes=119)) is not None
        assert bench.store.paused(NOON + timedelta(minutes=120)) is None

    def test_until_it_is_ended(self, rig: CliRig, bench: Bench) -> None:
        assert "until `archivedctl resume`" in rig.said("pause")
        paused = bench.store.paused(NOON + timedelta(days=999))
        assert paused is not None
        assert paused.why == "paused by ada"

        assert rig.said("resume") == "The pause is over.\n"
        assert bench.store.paused(NOON) is None
        assert rig.said("resume") == "There was no pause.\n"
        fits(rig.json("resume"), "pause")


class TestAcceptingAReplacedDisk:
    """A watched folder that is another one now is believed again only when a person says so."""

    def test_what_is_there_now_is_noted(self, rig: CliRig, bench: Bench) -> None:
        root = str(rig.base / "rig")
        bench.store.put_setting(f"root:{root}", "another disk")

        rig.said("accept", "--root", root, "--yes")

        noted = json.loads(bench.store.get_setting(f"root:{root}") or "")
        assert noted["inode"] == (rig.base / "rig").stat().st_ino

    def test_without_a_yes_nothing_is_noted(self, rig: CliRig, bench: Bench) -> None:
        root = str(rig.base / "rig")
        bench.store.put_setting(f"root:{root}", "another disk")

        assert rig.type("accept", "--root", root).exit_code == 1
        rig.said("accept", "--root", root, "--dry-run")

        assert bench.store.get_setting(f"root:{root}") == "another disk"

    def test_a_folder_that_is_not_watched_is_refused(self, rig: CliRig, bench: Bench) -> None:
        result = rig.type("accept", "--root", "/elsewhere", "--yes")

        assert result.exit_code == 1
        assert "is not watched" in result.stderr

    def test_folders_and_datasets_are_not_accepted_at_once(self, rig: CliRig, bench: Bench) -> None:
        assert rig.type("accept", "--root", str(rig.base / "rig"), G0).exit_code == 2
