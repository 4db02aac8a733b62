"""How far a run of `publish` is: a bar on a terminal, else a line whenever the counts change."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from archived.cli.output import talk
from archived.core.lifecycle import State


class Reporter(Protocol):
    """Is told how far everything is, after every turn."""

    def tell(self, counts: Mapping[State, int], done: int, total: int) -> None:
        """`done` of `total` bytes of what travels at the moment."""


class Silent:
    """For scripts: says nothing."""

    def tell(self, counts: Mapping[State, int], done: int, total: int) -> None:
        """See `Reporter.tell`."""


class Lines:
    """Says how many datasets are in which state, when that changed."""

    def __init__(self) -> None:
        self._said = ""

    def tell(self, counts: Mapping[State, int], done: int, total: int) -> None:
        """See `Reporter.tell`."""
        text = in_words(counts)
        if text and text != self._said:
            talk(text)
            self._said = text


@contextmanager
def reporting(environ: Mapping[str, str], *, quiet: bool) -> Iterator[Reporter]:
    """What suits the terminal, on standard error: the result is on standard output."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty() and environ.get("TERM") != "dumb":
        from archived.cli.draw import progress_bar

        with progress_bar(environ) as bar:
            yield bar
    else:
        yield Lines()


def in_words(counts: Mapping[State, int]) -> str:
    """`2 transferring, 5 archived`."""
    return ", ".join(f"{number} {state}" for state, number in counts.items() if number)
