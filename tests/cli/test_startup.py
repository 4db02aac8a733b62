"""The commands start quickly: a library is loaded by the command that needs it, and by no other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from archived.cli import COMMANDS
from tests.cli.rigs import CliRig
from tests.store.bench import Bench

HEAVY = (
    "globus_sdk",
    "requests",
    "watchdog",
    "rich",
    "structlog",
    "peewee",
    "starlette",
)


def loaded_after(code: str, *arguments: str) -> set[str]:
    """Which heavy libraries a fresh interpreter has loaded after running the code."""
    script = (
        f"import sys, json\n{code}\n"
        f"print('loaded', json.dumps([m for m in {HEAVY!r} if m in sys.modules]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.rpartition("loaded")[2]))


TYPE = (
    "from archived.cli import main\n"
    "try:\n    main()\n"
    "except SystemExit as end:\n    assert end.code == 0, end.code"
)


def test_the_package_alone_loads_nothing_heavy() -> None:
    assert loaded_after("import archived.cli") == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["completion", "bash"]])
def test_help_and_completion_scripts_load_nothing_heavy(words: list[str]) -> None:
    assert loaded_after(TYPE, *words) == set()


@pytest.mark.parametrize("words", [["status"], ["list", "--json"], ["pause"]])
def test_what_asks_the_store_loads_the_store_and_no_mover(
    rig: CliRig, bench: Bench, words: list[str]
) -> None:
    loaded = loaded_after(TYPE, "-c", str(rig.configuration), *words)

    assert loaded == {"peewee"}


def test_why_loads_no_mover_and_no_watcher(rig: CliRig) -> None:
    loaded = loaded_after(TYPE, "-c", str(rig.configuration), "why", str(rig.root))

    assert not loaded & {"globus_sdk", "watchdog", "structlog", "rich"}


def test_the_module_is_the_program_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "archived.cli", "--help"], capture_output=True, text=True, check=True
    )

    assert all(row.name in done.stdout for row in COMMANDS)
