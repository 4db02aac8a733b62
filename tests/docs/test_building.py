"""The pages are built into HTML and man pages without a warning, and hold what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from archived.cli import cli
from archived.cli.shell import EPILOG
from archived.config.sections import FIXED, NAMED
from tests.docs.pages import ROOT

BUILD = [sys.executable, "-m", "sphinx", "--quiet", "--nitpicky", "--fail-on-warning"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `html` and `man`, made as `make docs man` makes them."""
    folder = tmp_path_factory.mktemp("docs")
    for builder in ("html", "man"):
        made = subprocess.run(
            [*BUILD, "-d", folder / "doctrees", "-b", builder, ROOT / "docs", folder / builder],
            capture_output=True,
            text=True,
            timeout=170,
        )
        assert (made.returncode, made.stderr) == (0, "")
    return folder


@pytest.mark.timeout(180)
def test_every_page_is_built_and_asks_for_nothing_elsewhere(built: Path) -> None:
    pages = {
        each.relative_to(ROOT / "docs").with_suffix("") for each in (ROOT / "docs").rglob("*.md")
    }
    built_pages = {
        each.relative_to(built / "html").with_suffix("")
        for each in (built / "html").rglob("*.html")
    }

    assert {each for each in pages if each.parts[0] != "_build"} <= built_pages
    home = (built / "html/index.html").read_text()
    assert re.findall(r'(?:src|<link[^>]* href)="(?:https?:)?//', home) == []


@pytest.mark.timeout(180)
def test_the_man_pages_have_every_command_and_every_setting(built: Path) -> None:
    commands = re.findall(r"^\.SH ARCHIVEDCTL (.+)$", _man(built, "archivedctl.1"), re.MULTILINE)
    assert commands == [name.upper() for name in cli.list_commands(click.Context(cli))]

    told: dict[str, list[str]] = {}
    for heading, key in re.findall(
        r"^\.SS \[(\w+).*|^\.B (\w+)$", _man(built, "archived.ini.5"), re.MULTILINE
    ):
        if heading:
            keys = told.setdefault(heading, [])
        else:
            keys.append(key)
    for name, section in {**FIXED, **NAMED}.items():
        assert set(section.KEYS) <= set(told[name]), name


def _man(built: Path, name: str) -> str:
    """A man page without the marks of its fonts."""
    text = (built / "man" / name).read_text(encoding="utf-8")
    return re.sub(r"\\f[A-Z]", "", text).replace("\\-", "-")


def test_the_exit_codes_of_the_page_are_those_of_the_help() -> None:
    page = (ROOT / "docs/reference/exit-codes.md").read_text()
    told = {
        int(code): says for code, says in re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE)
    }
    helped = " ".join(EPILOG.split()).partition("Exit codes: ")[2].rstrip(".").split(", ")

    assert {**told} == {
        **{int(each.split()[0]): each.partition(" ")[2] for each in helped},
        130: "interrupted",
    }
