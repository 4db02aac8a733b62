"""The commands start quickly: a library is loaded by the command that needs it, and by no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archived.cli import COMMANDS
from tests.cli.rigs import CliRig
from tests.store.bench import G0, LOCATION, Bench

HEAVY = (
    "asyncio",
    "filelock",
    "globus_sdk",
    "peewee",
    "platformdirs",
    "psycopg",
    "pydantic",
    "pymysql",
    "requests",
    "rich",
    "sqlglot",
    "starlette",
    "structlog",
    "watchdog",
)
"""What takes longer to load than most commands take."""

NAME = f"{LOCATION}/{G0}"

WRITING = (
    "archived.core.conventions",
    "archived.store.backup",
    "archived.store.moves",
    "archived.store.schema",
    "archived.store.whole",
)
"""Of ours, what no command needs that only looks at the store."""


OF_A_DAEMON = (
    "archived.daemon",
    "archived.discover",
    "archived.retrieve",
    "archived.transfer.globus",
    "archived.transfer.local",
    "archived.verify",
)
NOT_TO_BE_UP = {
    *OF_A_DAEMON[1:],
    "asyncio",
    "globus_sdk",
    "peewee",
    "platformdirs",
    "psycopg",
    "pydantic",
    "pymysql",
    "requests",
    "rich",
    "sqlglot",
    "starlette",
}
"""What a daemon needs for the first transfer, for the first thing that it writes, for what only some rigs want, or never."""


def loaded_after(code: str, *arguments: str) -> set[str]:
    """What of all that a fresh interpreter has loaded after running the code."""
    script = (
        "import os, sys, json\n"
        "def tell():\n"
        f"    found = [m for m in {(*HEAVY, *WRITING, *OF_A_DAEMON)!r} if m in sys.modules]\n"
        "    print('loaded', json.dumps(found), file=sys.stderr, flush=True)\n"
        f"{code}\n"
        "tell()"
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


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "--json"],
        ["list"],
        ["list", "--h2o", "SC011", "--json"],
        ["show", NAME],
        ["show", NAME, "--json"],
        ["events"],
        ["rigs"],
    ],
)
def test_what_only_looks_at_a_store_in_a_file_loads_nothing_heavy(
    rig: CliRig, bench: Bench, words: list[str]
) -> None:
    bench.ready("a.bin")

    assert loaded_after(TYPE, "-c", str(rig.configuration), *words) == set()


def test_what_writes_loads_peewee_and_no_mover(rig: CliRig, bench: Bench) -> None:
    loaded = loaded_after(TYPE, "-c", str(rig.configuration), "pause")

    assert "peewee" in loaded
    assert not loaded & {"globus_sdk", "watchdog", "structlog", "rich", "requests"}


def test_why_loads_no_mover_and_no_watcher(rig: CliRig) -> None:
    loaded = loaded_after(TYPE, "-c", str(rig.configuration), "why", str(rig.root))

    assert not loaded & {"globus_sdk", "watchdog", "structlog", "rich"}


def test_the_module_is_the_program_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "archived.cli", "--help"], capture_output=True, text=True, check=True
    )

    assert all(row.name in done.stdout for row in COMMANDS)


DAEMON = (
    "from archived.__main__ import main\n"
    "from archived.systemd import Notifier\n"
    "Notifier.ready = lambda *_: (tell(), os._exit(0))\n"
    "sys.argv[0] = 'archived'\n"
    "assert False, main()"
)
"""A daemon until it would say that it is up."""


@pytest.mark.parametrize("archive", ["{base}/archive", "5b875fda-4185-11e8-bb52-0ac6873fc732:/"])
def test_a_daemon_is_up_without_what_moves_files(tmp_path: Path, archive: str) -> None:
    for folder in ("rig", "archive"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rig" / "notes.txt").write_text("no recording")
    settings = tmp_path / "archived.ini"
    settings.write_text(
        f"[archived]\nrig = rig-1\nstore = {tmp_path}/archived.db\n"
        f"[globus]\nlocal_endpoint = c40e971d-0075-4a82-b12f-8f9717762e7b\nlocal_endpoint_subdir = /\n"
        f"local_endpoint_local_path = {tmp_path}/rig\n"
        "client_id = 1a52e0c6-6a4c-4c1a-9a55-0a9d1c0f4b7c\n"
        f"[location:raw-ephys]\narchive = {archive.format(base=tmp_path)}\nconventions = catgt\n"
    )

    loaded_after(DAEMON, "-c", str(settings))  # which makes the store
    loaded = loaded_after(DAEMON, "-c", str(settings))

    assert {"archived.daemon", "structlog"} <= loaded, "it was a daemon"
    assert not loaded & NOT_TO_BE_UP
