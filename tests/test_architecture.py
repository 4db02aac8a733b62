"""The page about the architecture says what the code does, and the code keeps to the page's rules."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from archived.core.lifecycle import MOVES, State

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
MODULES = sorted((ROOT / "archived").rglob("*.py"))


def test_the_table_of_moves_is_the_one_in_the_code() -> None:
    documented = {
        (before, after): set(reasons.split(", "))
        for before, after, reasons in re.findall(
            r"^\| ([A-Z]+) \| ([A-Z]+) \| ([a-z, ]+) \|$", PAGE, re.MULTILINE
        )
    }

    coded = {
        (before.name, after.name): {str(reason) for reason in reasons}
        for (before, after), reasons in MOVES.items()
    }
    assert coded == documented


def test_the_picture_of_the_lifecycle_names_every_state() -> None:
    picture = PAGE.split("## The lifecycle of a dataset")[1].split("```")[1]

    assert {state.name for state in State} == set(re.findall(r"\b[A-Z]{4,}\b", picture))


def test_every_state_can_be_left_and_reached() -> None:
    for state in State:
        assert any(before is state for before, _ in MOVES)
        assert any(after is state for _, after in MOVES)


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []


def test_the_page_points_only_at_files_that_exist() -> None:
    names = re.findall(r"`((?:archived/|tests/|docs/)?[a-z_/]+(?:\.py|/))`", PAGE)

    missing = [
        name
        for name in names
        if not ((ROOT / name).exists() or (ROOT / "archived" / name).exists())
    ]
    assert names
    assert missing == []


def test_every_safety_rule_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "SAFETY.md").read_text()
    names = re.findall(r"`(tests/[a-z_/]+\.py)`", page)

    assert len(re.findall(r"^\d+\. \*\*", page, re.MULTILINE)) == 12
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_commands_start_without_the_heavy_libraries() -> None:
    """`status` must answer before a person notices a delay; a library is loaded by the command that needs it."""
    code = (
        "import sys, archived.cli; "
        "print([m for m in ('globus_sdk', 'watchdog', 'rich', 'structlog', 'peewee', 'starlette', 'jinja2') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
