"""What a field of a log entry may hold: plain values in which nothing can break a line or a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from archived.core.paths import printable

_DEEPEST = 8
"""Deeper nesting is shown as text; it also ends structures that contain themselves."""


def plain(value: Any, depth: int = 0) -> Any:
    """The value as text, numbers, lists and mappings, with every unprintable character escaped.

    Times become ISO 8601, durations seconds, enumerations their value; what is unknown becomes its text.
    """
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        # JSON has no word for these.
        return value if value - value == 0 else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {printable(str(key)): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | Set) and depth < _DEEPEST:
        return [plain(each, depth + 1) for each in value]
    if isinstance(value, bytes):
        return printable(value.decode("utf-8", "surrogateescape"))
    return printable(str(value) if depth < _DEEPEST else type(value).__name__)


def plain_fields(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    """The processor that makes every field of an entry plain."""
    return {printable(str(key)): plain(value) for key, value in event_dict.items()}
