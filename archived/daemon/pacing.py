"""Reading in the background: half of the time at most, so that what is recorded meanwhile has the disk to itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

from archived.courtesy import Rests, step_back
from archived.errors import ArchivedError

LOOK_AGAIN = 1.0
"""Seconds between two looks at whether a recording is over."""


class EndedError(ArchivedError):
    """The program ends, so what was begun in the background is left."""


class Pace:
    """Is called between two reads, and rests for as long as the reading took since the last rest.

    The slower the disk answers, because something is recorded or sent, the longer are the rests. While `waits` says
    so nothing is read at all. Without `rests` there is nothing of this: a person waits for the end.
    """

    def __init__(
        self,
        ended: threading.Event,
        monotonic: Callable[[], float],
        *,
        rests: bool,
        waits: Callable[[], bool] = lambda: False,
    ) -> None:
        self._ended = ended
        self._rests = Rests(ended, monotonic, lambda: rests)
        self._waits = waits if rests else lambda: False
        self._steps_back = rests
        self._stepped_back: set[int] = set()

    def __call__(self) -> None:
        """Rest where it is time to. Raises `EndedError` as soon as the program ends."""
        thread = threading.get_ident()
        if self._steps_back and thread not in self._stepped_back:
            # The threads that read do nothing else.
            step_back(idle=True)
            self._stepped_back.add(thread)
        while self._waits() and not self._ended.wait(LOOK_AGAIN):
            self._rests.rested()
        self._rests()
        if self._ended.is_set():
            raise EndedError("the program ended before it was through")
