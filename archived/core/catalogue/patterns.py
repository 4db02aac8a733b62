"""The patterns of LIKE: `%` is any text, `_` one character, and a backslash before one of them takes that away."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum


class Wildcard(Enum):
    """A part of a pattern that fits more than itself."""

    ANY = "%"
    ONE = "_"


def pieces(pattern: str) -> Iterator[str | Wildcard]:
    """The pattern character by character: a `str` stands for itself."""
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            yield next(characters, "\\")
        elif character == "%":
            yield Wildcard.ANY
        elif character == "_":
            yield Wildcard.ONE
        else:
            yield character
