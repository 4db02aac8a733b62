"""What a person asked to fetch, and the forms in which it is given."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archived.core.catalogue import ATTRIBUTES, KEYS, About, Attribute, Order, QueryError, find
from archived.core.paths import shown

KEY = "KEY"

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The attributes to read, and where each thing that was asked for is among them."""

    attributes: tuple[Attribute, ...]
    names: tuple[str, ...]
    """As they were typed, `KEY` as its parts."""
    places: tuple[int | slice, ...]


def chosen(about: About, names: Sequence[str]) -> Chosen:
    """What to read for these names; for none of them everything. Raises `QueryError` for unknown ones."""
    attributes: list[Attribute] = []
    spelled: list[str] = []
    places: list[int | slice] = []
    for name in names or ATTRIBUTES[about]:
        if not isinstance(name, str):
            raise QueryError(f"{shown(repr(name))} is no name of an attribute")
        begin = len(attributes)
        if name == KEY:
            attributes += [ATTRIBUTES[about][each] for each in KEYS[about]]
            spelled += KEYS[about]
            places.append(slice(begin, len(attributes)))
        else:
            attributes.append(find(about, name))
            spelled.append(name)
            places.append(begin)
    return Chosen(tuple(attributes), tuple(spelled), tuple(places))


def dicts_of(wanted: Chosen, rows: Rows) -> list[dict[str, Any]]:
    """Each row as a dict."""
    return [dict(zip(wanted.names, row, strict=True)) for row in rows]


def columns_of(wanted: Chosen, rows: Rows) -> Any:
    """The values of what was asked for: a list of them, or a tuple of lists where it was more than one thing."""
    columns = tuple([_at(wanted, row, place) for row in rows] for place in wanted.places)
    return columns[0] if len(columns) == 1 else columns


def _at(wanted: Chosen, row: tuple[Any, ...], place: int | slice) -> Any:
    if isinstance(place, slice):
        return dict(zip(wanted.names[place], row[place], strict=True))
    return row[place]


def one(about: About, rows: Rows) -> tuple[Any, ...]:
    """The only row. Raises `QueryError` where there is none, or a second one."""
    if len(rows) == 1:
        return rows[0]
    number = "more than one" if rows else "none"
    raise QueryError(
        f"fetch1 is for exactly one row; {number} of the {about} fits",
        what_to_do="restrict it further, or use fetch" if rows else "look at the restrictions",
    )


def sorting(about: About, order_by: str | Sequence[str] | None) -> tuple[Order, ...]:
    """What to sort by. Raises `QueryError` for what is no attribute with `ASC` or `DESC` behind it."""
    if order_by is None:
        return ()
    texts = order_by.split(",") if isinstance(order_by, str) else list(order_by)
    found: list[Order] = []
    for text in texts:
        name, *direction = text.split() or [""]
        turned = [each.upper() for each in direction]
        if turned not in ([], ["ASC"], ["DESC"]):
            raise QueryError(
                f"the order {shown(text)} is not understood",
                what_to_do="write an attribute, and DESC behind it to begin with the largest",
            )
        names = KEYS[about] if name == KEY else (name,)
        found += [Order(find(about, each), turned == ["DESC"]) for each in names]
    return tuple(found)


def window(limit: int | None, offset: int) -> tuple[int | None, int]:
    """How many rows from which on. Raises `QueryError` for what is no number of rows."""
    try:
        numbers = (None if limit is None else operator.index(limit), operator.index(offset))
    except TypeError:
        numbers = (-1, -1)
    if min(numbers[0] or 0, numbers[1]) < 0 or max(numbers[0] or 0, numbers[1]) > 2**63 - 1:
        raise QueryError(f"limit={limit!r}, offset={offset!r} are no numbers of rows")
    return numbers
