"""What stands behind the `?` of an address, as what the options of a command mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from archived.cli.kinds import Day
from archived.cli.naming import spellings
from archived.core.lifecycle import State

if TYPE_CHECKING:
    from archived.store import Selector

SEVERAL = frozenset({"name", "state"})
"""What may be given more than once."""

SELECTING = frozenset({"name", "state", "location", "h2o", "subject", "convention", "file_type"})
"""The options of a selection by their names, without the days."""


def values_of(asked: Iterable[tuple[str, str]], known: Iterable[str]) -> dict[str, list[str]]:
    """What was asked for by its names. Raises `ValueError` for what is not known, or given too often."""
    allowed = frozenset(known)
    found: dict[str, list[str]] = {}
    for key, value in asked:
        if key not in allowed:
            raise ValueError(f"{key!r} cannot be asked for; {', '.join(sorted(allowed))} can")
        if key in found and key not in SEVERAL:
            raise ValueError(f"{key} is given more than once")
        found.setdefault(key, []).append(value)
    return found


def one(values: dict[str, list[str]], key: str) -> str | None:
    """The value of what was given once, or None."""
    return values[key][0] if key in values else None


def number(values: dict[str, list[str]], key: str, default: int, *, most: int) -> int:
    """A number from 1 to `most`. Raises `ValueError`."""
    text = one(values, key)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) <= most):
        raise ValueError(f"{key}: a number from 1 to {most} is expected, not {text!r}")
    return int(text)


def selector_of(values: dict[str, list[str]], days: Sequence[str]) -> Selector:
    """The selection. `days` are what the day, the first and the last day of recording are called.

    Raises `ValueError` with what was expected.
    """
    from archived.store import Selector

    on, since, until = (_day(values, key) for key in days)
    words = [each for each in values.get("state", ()) if each not in set(State)]
    if words:
        raise ValueError(f"state: one of {', '.join(State)} is expected, not {words[0]!r}")
    return Selector(
        names=tuple(name for typed in values.get("name", ()) for name in spellings(typed)),
        location=one(values, "location"),
        states=tuple(State(each) for each in values.get("state", ())),
        h2o=one(values, "h2o"),
        subject=one(values, "subject"),
        date=on,
        since=since,
        until=until,
        convention=one(values, "convention"),
        file_type=one(values, "file_type"),
    )


def _day(values: dict[str, list[str]], key: str) -> date | None:
    text = one(values, key)
    if text is None:
        return None
    try:
        return Day().convert(text, None, None)
    except click.BadParameter as error:
        raise ValueError(f"{key}: {error.message}") from None
