"""Reads a lab's pattern into a tree of what may stand where, as far as patterns for names need it."""

from __future__ import annotations

import re
from typing import TypeAlias

from archived.core.dataclass import dataclass

LONGEST_NAME = 255
"""How often anything can be repeated in the name of one folder."""

BEYOND = 128
"""Stands for every character that is not ASCII: a class may hold all of them or none."""


@dataclass(frozen=True, slots=True)
class Character:
    """One of some characters, by their numbers; `BEYOND` may be among them."""

    of: frozenset[int]


@dataclass(frozen=True, slots=True)
class Then:
    """One after the other. None of them is the empty text."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of them."""

    choices: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least and at most so often; `most` is None where there is no end."""

    body: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """What may or may not follow, or come before; it takes no place."""

    body: Node


Node: TypeAlias = Character | Then | Either | Repeat | Look

_TOKEN = re.compile(
    r"""(?P<open>\((?:\?(?:[:>=!]|<[=!]|[aiu]*(?:-i)?:)))
    | (?P<close>\)) | (?P<either>\|)
    | (?P<repeat>(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d*)\})[?+]?)
    | (?P<place>[\^$]|\\[AZbB])
    | (?P<atom>\\[^0-9xuUN]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^()|*+?\[\\])""",
    re.DOTALL | re.VERBOSE,
)

_ASCII = "".join(map(chr, range(BEYOND)))
_MAY_BE_BEYOND = re.compile(r"\[\^|(?<!\\)\.|\\[WDSxuUN0-7]|[^\x00-\x7f]")


class _Group:
    """What was read of a group so far, and how it began."""

    def __init__(self, opened: str) -> None:
        self.opened = opened
        self._choices: list[Node] = []
        self.parts: list[Node] = []

    def begin_another(self) -> None:
        """What follows stands for the same place."""
        self._choices.append(Then(tuple(self.parts)))
        self.parts = []

    def whole(self) -> Node:
        """All of it."""
        self.begin_another()
        body = self._choices[0] if len(self._choices) == 1 else Either(tuple(self._choices))
        return Look(body) if self.opened.endswith(("=", "!")) else body


def tree_of(pattern: str) -> Node | None:
    """The tree of a pattern that Python accepts; None where more is in it than is understood here."""
    groups, at = [_Group("")], 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            return None
        at = token.end()
        parts = groups[-1].parts
        if token["open"]:
            groups.append(_Group(token[0]))
        elif token["close"]:
            if len(groups) == 1:
                return None
            inner = groups.pop().whole()
            groups[-1].parts.append(inner)
        elif token["either"]:
            groups[-1].begin_another()
        elif token["repeat"]:
            if not parts:
                return None
            parts.append(Repeat(parts.pop(), *_times(token[0])))
        elif token["place"]:
            parts.append(Then())
        else:
            parts.append(_character(token[0], [group.opened for group in groups]))
    return groups[0].whole() if len(groups) == 1 else None


def _times(text: str) -> tuple[int, int | None]:
    """The least and the most often that something is there."""
    if text[0] in "*+?":
        return int(text[0] == "+"), 1 if text[0] == "?" else None
    least, comma, most = text[1:].rstrip("?+}").partition(",")
    lowest = min(int(least or 0), LONGEST_NAME)
    if comma and not most:
        return lowest, None
    return lowest, min(int(most or lowest), LONGEST_NAME)


def _character(atom: str, within: list[str]) -> Character:
    """What an atom stands for below groups that may change how letters are compared."""
    flags = [opened for opened in within if opened[-1:] == ":"]
    wrapped = "".join(flags) + atom + ")" * len(flags)
    found = {ord(each) for each in re.findall(wrapped, _ASCII, re.ASCII | re.DOTALL)}
    if _MAY_BE_BEYOND.search(atom) or any("u" in opened for opened in flags):
        found.add(BEYOND)
    return Character(frozenset(found))
