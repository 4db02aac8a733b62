"""Reading in the background: half of the time at most, so that what is recorded meanwhile has the disk to itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

from archived.errors import ArchivedError

SPELL = 0.25
"""Seconds of reading between two rests."""

LONGEST_REST = 5.0
"""Seconds. A disk that did not answer for longer was not kept busy by us."""


class EndedError(ArchivedError):
    """The program ends, so what was begun in the background is left."""


class Pace:
    """Is called between two reads, and rests for as long as the reading took since the last rest.

    The slower the disk answers, because something is recorded or sent, the longer are the rests. Without `rests`
    there are none: a person waits for the end.
    """

    def __init__(
        self, ended: threading.Event, monotonic: Callable[[], float], *, rests: bool
    ) -> None:
        self._ended = ended
        self._monotonic = monotonic
        self._rests = rests
        self._since = monotonic()

    def __call__(self) -> None:
        """Rest where it is time to. Raises `EndedError` as soon as the program ends."""
        worked = self._monotonic() - self._since
        if self._rests and worked >= SPELL:
            self._ended.wait(min(worked, LONGEST_REST))
            self._since = self._monotonic()
        if self._ended.is_set():
            raise EndedError("the program ended before it was through")
