"""The page about the commands, made of the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
from sphinx.application import Sphinx

from archived.cli import cli
from archived.cli.caller import Caller

from .prose import code, prose

PAGE = "reference/archivedctl"
PLACE = "(commands)="


def fill_in(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the commands where the page has the line `(commands)=`."""
    if page == PAGE:
        top = click.Context(cli, info_name="archivedctl", obj=Caller(environ={}))
        source[0] = source[0].replace(PLACE, "\n".join(commands(top)))


def commands(context: click.Context, level: int = 2) -> Iterator[str]:
    """What every command of a group says of itself, as Markdown, with the groups among them."""
    group = context.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield from _command(inner, level)
        if isinstance(command, click.Group):
            yield from commands(inner, level + 1)


def _command(context: click.Context, level: int) -> Iterator[str]:
    command = context.command
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"\n{'#' * level} {context.command_path}\n"
    yield f"{code(f'{context.command_path} {pieces}')}\n"
    yield from _paragraphs(inspect.cleandoc(command.help or ""))
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1] and "--help" not in record[0]:
            names, says = record
            yield f"{code(names)}\n: {prose(says)}\n"
    yield from _paragraphs(inspect.cleandoc(command.epilog or ""))


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs as running text; those that click leaves as they are, after a mark, as code under their first line."""
    for paragraph in re.split(r"\n\s*\n", text):
        kept = paragraph.startswith("\b")
        lines = paragraph.removeprefix("\b").strip("\n").splitlines()
        if kept and lines:
            shown = inspect.cleandoc("\n".join(["", *lines[1:]]))
            yield f"{prose(lines[0])}\n\n```text\n{shown}\n```\n"
        elif lines:
            yield f"{prose(' '.join(line.strip() for line in lines))}\n"
