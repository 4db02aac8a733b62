"""A secret as a value: of use to whoever needs it, shown by nothing that shows values, and kept out of the log."""

from __future__ import annotations

from typing import Self
from urllib.parse import quote, quote_plus

NOT_SHOWN = "(not shown)"

SHORTEST = 6
"""A shorter secret would black out words that have nothing to do with it."""

KNOWN: set[str] = set()
"""What the log leaves out wherever it turns up: every secret that this process has had, in its usual spellings."""


class Hidden(str):
    """A text that is a secret. Tracebacks with local variables, debuggers and notebooks show `repr`, which hides it.

    What is made of it (a part, an address that it stands in) is an ordinary text again.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """The secret; the log knows it from here on."""
        know(text)
        return super().__new__(cls, text)

    def __repr__(self) -> str:
        return repr(NOT_SHOWN)


class HiddenBytes(bytes):
    """The same for a driver that wants bytes."""

    def __repr__(self) -> str:
        return repr(NOT_SHOWN.encode())


def know(secret: str) -> None:
    """From now on the log leaves this out."""
    if len(secret) >= SHORTEST:
        KNOWN.update((secret, quote(secret, safe=""), quote_plus(secret)))


def hidden(text: str | None) -> Hidden | None:
    """The same, where there may be none."""
    return None if text is None else Hidden(text)
