"""Sets the log up once, and lets the log of libraries (stdlib `logging`, warnings) take the same way."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

from archived.logs.journal import journal_fields
from archived.logs.logger import LEVELS, Chain, Log
from archived.logs.output import Journal, Lines, SendToJournal
from archived.logs.render import ConsoleRenderer, render_json

Format = Literal["json", "console", "journal"]


class _Setting:
    """What is set up in this process; until something is, a person reads what there is on standard error."""

    chain: Chain | None = None

    def now(self) -> Chain:
        return self.chain or Chain(ConsoleRenderer(colours=False), Lines(sys.stderr))


_setting = _Setting()


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
    _setting.chain = Chain(
        _renderer(format, colours=terminal and _colourful(environ)), output, level
    )
    _bridge(LEVELS[level])


def reset() -> None:
    """As if nothing had been set up; entries of libraries are let go of too."""
    _setting.chain = None
    _unbridge()
    logging.captureWarnings(False)


def get(**fields: Any) -> Log:
    """A logger whose entries carry these fields."""
    return Log(_setting.now, fields)


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
        get().log(
            record.levelno,
            "library",
            library=record.name,
            message=message,
            exc_info=record.exc_info,
        )


def _bridge(level: int) -> None:
    root = _unbridge()
    root.addHandler(_Bridge())
    root.setLevel(level if level < LEVELS["info"] else max(level, LEVELS["warning"]))
    logging.captureWarnings(True)


def _unbridge() -> logging.Logger:
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Bridge)]:
        root.removeHandler(handler)
    return root
