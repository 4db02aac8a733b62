"""Sets structlog up once, and lets the log of libraries (stdlib `logging`, warnings) take the same way."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

from archived.logs.exceptions import exception_fields
from archived.logs.journal import journal_fields
from archived.logs.library import structlog
from archived.logs.output import Journal, Lines, SendToJournal, factory
from archived.logs.render import ConsoleRenderer, render_json
from archived.logs.secrets import redact_fields
from archived.logs.values import plain_fields

Format = Literal["json", "console", "journal"]
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


def configure(
    format: Format | None = None,
    *,
    level: str = "info",
    stream: TextIO | None = None,
    send: SendToJournal | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Set up the log of this process.

    Without `format`, a person at a terminal gets the console and everything else JSON lines. `stream` is standard
    error unless given; `journal` needs `send`, which is `archived.systemd.journal_sender()`. Libraries are
    heard from warnings upward, or wholly at level `debug`.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    if format is None:
        format = "console" if terminal else "json"
    output: Lines | Journal = Lines(stream)
    if format == "journal":
        if send is None:
            raise ValueError("the journal format needs a sender")
        output = Journal(send, Lines(stream))
    structlog.configure(
        processors=[*_common(), _renderer(format, colours=terminal and _colourful(environ))],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=factory(output),
        cache_logger_on_first_use=False,
    )
    _bridge(LEVELS[level])


def get(**fields: Any) -> Any:
    """A logger whose entries carry these fields."""
    return structlog.get_logger(**fields)


def _common() -> list[Any]:
    """What happens to every entry whatever the format; redaction comes last, when all is text."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exception_fields,
        plain_fields,
        redact_fields,
    ]


def _renderer(format: Format, *, colours: bool) -> Any:
    if format == "journal":
        return journal_fields
    return render_json if format == "json" else ConsoleRenderer(colours=colours)


def _colourful(environ: Mapping[str, str]) -> bool:
    """Whether colours are welcome (no-color.org)."""
    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class _Bridge(logging.Handler):
    """Turns what libraries log into entries of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's wrong format must not be our crash
            message = str(record.msg)
        nearest = max((n for n in LEVELS.values() if n <= record.levelno), default=10)
        structlog.get_logger().log(
            nearest, "library", library=record.name, message=message, exc_info=record.exc_info
        )


def _bridge(level: int) -> None:
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Bridge)]:
        root.removeHandler(handler)
    root.addHandler(_Bridge())
    root.setLevel(level if level < LEVELS["info"] else max(level, LEVELS["warning"]))
    logging.captureWarnings(True)
