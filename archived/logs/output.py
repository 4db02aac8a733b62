"""Where entries go: a stream of lines, or journald. A log that cannot be written never stops the work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TextIO

SendToJournal = Callable[[Mapping[str, str]], None]
"""Sends the fields of one entry to journald; `archived.systemd.journal_sender` makes one."""


class Lines:
    """Writes each entry as one line, and flushes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def take(self, line: str) -> None:
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


class Journal:
    """Hands each entry to journald, and to the stream when journald is away."""

    def __init__(self, send: SendToJournal, otherwise: Lines) -> None:
        self._send = send
        self._otherwise = otherwise

    def take(self, fields: Mapping[str, str]) -> None:
        """Send the fields of one entry."""
        try:
            self._send(fields)
        except OSError:
            self._otherwise.take(fields["MESSAGE"])
