"""What pages show: commands with what they print, files to write, and what says of itself that no test can run it.

A block ```` ```console ```` has commands after `$ `, each followed by what it prints: lines that have to be among the
output, in any order, where `…` stands for anything. `<!-- file: NAME -->` before a block says that a reader writes it
into a file, `<!-- not run: REASON -->` that the block takes what no test has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<mark>file|not run): (?P<says>.+?) -->\n *)?"
    r"```(?P<language>[a-z]+)\n(?P<content>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Command:
    """A line that is typed, and the lines that have to be among what it prints."""

    typed: str
    shows: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """A file that the reader writes."""

    name: str
    content: str


@dataclass(frozen=True)
class NotRun:
    """Commands that no test can run, and why."""

    why: str
    commands: list[Command]


def steps(page: Path) -> list[Command | Written | NotRun]:
    """What a reader of the page does, in order."""
    found: list[Command | Written | NotRun] = []
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        indent, content = block["indent"], block["content"]
        content = re.sub(f"^{indent}", "", content, flags=re.MULTILINE)
        if block["mark"] == "file":
            found.append(Written(block["says"], content))
        elif block["language"] == "console":
            commands = _commands(content)
            found += [NotRun(block["says"], commands)] if block["mark"] else commands
    return found


def _commands(content: str) -> list[Command]:
    commands: list[Command] = []
    for line in content.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
        elif commands[-1].typed.endswith("\\"):
            commands[-1] = Command(f"{commands[-1].typed}\n{line.removeprefix('> ')}")
        elif line.strip() not in ("", "…"):
            commands[-1].shows.append(line)
    return commands
