"""Where entries go: a stream of lines, or journald. A log that cannot be written never stops the work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TextIO

SendToJournal = Callable[[Mapping[str, str]], None]
"""Sends the fields of one entry to journald; `archived.systemd.journal_sender` makes one."""


class Lines:
    """A structlog logger that writes each entry as one line and flushes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def msg(self, line: str) -> None:
        """Write one line; what the stream's encoding lacks is escaped."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        whole = line.encode(encoding, "backslashreplace").decode(encoding) + "\n"
        with self._lock:
            try:
                self._stream.write(whole)
                self._stream.flush()
            except (OSError, ValueError):
                # A full disk, a closed pipe, a closed file: there is nobody left to tell.
                return

    debug = info = warning = error = critical = log = msg


class Journal:
    """A structlog logger that hands each entry to journald, and to the stream when journald is away."""

    def __init__(self, send: SendToJournal, otherwise: Lines) -> None:
        self._send = send
        self._otherwise = otherwise

    def msg(self, **fields: str) -> None:
        """Send the fields of one entry."""
        try:
            self._send(fields)
        except OSError:
            self._otherwise.msg(fields["MESSAGE"])

    debug = info = warning = error = critical = log = msg


def factory(output: Lines | Journal) -> Callable[..., Any]:
    """What structlog calls for every new logger: all share the one output."""
    return lambda *_arguments: output
