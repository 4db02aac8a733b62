"""Progress as one line of text that renews itself, in a notebook or a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from archived import clock
from archived.core.paths import printable
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.retrieve import Progress

EVERY = 0.2
"""Seconds between two lines; a notebook keeps up with no more."""


class Line:
    """Says how far a retrieval is, and tells of trouble that passes; says nothing where it is not wanted."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._shown = ""
        self._doing = ""
        self._last = 0.0

    def tell(self, progress: Progress) -> None:
        """Show how far it is; not more often than can be read."""
        if not progress.files:
            return
        now = clock.monotonic()
        if progress.doing == self._doing and now - self._last < EVERY:
            return
        self._doing, self._last = progress.doing, now
        text = f"{progress.doing}: {progress.files_done} of {progress.files}"
        if progress.bytes:
            text += f", {format_size(progress.bytes_done)} of {format_size(progress.bytes)}"
        self._show(text)

    def info(self, event: str, **fields: Any) -> None:
        """What goes well is told by the progress."""

    def warning(self, event: str, **fields: Any) -> None:
        """Tell of trouble, on a line that stays."""
        details = ", ".join(f"{name}={each}" for name, each in fields.items())
        self._show(printable(f"{event} ({details})" if details else event))
        self.end()

    def end(self) -> None:
        """Leave the line as it is."""
        if self._shown:
            self._write("\n")
            self._shown = ""

    def _show(self, text: str) -> None:
        self._write("\r" + text.ljust(len(self._shown)))
        self._shown = text

    def _write(self, text: str) -> None:
        if self._wanted:
            sys.stdout.write(text)
            sys.stdout.flush()
