"""The names of datasets as people type them: exactly, or as they were printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archived.core.paths import printable, shown
from archived.errors import NameNotFoundError

if TYPE_CHECKING:
    from archived.core.model import Dataset
    from archived.store import Store

SUGGESTIONS = 3

_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt]))")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def find_dataset(store: Store, typed: str) -> Dataset:
    """The dataset of that name. Raises `NameNotFoundError`, naming similar ones."""
    for name in spellings(typed):
        found = store.dataset(name)
        if found is not None:
            return found
    raise unknown_name(store, typed)


def spellings(typed: str) -> tuple[str, ...]:
    """What a typed name may stand for: itself, and what `printable` would show in that way."""
    meant = _ESCAPE.sub(_unescaped, typed)
    return (typed,) if meant == typed or printable(meant) != typed else (typed, meant)


def unknown_name(store: Store, typed: str) -> NameNotFoundError:
    """The error about a name that no dataset has, with names that have something of it."""
    from archived.store import Selector

    last = "".join(f"[{each}]" if each in "*?[" else each for each in typed.rpartition("/")[2])
    similar = store.select(Selector(names=(f"*{last}*",)), limit=SUGGESTIONS) if last else ()
    names = ", ".join(printable(each.name) for each in similar)
    return NameNotFoundError(
        f"no dataset is called {shown(typed)}",
        what_to_do=f"Perhaps you mean {names}."
        if names
        else "`archivedctl list` shows every name; `archivedctl why PATH` explains a path.",
    )


def _unescaped(match: re.Match[str]) -> str:
    byte, short, long, letter = match.groups()
    if letter:
        return _LETTERS[letter]
    code = int(byte or short or long, 16)
    if byte and code >= 0x80:  # PEP 383: one byte of the name that is no UTF-8
        code += 0xDC00
    return chr(code) if code <= 0x10FFFF else match[0]
