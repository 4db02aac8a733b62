"""Every expected failure is a message, advice and an exit code; with --json it is an object."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.contract import fits
from tests.cli.rigs import CliRig
from tests.store.bench import Bench

READING = [["status"], ["list"], ["show", "raw-ephys/x"], ["events"], ["pause"], ["resume"]]
STEERING = [["retry", "--all"], ["hold", "--all"], ["release", "--all"], ["accept", "--all", "-y"]]


@pytest.mark.parametrize("words", READING + STEERING, ids=lambda words: words[0])
def test_without_a_store_they_say_so_and_create_none(rig: CliRig, words: list[str]) -> None:
    result = rig.type(*words)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "there is no store at" in result.stderr
    assert "start the daemon" in result.stderr
    assert list((rig.base / "state").iterdir()) == []


@pytest.mark.parametrize("words", READING + STEERING, ids=lambda words: words[0])
def test_as_json_the_error_is_an_object_on_standard_output(rig: CliRig, words: list[str]) -> None:
    told = rig.json(*words, code=1)

    fits(told, "error")
    assert "there is no store at" in told["error"]["message"]


@pytest.mark.parametrize("words", [*READING, ["why", "/x"], ["publish"], ["whoami"], ["logout"]])
def test_a_bad_configuration_exits_with_78_and_every_mistake(rig: CliRig, words: list[str]) -> None:
    rig.configuration.write_text("[archived]\nrig = a\nquiet_tine = 5m\nrescan = often\n")

    result = rig.type(*words)

    assert result.exit_code == 78
    assert result.stdout == ""
    assert "quiet_tine" in result.stderr
    assert "rescan = often: expected a duration" in result.stderr


def test_a_configuration_that_is_not_there_exits_with_78(rig: CliRig) -> None:
    result = rig.type_plainly("-c", "/nowhere/archived.ini", "status", "--json")

    fits(json.loads(result.stdout), "error")
    assert result.exit_code == 78
    assert "/nowhere/archived.ini" in result.stdout


def test_the_configuration_is_found_by_the_environment(rig: CliRig, bench: Bench) -> None:
    result = rig.type_plainly("list", "--json", environ={"ARCHIVED_CONFIG": str(rig.configuration)})

    assert json.loads(result.stdout) == []


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["list", "--nonsense"],
        ["show"],
        ["why"],
        ["list", "--state", "lost"],
        ["list", "--date", "soon"],
        ["list", "--limit", "0"],
        ["pause", "--for", "two hours"],
        ["pause", "--for", "0"],
        ["events", "--since", "once"],
        ["status", "--every", "-1s"],
        ["retry"],
        ["hold"],
        ["release"],
        ["accept", "-y"],
        ["completion", "tcsh"],
        ["simulate"],
        ["simulate", "--collection", "rig=/tmp"],
    ],
    ids=" ".join,
)
def test_a_wrong_use_exits_with_2_and_points_to_the_help(rig: CliRig, words: list[str]) -> None:
    result = rig.type(*words)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "--help'." in result.stderr


def test_a_wrong_use_is_an_object_too_where_json_was_asked_for(rig: CliRig) -> None:
    told = rig.json("list", "--nonsense", code=2)

    fits(told, "error")
    assert "--nonsense" in told["error"]["message"]


def test_a_word_after_two_dashes_is_no_option(rig: CliRig, bench: Bench) -> None:
    result = rig.type("show", "--", "--json")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "there is no dataset --json" in result.stderr


def test_a_store_of_another_kind_is_left_alone(rig: CliRig) -> None:
    path = rig.base / "state" / "archived.db"
    path.write_bytes(b"not a database, but somebody's work")

    result = rig.type("status")

    assert result.exit_code == 1
    assert "archived.db" in result.stderr
    assert path.read_bytes() == b"not a database, but somebody's work"


def test_a_store_that_may_not_be_read_is_an_error_of_ours(rig: CliRig, bench: Bench) -> None:
    path = rig.base / "state" / "archived.db"
    path.chmod(0)
    try:
        result = rig.type("status")
    finally:
        path.chmod(0o600)

    # The administrator reads it anyway.
    assert result.exit_code == (0 if os.geteuid() == 0 else 1)


def test_a_reader_who_goes_away_is_no_traceback(rig: CliRig, bench: Bench) -> None:
    for number in range(200):
        bench.write("a.bin", dataset=f"SC011/catgt_SC011_022319_g{number}")
    bench.sight()
    command = [*rig.program, "list", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()

    assert said == b""


def test_a_terminal_without_unicode_gets_escapes_instead_of_a_traceback(
    rig: CliRig, bench: Bench
) -> None:
    done = subprocess.run(
        [*rig.program, "status"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        encoding="latin-1",
        check=True,
    )

    assert done.stdout.startswith("\\u25cb rig-1")
