"""The names of datasets as people type them: exactly, or as they were printed."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from archived.core.paths import printable
from archived.errors import NameNotFoundError

if TYPE_CHECKING:
    from archived.core.model import Dataset
    from archived.store import Reader

_ESCAPE = r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt]))"
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def find_dataset(store: Reader, typed: str) -> Dataset:
    """The dataset of that name. Raises `NameNotFoundError`, naming similar ones."""
    *others, exactly = reversed(spellings(typed))
    for name in others:
        with contextlib.suppress(NameNotFoundError):
            return store.dataset(name)
    try:
        return store.dataset(exactly)
    except NameNotFoundError:
        rigs = [rig for name in (*others, exactly) for rig in store.owners(name)]
        if not rigs:
            raise
        raise NameNotFoundError(
            f"{printable(exactly)} belongs to rig {', '.join(map(printable, rigs))}; from here it is only read",
            what_to_do=f"look at it with `archivedctl show NAME --rig {printable(rigs[0])}`; what is to be changed "
            "there has to be typed on that rig",
        ) from None


def spellings(typed: str) -> tuple[str, ...]:
    """What a typed name may stand for: itself, and what `printable` would show in that way."""
    meant = re.sub(_ESCAPE, _unescaped, typed) if "\\" in typed else typed
    return (typed,) if meant == typed or printable(meant) != typed else (typed, meant)


def _unescaped(match: re.Match[str]) -> str:
    byte, short, long, letter = match.groups()
    if letter:
        return _LETTERS[letter]
    code = int(byte or short or long, 16)
    if byte and code >= 0x80:  # PEP 383: one byte of the name that is no UTF-8
        code += 0xDC00
    return chr(code) if code <= 0x10FFFF else match[0]
