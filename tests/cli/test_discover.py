"""`archivedctl discover`: what a person types, is told, and can do about it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.model import FileState
from tests.cli.contract import fits
from tests.cli.rigs import UNSAFE, CliRig
from tests.simulator.bench import running

RUN = "SC011/SC011_022319_g0"
NAME = f"raw-ephys/{RUN}"
FILE = f"{RUN}/SC011_022319_g0_t0.nidq.bin"


def put(rig: CliRig, path: str = FILE, size: int = 10, location: str = "ephys") -> Path:
    """Put a file into the archive."""
    file = rig.base / "archive" / location / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    return file


@pytest.fixture(autouse=True)
def archives(rig: CliRig) -> None:
    """Both hold something: an archive that holds nothing at all counts as not mounted."""
    put(rig)
    put(rig, "SC011/02232019/video/SC011_side_001-0000.avi", 20, "video")


def later(rig: CliRig) -> None:
    rig.now = rig.now.replace(minute=rig.now.minute + 1)


def lose(rig: CliRig) -> None:
    """Fill the catalogue, then lose a file in the archive."""
    put(rig, f"{RUN}/b.nidq.bin")
    rig.said("discover")
    (rig.base / "archive" / "ephys" / FILE).unlink()
    later(rig)


def test_a_machine_without_a_store_gets_one(rig: CliRig) -> None:
    said = rig.said("discover")

    assert "only in the archive: 1 file, registered" in said
    assert [each["name"] for each in rig.json("list")] == [
        NAME,
        "raw-video/SC011/02232019/video",
    ]


def test_the_json_is_as_documented(rig: CliRig) -> None:
    put(rig, "SC011/notes.txt")
    told = rig.json("discover")

    fits(told, "discover")
    [ephys, video] = told["discoveries"]
    assert (ephys["location"], video["location"]) == ("raw-ephys", "raw-video")
    assert ephys["only_in_archive"] == [
        {"path": FILE, "size": 10, "known_size": None, "reason": ""}
    ]
    assert [each["path"] for each in ephys["unrecognised"]] == ["SC011/notes.txt"]
    assert ephys["complete"]


def test_a_name_that_is_nowhere_is_told(rig: CliRig) -> None:
    result = rig.type("discover", "nosuchname")

    assert result.exit_code == 1
    assert "anything at nosuchname" in result.stderr


def test_a_dry_run_registers_nothing(rig: CliRig) -> None:
    told = rig.json("discover", "--dry-run")
    fits(told, "discover")
    assert told["dry_run"]
    assert told["discoveries"][0]["counts"]["only_in_archive"] == 1
    assert rig.json("list") == []
    assert "would be registered" in rig.said("discover", "-n")


class TestWhatIsMissing:
    def test_ends_with_three_and_is_shown(self, rig: CliRig) -> None:
        lose(rig)
        result = rig.type("discover")
        assert result.exit_code == 3
        assert "MISSING IN THE ARCHIVE" in result.stdout
        assert FILE in result.stdout

    def test_is_in_the_json(self, rig: CliRig) -> None:
        lose(rig)
        told = rig.json("discover", code=3)
        fits(told, "discover")
        assert told["discoveries"][0]["only_in_catalogue"] == [
            {"path": FILE, "size": None, "known_size": 10, "reason": ""}
        ]

    def test_comes_with_advice(self, rig: CliRig) -> None:
        lose(rig)
        rig.type("discover")
        shown = rig.json("show", NAME)
        fits(shown, "show")
        assert {each["path"]: each["state"] for each in shown["files"]}[FILE] == FileState.MISSING
        assert f"archivedctl retry {NAME}" in shown["what_to_do"]
        assert f"archivedctl accept {NAME}" in shown["what_to_do"]
        assert "archivedctl discover" in shown["what_to_do"]

    def test_cannot_be_sent_again_from_a_machine_without_it(self, rig: CliRig) -> None:
        lose(rig)
        rig.type("discover")
        result = rig.type("retry", NAME)
        assert result.exit_code == 1
        assert "can be sent again" in result.stderr

    def test_is_given_up_by_accept(self, rig: CliRig) -> None:
        lose(rig)
        rig.type("discover")
        rig.said("accept", NAME)
        assert rig.json("list", NAME)[0]["state"] == State.ARCHIVED
        assert rig.json("status")["alarms"] == []
        later(rig)
        rig.said("discover")

    def test_is_only_told_of_in_a_dry_run(self, rig: CliRig) -> None:
        lose(rig)
        rig.json("discover", "-n", code=3)
        assert rig.json("list", NAME)[0]["state"] == State.ARCHIVED


def test_what_is_different_ends_with_three_and_comes_with_advice(rig: CliRig) -> None:
    rig.said("discover")
    put(rig, size=9)
    later(rig)

    told = rig.json("discover", code=3)

    [different] = told["discoveries"][0]["different"]
    assert (different["size"], different["known_size"]) == (9, 10)
    shown = rig.json("show", NAME)
    assert "9 bytes in the archive" in shown["reason"]
    assert "find out what happened in the archive" in shown["what_to_do"]


class TestWhere:
    def test_may_be_a_location(self, rig: CliRig) -> None:
        [told] = rig.json("discover", "-l", "raw-video")["discoveries"]
        assert told["location"] == "raw-video"
        [told] = rig.json("discover", "raw-video")["discoveries"]
        assert (told["location"], told["below"]) == ("raw-video", "")

    def test_may_be_a_dataset_or_an_animal(self, rig: CliRig) -> None:
        put(rig, "SC022/SC022_022319_g0/a.nidq.bin")
        rig.said("discover", "raw-ephys/SC022")
        assert [each["name"] for each in rig.json("list")] == ["raw-ephys/SC022/SC022_022319_g0"]

    def test_may_be_a_path_below_a_watched_folder(self, rig: CliRig) -> None:
        told = rig.json("discover", str(rig.root / "SC011"))["discoveries"]
        assert [each["below"] for each in told] == ["SC011", "SC011"]

    def test_may_be_a_folder_of_every_location(self, rig: CliRig) -> None:
        told = rig.json("discover", "SC011/")["discoveries"]
        assert [each["below"] for each in told] == ["SC011", "SC011"]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["-l", "raw-ephis"], "there is no location 'raw-ephis'"),
            (["/somewhere/else"], "lies in no watched folder"),
            (["raw-ephys/../x"], "is not a path"),
        ],
    )
    def test_that_does_not_exist_is_an_error(
        self, rig: CliRig, words: list[str], said: str
    ) -> None:
        result = rig.type("discover", *words)
        assert result.exit_code == 1
        assert said in result.stderr


def test_lists_are_cut_and_counts_are_not(rig: CliRig) -> None:
    for number in range(5):
        put(rig, f"{RUN}/more{number}.nidq.bin")
    told = rig.json("discover", "--limit", "2")["discoveries"][0]
    assert len(told["only_in_archive"]) == 2
    assert told["counts"]["only_in_archive"] == 6


def test_one_archive_that_is_away_does_not_stop_the_other(rig: CliRig) -> None:
    shutil.rmtree(rig.base / "archive" / "ephys")

    result = rig.type("discover", "--json")

    assert result.exit_code == 1
    told = json.loads(result.stdout)
    fits(told, "discover")
    [ephys, video] = told["discoveries"]
    assert "cannot be used" in ephys["error"]["message"]
    assert video["complete"]
    said = rig.type("discover")
    assert said.exit_code == 1
    assert "cannot be used" in said.stderr


def test_an_empty_archive_is_not_believed(rig: CliRig) -> None:
    rig.said("discover")
    shutil.rmtree(rig.base / "archive" / "ephys" / "SC011")
    later(rig)

    result = rig.type("discover")

    assert result.exit_code == 3
    assert "Is it mounted?" in result.stdout
    assert rig.json("list", NAME)[0]["state"] == State.ARCHIVED
    [alarm] = rig.json("status")["alarms"]
    assert alarm["key"] == "archive:raw-ephys"
    assert "is empty" in alarm["message"]

    later(rig)
    assert rig.type("discover", "--believe").exit_code == 3
    assert rig.json("list", NAME)[0]["state"] == State.FAILED
    assert [each["key"] for each in rig.json("status")["alarms"]] == ["missing:raw-ephys"]


def test_it_goes_on_where_it_was_stopped(rig: CliRig) -> None:
    rig.stop.set()
    result = rig.type("discover")
    assert result.exit_code == 1
    assert "typed again, it goes on" in result.stderr
    rig.stop.clear()
    later(rig)

    result = rig.type("discover")

    assert result.exit_code == 0
    assert "raw-ephys: goes on with what was begun" in result.stderr
    assert len(rig.json("list")) == 2


def test_it_begins_anew_where_that_is_wanted(rig: CliRig) -> None:
    rig.stop.set()
    rig.type("discover")
    rig.stop.clear()
    later(rig)
    assert "goes on" not in rig.type("discover", "--restart").stderr


def test_hostile_names_are_shown_escaped(rig: CliRig) -> None:
    name = f"{RUN}/\x1b[31m\nred\u202e.nidq.bin"
    put(rig, name)
    file = os.fsencode(rig.base / "archive" / "ephys" / RUN) + b"/\xff.nidq.bin"
    with open(file, "wb"):
        pass
    put(rig, "SC011/\x1b[2J.txt")
    rig.said("discover")
    (rig.base / "archive" / "ephys" / name).unlink()
    os.unlink(file)
    later(rig)

    shown = rig.type("discover")

    assert shown.exit_code == 3
    assert not any(each in shown.stdout for each in UNSAFE)
    assert r"\x1b[31m\nred" in shown.stdout
    fits(rig.json("discover", code=3), "discover")


def test_a_service_that_refuses_ends_with_its_own_code(
    rig: CliRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = "5b875fda-4185-11e8-bb52-0ac6873fc732"
    with running({collection: rig.base / "archive"}) as globus:
        for key, value in globus.environment.items():
            monkeypatch.setenv(key, value)
        secret = tmp_path / "secret"
        secret.touch(mode=0o600)
        secret.write_text("wrong")
        text = rig.configuration.read_text()
        text = text.replace(f"archive = {rig.base}/archive", f"archive = {collection}:")
        rig.configuration.write_text(
            text.replace(
                "[globus]",
                f"[globus]\nlocal_endpoint = {collection}\nlocal_endpoint_subdir = /rig\n"
                f"client_id = {globus.client_id}\nclient_secret_file = {secret}",
            )
        )
        assert rig.type("discover").exit_code == 4
        secret.write_text(globus.client_secret)
        assert rig.json("discover")["discoveries"][0]["counts"]["only_in_archive"] == 1
