"""The logger: named events with fields. Each entry goes through a chain of functions, and to one output in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archived import clock
from archived.logs.exceptions import exception_fields
from archived.logs.output import Journal, Lines
from archived.logs.secrets import redact_fields
from archived.logs.values import plain_fields

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

Fields = dict[str, Any]

_PROCESSORS: Sequence[Callable[[Fields], Fields]] = (exception_fields, plain_fields, redact_fields)
"""What happens to every entry whatever the format; redaction comes last, when all is text."""


class Chain:
    """Where entries go: those below `least` nowhere, the others as `render` makes them to `output`."""

    def __init__(
        self, render: Callable[[Fields], Any], output: Lines | Journal, least: str = "info"
    ) -> None:
        self._render = render
        self._output = output
        self._least = LEVELS[least]

    def take(self, level: str, event: str, fields: Fields) -> None:
        """Write one entry, if it is important enough."""
        if LEVELS[level] < self._least:
            return
        at = f"{clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"
        entry = {**fields, "timestamp": at, "level": level, "event": event}
        for processor in _PROCESSORS:
            entry = processor(entry)
        self._output.take(self._render(entry))


class Log:
    """Takes entries that carry `fields`, and hands them to the chain that is set up when they come."""

    def __init__(self, chain: Callable[[], Chain], fields: Fields) -> None:
        self._chain = chain
        self._fields = fields

    def debug(self, event: str, **fields: Any) -> None:
        """Of use to whoever looks for a mistake."""
        self._take("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """It went as it should."""
        self._take("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Somebody may want to know."""
        self._take("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """It did not go as it should."""
        self._take("error", event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """An error, with the exception that is being handled."""
        self._take("error", event, {"exc_info": True, **fields})

    def critical(self, event: str, **fields: Any) -> None:
        """It ends here."""
        self._take("critical", event, fields)

    def log(self, level: int, event: str, **fields: Any) -> None:
        """At a level of the standard library's, or the next lower of ours."""
        nearest = "debug"
        for name, least in LEVELS.items():
            nearest = name if level >= least else nearest
        self._take(nearest, event, fields)

    def _take(self, level: str, event: str, fields: Fields) -> None:
        self._chain().take(level, event, {**self._fields, **fields})
