"""Exceptions as fields: what, where, and because of what. Never local variables, as they may hold secrets."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any

_MOST_CAUSES = 5


def exception_fields(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    """The processor that turns `exc_info` into `exception` (one text) and `traceback` (a list of places)."""
    error = _error(event_dict.pop("exc_info", None))
    if error is not None:
        event_dict["exception"] = _described(error)
        event_dict["traceback"] = _places(error.__traceback__)
        causes = _causes(error)
        if causes:
            event_dict["caused_by"] = causes
    return event_dict


def _error(exc_info: Any) -> BaseException | None:
    """The exception that callers of a logger mean by `exc_info`."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        found = exc_info[1]
        return found if isinstance(found, BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _described(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _places(where: TracebackType | None) -> list[str]:
    """Where it went through, the innermost place last."""
    return [
        f"{frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.StackSummary.extract(
            traceback.walk_tb(where), limit=-20, lookup_lines=False
        )
    ]


def _causes(error: BaseException) -> list[str]:
    causes: list[str] = []
    at: BaseException | None = error
    while at is not None and len(causes) < _MOST_CAUSES:
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
        if at is not None:
            causes.append(_described(at))
    return causes
