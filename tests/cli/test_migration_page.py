"""The page for people who come from map-ephys shows commands that exist, with options that they have."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import click
import pytest

from archived.cli import cli
from archived.cli.caller import Caller
from archived.config import mistakes

PAGE = (Path(__file__).parents[2] / "docs" / "MIGRATION.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^ *(archivedctl .*)$|`(archivedctl [^`]*)`", PAGE, re.MULTILINE)
COMMANDS = sorted({"".join(each) for each in SHOWN})
RIG = """\
[archived]
rig = rig-1
[globus]
local_endpoint_local_path = /data
[location:raw-ephys]
archive = /archive
conventions = catgt
[datajoint]
address = mysql://db
"""


def understood(words: list[str]) -> click.Context:
    """The context of the command that the words call, with every word parsed; raises what click makes of wrong ones."""
    command: click.Command = cli
    context = cli.make_context("archivedctl", list(words), obj=Caller(environ={}))
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)
    return context


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_is_one(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("subjects.csv", "dj_local_conf.json", "archived.ini"):
        (tmp_path / name).touch()

    understood(shlex.split(line)[1:])


def test_the_page_shows_many_of_them() -> None:
    assert len(COMMANDS) > 20
    shown = {shlex.split(each)[1] for each in COMMANDS}
    assert {"import-config", "discover", "retrieve", "subjects", "datajoint", "login"} <= shown


def test_a_command_that_is_none_would_be_noticed() -> None:
    for line in ("archivedctl list --nonsense", "archivedctl publication-publish"):
        with pytest.raises(click.UsageError):
            understood(shlex.split(line)[1:])


@pytest.mark.parametrize("text", re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL))
def test_the_settings_of_the_page_may_stand_in_a_configuration(text: str) -> None:
    lines = [line.strip() for line in text.splitlines()]
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string("\n".join(lines))

    assert parser.sections()
    assert mistakes(f"{RIG}\n" + "\n".join(lines)) == []
