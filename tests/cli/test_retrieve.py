"""`archivedctl retrieve`: what it brings, what it asks, what it says, and how it ends."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archived.cli import cli
from archived.cli.caller import Caller
from archived.core.retrieving import Copy
from archived.movers import opened
from tests.builders import NOON
from tests.cli.contract import fits
from tests.retrieve.world import EPHYS, G0, G1, VIDEO, Machine, contents, some_bytes

DAY = "SC011/02232019/video"


@dataclass
class Desk:
    """A machine to type at."""

    machine: Machine
    stop: threading.Event = field(default_factory=threading.Event)

    def type(self, *words: str, typed: str = "") -> Result:
        """What comes of `archivedctl retrieve WORDS`."""
        caller = Caller(environ={"SUDO_USER": "ada"}, now=lambda: NOON, stop=self.stop)
        line = ["-c", str(self.machine.base / "archived.ini"), "retrieve", *words]
        result = CliRunner().invoke(cli, line, input=typed, obj=caller)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        """The JSON of it, held against its schema."""
        result = self.type(*words, "--json")
        assert result.exit_code == code, (result.stdout, result.stderr)
        answer = json.loads(result.stdout)
        fits(answer, "retrieve")
        return answer


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Two animals' ephys, and one's video."""
    machine = Machine(tmp_path)
    machine.archived(G0, {"a.ap.bin": some_bytes(1), "a.ap.meta": b"a"})
    machine.archived(G1, {"b.ap.bin": some_bytes(2)})
    machine.archived(DAY, {"SC011_side_1-0000.avi": some_bytes(3)}, location=VIDEO)
    yield Desk(machine)
    machine.store.close()


def test_a_selection_is_brought_and_summed_up(desk: Desk) -> None:
    result = desk.type("--h2o", "SC011")

    assert result.exit_code == 0, result.stderr
    assert "3 files, 10.0 kB brought, all proved" in result.stdout
    assert sorted(desk.machine.arrived()) == [
        f"{DAY}/SC011_side_1-0000.avi",
        f"{G0}/a.ap.bin",
        f"{G0}/a.ap.meta",
    ]


def test_a_dry_run_lists_everything_and_brings_nothing(desk: Desk) -> None:
    here = desk.machine.here
    desk.machine.put(here / G0 / "a.ap.meta", b"a")
    desk.machine.put(here / G1 / "b.ap.bin", b"mine")
    (desk.machine.folder(VIDEO) / DAY / "SC011_side_1-0000.avi").unlink()
    before = contents(here)

    answer = desk.json("--all", "--dry-run", code=3)

    assert answer["dry_run"]
    assert (answer["files"], answer["bytes"]) == (1, 5000)
    paths = {
        name: [each["path"] for each in answer[name]]
        for name in ("wanted", "there", "differing", "missing", "brought", "failed", "left")
    }
    assert paths == {
        "wanted": [f"{G0}/a.ap.bin"],
        "there": [f"{G0}/a.ap.meta"],
        "differing": [f"{G1}/b.ap.bin"],
        "missing": [f"{DAY}/SC011_side_1-0000.avi"],
        "brought": [],
        "failed": [],
        "left": [],
    }
    assert answer["destinations"] == [{"location": EPHYS, "folder": str(here)}]
    assert contents(here) == before
    text = desk.type("--all", "--dry-run").stdout
    assert "1 file, 5.00 kB would be brought" in text
    assert "Differing from what is there, which stays (1)" in text


def test_names_file_types_and_another_folder(desk: Desk) -> None:
    to = desk.machine.base / "scratch"
    to.mkdir()

    answer = desk.json(f"{EPHYS}/{G0}", "--file-type", "*-meta", "--to", str(to))

    assert contents(to) == {f"{G0}/a.ap.meta": b"a"}
    assert [each["path"] for each in answer["brought"]] == [f"{G0}/a.ap.meta"]
    assert desk.machine.arrived() == {}


def test_a_relative_folder_is_one_of_where_the_person_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.machine.base / "scratch").mkdir()
    monkeypatch.chdir(desk.machine.base)

    assert desk.type("--h2o", "SC012", "--to", "scratch").exit_code == 0
    assert list(contents(desk.machine.base / "scratch")) == [f"{G1}/b.ap.bin"]


def test_everything_has_to_be_asked_for(desk: Desk) -> None:
    result = desk.type()
    assert result.exit_code == 2
    assert "say --all" in result.stderr
    assert desk.machine.arrived() == {}


def test_a_name_that_nobody_knows_is_told(desk: Desk) -> None:
    result = desk.type(f"{EPHYS}/{G0}x")
    assert result.exit_code == 1
    assert f"nearest: {EPHYS}/{G0}" in result.stderr


def test_much_is_asked_about(desk: Desk) -> None:
    ini = desk.machine.base / "archived.ini"
    ini.write_text(ini.read_text() + "[retrieve]\nask_above = 1 kB\n")

    refused = desk.type("--all")
    assert refused.exit_code == 2
    assert "This would bring 4 files, 15.0 kB" in refused.stderr
    assert "--yes" in refused.stderr
    assert desk.machine.arrived() == {}

    assert desk.type("--all", "--yes").exit_code == 0
    assert len(desk.machine.arrived()) == 4


def test_a_person_may_say_no(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ini = desk.machine.base / "archived.ini"
    ini.write_text(ini.read_text() + "[retrieve]\nask_above = 1 kB\n")
    monkeypatch.setattr("archived.cli.retrieve.at_terminal", lambda: True)

    result = desk.type("--all", typed="n\n")
    assert result.exit_code == 1
    assert "Really bring 4 files, 15.0 kB?" in result.stderr
    assert desk.machine.arrived() == {}

    assert desk.type("--all", typed="y\n").exit_code == 0
    assert len(desk.machine.arrived()) == 4


def test_what_differs_is_listed_and_asks_for_a_person(desk: Desk) -> None:
    desk.machine.put(desk.machine.here / G0 / "a.ap.bin", b"mine")

    result = desk.type("--all")

    assert result.exit_code == 3
    assert "Differing from what is there, which stays (1)" in result.stdout
    assert f"{G0}/a.ap.bin" in result.stdout
    assert "3 files" in result.stdout
    assert (desk.machine.here / G0 / "a.ap.bin").read_bytes() == b"mine"


def test_a_machine_that_only_sends_refuses(desk: Desk) -> None:
    desk.machine.configure(writable="no")
    for words in (["--all"], ["--continue"], ["--all", "--to", str(desk.machine.base)]):
        result = desk.type(*words)
        assert result.exit_code == 1
        assert "writable = no" in result.stderr
        assert "writable = yes" in result.stderr
    assert desk.machine.arrived() == {}


def test_what_was_stopped_goes_on(desk: Desk) -> None:
    with opened(desk.machine.configuration) as movers:
        plan = desk.machine.prepare(movers)
        desk.machine.stop.set()
        desk.machine.bring(movers, plan, asked_for="--all")
    assert desk.machine.arrived() == {}

    answer = desk.json("--continue")

    assert len(answer["brought"]) == 4
    assert len(desk.machine.arrived()) == 4
    assert desk.json("--continue")["brought"] == []


def test_ctrl_c_leaves_the_rest_for_later(desk: Desk) -> None:
    ids = [each.id for each in desk.machine.store.files(1)]
    nothing: dict[int, Copy | None] = dict.fromkeys(ids)
    desk.machine.store.begin_retrieval(
        "0" * 36, EPHYS, str(desk.machine.here), nothing, asked_by="ada", asked_for="x", now=NOON
    )
    desk.stop.set()

    result = desk.type("--continue")

    assert result.exit_code == 1
    assert "Stopped; 2 files left. To go on, type: archivedctl retrieve --continue" in result.stderr
    desk.stop.clear()
    assert desk.type("--continue").exit_code == 0


def test_giving_up_is_said_in_json_too(desk: Desk) -> None:
    ids = [each.id for each in desk.machine.store.files(1)]
    nothing: dict[int, Copy | None] = dict.fromkeys(ids)
    desk.machine.store.begin_retrieval(
        "0" * 36, EPHYS, str(desk.machine.here), nothing, asked_by="ada", asked_for="x", now=NOON
    )

    answer = json.loads(desk.type("--cancel", "--json").stdout)

    fits(answer, "retrieve-cancel")
    assert answer == {"cancelled": 1}
    assert desk.type("--cancel").stderr == "Gave up 0 retrievals.\n"
    assert desk.json("--continue")["brought"] == []


def test_giving_up_is_never_a_dry_run(desk: Desk) -> None:
    ids: dict[int, Copy | None] = dict.fromkeys(each.id for each in desk.machine.store.files(1))
    desk.machine.store.begin_retrieval(
        "0" * 36, EPHYS, str(desk.machine.here), ids, asked_by="ada", asked_for="x", now=NOON
    )

    result = desk.type("--cancel", "--dry-run")

    assert result.exit_code == 2
    assert "really stops" in result.stderr
    assert len(desk.machine.store.retrievals()) == 1


def test_going_on_and_giving_up_at_once_is_refused(desk: Desk) -> None:
    result = desk.type("--cancel", "--continue")
    assert result.exit_code == 2
    assert "either --continue or --cancel" in result.stderr


@pytest.mark.parametrize("words", [["--h2o", "SC999"], ["--all", "--file-type", "x"]])
def test_a_selection_that_means_nothing_is_told(desk: Desk, words: list[str]) -> None:
    for more in ([], ["--dry-run"]):
        result = desk.type(*words, *more)
        assert result.exit_code == 0
        assert "No archived file fits." in result.stderr
        assert "bringing" not in result.stderr


def test_a_folder_without_a_name_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")

    result = desk.type("--all", "--to", "")

    assert result.exit_code == 1
    assert "the destination has no name" in result.stderr
    assert list((tmp_path / "cwd").iterdir()) == []


def test_a_tilde_is_home(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ada" / "back").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))

    assert desk.type(f"{EPHYS}/{G1}", "--to=~/back").exit_code == 0

    assert sorted(contents(tmp_path / "ada" / "back")) == [f"{G1}/b.ap.bin"]


def test_the_same_words_in_another_folder_are_another_command(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, base = desk.machine.store, desk.machine.base
    for name in ("one", "two"):
        (base / name).mkdir()
    monkeypatch.chdir(base / "one")
    file = next(each for each in store.files(2))
    store.begin_retrieval(
        "0" * 36, EPHYS, str(base / "one"), {file.id: None},
        asked_by="ada", asked_for=f"{EPHYS}/{G1} --to={base / 'one'}", now=NOON,
    )  # fmt: skip
    monkeypatch.chdir(base / "two")

    answer = desk.json(f"{EPHYS}/{G1}", "--to", ".")

    assert [each["path"] for each in answer["brought"]] == [f"{G1}/b.ap.bin"]
    assert len(store.retrievals()) == 1
    monkeypatch.chdir(base / "one")
    assert desk.type(f"{EPHYS}/{G1}", "--to", ".").exit_code == 0
    assert store.retrievals() == []


def test_what_cannot_be_gone_on_with_keeps_none_of_the_others(desk: Desk) -> None:
    store, gone = desk.machine.store, desk.machine.base / "gone"
    for number, (dataset, folder) in enumerate(((1, gone), (2, desk.machine.here))):
        ids: dict[int, Copy | None] = dict.fromkeys(each.id for each in store.files(dataset))
        store.begin_retrieval(
            str(number) * 36, EPHYS, str(folder), ids, asked_by="a", asked_for=f"{number}", now=NOON
        )

    answer = desk.json("--continue", code=3)

    assert [each["path"] for each in answer["brought"]] == [f"{G1}/b.ap.bin"]
    assert sorted(each["path"] for each in answer["failed"]) == [
        f"{G0}/a.ap.bin",
        f"{G0}/a.ap.meta",
    ]
    assert "is not a folder of this machine" in answer["failed"][0]["reason"]
    assert [each.destination for each in store.retrievals()] == [str(gone)]
    gone.mkdir()
    assert len(desk.json("--continue")["brought"]) == 2


def test_ctrl_c_answers_the_question(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_words: object, **_options: object) -> None:
        signal.raise_signal(signal.SIGINT)

    ini = desk.machine.base / "archived.ini"
    ini.write_text(ini.read_text() + "[retrieve]\nask_above = 1 kB\n")
    monkeypatch.setattr("archived.cli.retrieve.at_terminal", lambda: True)
    monkeypatch.setattr("click.confirm", interrupted)

    result = desk.type("--all")

    assert result.exit_code == 1
    assert not desk.stop.is_set()
    assert desk.machine.arrived() == {}
    assert desk.machine.store.retrievals() == []


@pytest.mark.parametrize("words", [["--continue", "--all"], ["--cancel", "--to", "x"]])
def test_what_was_begun_takes_no_selection(desk: Desk, words: list[str]) -> None:
    result = desk.type(*words)
    assert result.exit_code == 2
    assert "takes no selection" in result.stderr


def test_a_second_one_is_told_who_is_at_it(desk: Desk) -> None:
    with desk.machine.open() as other, other.claim_retrieval(99, "bob", NOON):
        result = desk.type("--all")
    assert result.exit_code == 1
    assert "bob (pid 99" in result.stderr


def test_hostile_names_are_shown_escaped(desk: Desk) -> None:
    hostile = "SC011/catgt_SC011_022319_g7\x1b[31m\nred"
    desk.machine.archived(hostile, {"x\x07.bin": b"x"}, on_disk=False)

    result = desk.type("--all")

    assert result.exit_code == 3
    assert "\x1b" not in result.stdout + result.stderr
    assert "\x07" not in result.stdout + result.stderr
