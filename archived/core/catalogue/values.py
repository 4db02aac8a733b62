"""What an attribute may be compared with, as a value that every database compares in the same way."""

from __future__ import annotations

import difflib
import math
import operator
from datetime import UTC, date, datetime, time

from archived.core.catalogue.attributes import Attribute, Kind, QueryError
from archived.core.paths import shown
from archived.core.units import parse_size

Value = str | int | float | date | datetime

LARGEST = 2**63 - 1
"""Beyond it databases compare by rules of their own."""


def checked(attribute: Attribute, value: object) -> Value:
    """The value as one of the attribute's kind, for `=`. Raises `QueryError` where it can be none."""
    if attribute.unknown:
        raise QueryError(
            f"{attribute.name} is not known to the catalogue", what_to_do=attribute.unknown
        )
    found = _read(attribute, value)
    if found is None:
        expected = _EXPECTED[attribute.kind]
        raise QueryError(
            f"{attribute.name} cannot be compared with {_told(value)}",
            what_to_do=f"give {expected}",
        )
    if attribute.words and found not in attribute.words:
        near = difflib.get_close_matches(str(found), attribute.words, n=1)
        raise QueryError(
            f"{_told(value)} is no {attribute.name}",
            what_to_do=f"did you mean {near[0]}?"
            if near
            else f"one of {', '.join(attribute.words)}",
        )
    return found


def compared(attribute: Attribute, value: object) -> Value:
    """The value as one of the attribute's kind, for `<` and its like. Raises `QueryError`."""
    found = checked(attribute, value)
    if attribute.kind is Kind.NUMBER_OR_TEXT:
        number = _number(found)
        if number is None:
            raise QueryError(
                f"{attribute.name} is not larger or smaller than {_told(value)}",
                what_to_do="give a number, or compare with =",
            )
        return number
    return found


def _read(attribute: Attribute, value: object) -> Value | None:
    kind = attribute.kind
    if isinstance(value, bool):
        return None
    if kind is Kind.NUMBER_OR_TEXT and isinstance(value, float) and value.is_integer():
        # A column of a data frame in which a number is missing holds fractions.
        return _text(int(value))
    if kind in (Kind.TEXT, Kind.WORD, Kind.NUMBER_OR_TEXT):
        return _text(value)
    if kind is Kind.DATE:
        return _date(value)
    if kind is Kind.TIME:
        return _time(value)
    number = _number(value)
    if number is None and kind is Kind.SIZE and isinstance(value, str):
        try:
            number = parse_size(value)
        except ValueError:
            return None
    return number


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return str(value)
    number = _index(value)
    return None if number is None else str(number)


def _number(value: object) -> int | float | None:
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else float(value)
    number = value if isinstance(value, float) else _index(value)
    return None if number is None or abs(number) > LARGEST else number


def _from_text(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _index(value: object) -> int | None:
    """A whole number of whichever library; numpy's are no `int`."""
    try:
        return operator.index(value)  # type: ignore[arg-type]  # what has no index raises TypeError
    except TypeError:
        return None


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        # pandas' "not a time" is unequal to itself.
        return value.date() if value == value else None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _time(value: object) -> datetime | None:
    """A time without a zone is in UTC, as all times of the catalogue are; a date is its first moment."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), tzinfo=UTC)
    if not isinstance(value, datetime) or value != value:
        return None
    try:
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (OverflowError, ValueError):  # near the first and the last year there is
        return None


def _told(value: object) -> str:
    return shown(value) if isinstance(value, str) else shown(repr(value))


_EXPECTED = {
    Kind.TEXT: "a text",
    Kind.WORD: "a text",
    Kind.NUMBER: "a whole number",
    Kind.SIZE: "a number of bytes, or a size such as '500 MB'",
    Kind.DATE: "a date such as '2019-03-01'",
    Kind.TIME: "a time such as '2019-03-01T12:00' (UTC unless it says otherwise), or a date",
    Kind.NUMBER_OR_TEXT: "a number or a text",
}
