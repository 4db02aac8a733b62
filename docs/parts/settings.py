"""The page about the configuration, made of archived.ini.example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

from .prose import code, prose

EXAMPLE = Path(__file__).parents[2] / "archived.ini.example"
PAGE = "reference/archived.ini"
PLACE = "(settings)="
KEY = re.compile(r"(?:; )?([a-z0-9_]+) = ?(.*)")


def fill_in(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the settings where the page has the line `(settings)=`."""
    if page == PAGE:
        app.env.note_dependency(str(EXAMPLE))
        source[0] = source[0].replace(PLACE, "\n".join(settings(EXAMPLE.read_text())))


def settings(example: str) -> Iterator[str]:
    """The sections and keys of the example as Markdown: each key with its comment, which names the default."""
    comment: list[str] = []
    for line in _body(example):
        key = KEY.fullmatch(line)
        if line.startswith("["):
            yield f"\n### {code(line)}\n\n{prose(' '.join(comment))}\n"
            comment = []
        elif key and _is_setting(line):
            yield from _entry(key[1], _without_mark(line), comment)
            comment = []
        elif line.startswith(";"):
            comment.append(line[1:].strip())


def _body(example: str) -> Iterator[str]:
    """Lines from the first section on, each value in one line however many it takes in the file."""
    lines = example.splitlines()
    held = ""
    for line in lines[next(n for n, each in enumerate(lines) if each.startswith("[")) :]:
        if line.startswith((" ", "\t")) and line.strip():
            held += f", {line.strip()}"
            continue
        if held:
            yield held
        held = line
    yield held


def _is_setting(line: str) -> bool:
    return not line.startswith(";") or KEY.fullmatch(line) is not None


def _without_mark(line: str) -> str:
    return line.removeprefix("; ")


def _entry(name: str, shown: str, comment: list[str]) -> Iterator[str]:
    """A definition: the name; what the comment says, or that it belongs to the one before; the line to write."""
    says = prose(" ".join(comment)) or "See the one before."
    yield f"{code(name)}\n: {says}\n\n  {code(shown)}\n"
