"""Many values in one statement: how many at a time, and the placeholders for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

Value = TypeVar("Value")

AT_ONCE = 400
"""How many values one statement names."""


def chunks(values: Iterable[Value]) -> Iterable[list[Value]]:
    """Ids, or other values, in portions that one statement can name."""
    each = list(values)
    return (each[start : start + AT_ONCE] for start in range(0, len(each), AT_ONCE))


def marks(values: list[Any]) -> str:
    """Placeholders for an `IN (…)`."""
    return ", ".join("?" * len(values))
