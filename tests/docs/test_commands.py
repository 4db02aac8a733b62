"""Every command that a page shows exists, and has the options that it is shown with; what no test runs has a reason."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from archived.cli import cli
from archived.cli.caller import Caller
from tests.docs.pages import ROOT, NotRun, steps

PAGES = [
    ROOT / "README.md",
    ROOT / "packaging/systemd/README.md",
    *(each for each in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in each.parts),
]
SHOWN = re.compile(
    r"(?:^|[|`;(]|&& )[ $]*(?:sudo -u archived )?(?:/opt/archived/bin/)?(archivedctl [^`\n|;>]*)",
    re.MULTILINE,
)
ABSENT = "does not exist|requires an argument|does not begin with a UUID"
FEW = 30
"""How many blocks of commands may be left to what no test has: a rig, root, the real Globus."""


def shown(page: Path) -> list[str]:
    """The command lines of `archivedctl` that a page shows, without comments and what a shell does around them."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    found = (match[1].partition("   #")[0].strip() for match in SHOWN.finditer(text))
    return [each for each in dict.fromkeys(found) if "…" not in each and len(each.split()) > 1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_a_page_shows_are_understood(page: Path) -> None:
    wrong = {each: why for each in shown(page) if (why := _mistake(each))}

    assert wrong == {}


def test_the_pages_show_many_commands() -> None:
    lines = [each for page in PAGES for each in shown(page)]

    assert len(lines) > 150
    assert len({shlex.split(each)[1] for each in lines}) > 20


def test_what_no_test_runs_is_little_and_says_why() -> None:
    left = [step for page in PAGES for step in steps(page) if isinstance(step, NotRun)]

    assert 0 < len(left) <= FEW
    assert all(len(step.why.split()) >= 4 and step.commands for step in left)


def _mistake(line: str) -> str:
    """What click says against a command line; nothing where it would be run."""
    try:
        _parse(shlex.split(line.partition(" # ")[0])[1:])
    except click.exceptions.Exit:
        return ""
    except click.ClickException as error:
        # A sentence may name a command without its arguments, and a line files that are not here.
        passes = isinstance(error, click.MissingParameter) or re.search(ABSENT, error.message)
        return "" if passes else error.format_message()
    except ValueError as error:
        return str(error)
    return ""


def _parse(words: list[str]) -> None:
    command: click.Command = cli
    context = cli.make_context("archivedctl", words, obj=Caller(environ={}))
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)
