"""Every command explains itself: a sentence first, options, an example to copy."""

from __future__ import annotations

from pathlib import Path

import pytest

import archived.cli
from archived.cli import COMMANDS
from tests.cli.rigs import CliRig

NAMES = [row.name for row in COMMANDS]


def test_the_table_lists_every_command_there_is() -> None:
    folder = Path(archived.cli.__file__).parent
    files = {
        name
        for path in folder.glob("*.py")
        if path.read_text().startswith(f'"""`archivedctl {(name := path.stem.replace("_", "-"))}`.')
    }

    assert files == set(NAMES)


def test_the_list_has_a_sentence_for_each_and_the_exit_codes(rig: CliRig) -> None:
    shown = " ".join(rig.type_plainly("--help").stdout.split())

    assert all(row.summary in shown and row.summary.endswith(".") for row in COMMANDS)
    assert "78 bad configuration" in shown


@pytest.mark.parametrize("name", NAMES)
def test_help_begins_with_a_sentence_and_shows_an_example(rig: CliRig, name: str) -> None:
    result = rig.type_plainly(name, "--help")

    usage, sentence, *_ = result.stdout.split("\n\n")
    assert result.exit_code == 0
    assert usage.startswith(f"Usage: archivedctl {name}")
    assert sentence.startswith("  ")
    assert sentence.strip()[0].isupper()
    assert "." in sentence
    assert (
        f"Examples:\n    archivedctl {name}" in result.stdout or "archivedctl -c" in result.stdout
    )


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_into_a_terminal(rig: CliRig, name: str) -> None:
    shown = rig.type_plainly(name, "--help").stdout

    assert max(len(line) for line in shown.splitlines()) <= 100


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"simulate", "completion", "metrics", "web"}))
def test_whatever_prints_a_result_takes_json(rig: CliRig, name: str) -> None:
    assert "--json" in rig.type_plainly(name, "--help").stdout


def test_without_a_command_the_help_is_shown_and_it_counts_as_a_wrong_use(rig: CliRig) -> None:
    result = rig.type_plainly()

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: archivedctl")


def test_the_version_is_that_of_the_package(rig: CliRig) -> None:
    assert rig.type_plainly("--version").stdout == f"archivedctl {archived.__version__}\n"
