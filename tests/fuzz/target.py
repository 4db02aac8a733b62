"""What is fuzzed: a parser by its name, the input it gets, and what must hold whatever that input is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How inputs are spoiled: any of them as bytes, some also by what they are made of."""

    BYTES = "bytes"
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True)
class Target:
    """One parser.

    `run` gives it the input and checks the answer (`assert`). The errors in `allowed` are those that the parser's
    documentation names; anything else that comes out of `run` is a finding. The first of the seeds is sound.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    allowed: tuple[type[Exception], ...] = ()
    tokens: tuple[bytes, ...] = ()
    """Words of the format, which the mutator puts in."""
    shape: Shape = Shape.BYTES
    longest: int = 1 << 16
    """Bytes that a spoiled input may have."""


def safe_to_show(text: str) -> bool:
    """Whether a text may go to a terminal or into one line of a log."""
    return text.isprintable()
