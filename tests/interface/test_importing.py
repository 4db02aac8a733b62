"""`from archived import Archive` is quick, typed, and in nobody's way."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import archived

HEAVY = (
    "apsw",
    "click",
    "globus_sdk",
    "pandas",
    "peewee",
    "rich",
    "sqlglot",
    "structlog",
    "watchdog",
)
ROOT = Path(__file__).parents[2]


def loaded_after(code: str) -> list[str]:
    """Which heavy libraries a new Python has loaded after some code."""
    tell = f"import sys; print(*[each for each in {HEAVY} if each in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout.split()


def test_the_package_loads_nothing() -> None:
    assert loaded_after("import archived, archived.errors") == []
    loaded_after("import archived, sys; assert 'archived.interface' not in sys.modules")


def test_the_interface_loads_nothing_heavy() -> None:
    assert loaded_after("from archived import Archive, AndList") == []


def test_asking_loads_neither_transfers_nor_frames(tmp_path: Path) -> None:
    from archived.store import Store

    for folder in ("rig", "archive"):
        (tmp_path / folder).mkdir()
    (tmp_path / "archived.ini").write_text(
        f"[archived]\nrig = rig-1\nstore = {tmp_path}/archived.db\n"
        f"[globus]\nlocal_endpoint_local_path = {tmp_path}/rig\n"
        f"[location:raw-ephys]\narchive = {tmp_path}/archive\nconventions = catgt\n"
    )
    Store.open(str(tmp_path / "archived.db"), rig="rig-1", create=True).close()

    code = (
        f"from archived import Archive\nrepr(Archive({str(tmp_path / 'archived.ini')!r}).raw_ephys)"
    )

    assert set(loaded_after(code)) <= {"apsw", "peewee"}


def test_the_package_is_typed() -> None:
    assert files("archived").joinpath("py.typed").is_file()


def test_names_that_there_are_not_are_told() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Archives'"):
        _ = archived.Archives
    assert {"Archive", "AndList"} <= set(dir(archived))
