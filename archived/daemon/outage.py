"""What is done while the store refuses: it is told of once, waited for longer and longer, and told of when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from archived.daemon.surroundings import Log
from archived.errors import StoreError

FILE_PAUSE = timedelta(seconds=5)
"""How long to leave a store in a file alone after it refused; a full disk does not empty itself any sooner."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
"""The pauses before a server is asked again: the first, and the longest that they grow to."""

SIGN_OF_LIFE = timedelta(seconds=5)
"""How often `alive` is called during a pause: waiting is what the loop has to do then, and it does it."""


class Outage:
    """Waits for a store that refuses. Being restarted would not mend it, so that systemd is kept content meanwhile.

    `alive` is called every few seconds of a wait, and `troubled` with a sentence whenever the trouble is another.
    """

    def __init__(
        self,
        log: Log,
        *,
        served: bool,
        stop: threading.Event,
        alive: Callable[[], None],
        troubled: Callable[[str], None],
    ) -> None:
        self._log = log
        self._served = served
        self._stop = stop
        self._alive = alive
        self._troubled = troubled
        self._since: datetime | None = None
        self._told = ""
        self._pause = FIRST_PAUSE

    def wait(self, error: StoreError, now: datetime) -> None:
        """Wait before the store is asked again. Returns early where the program is to stop.

        Raises the error itself where no waiting helps.
        """
        if error.permanent:
            raise error
        if self._since is None:
            self._since = now
        if str(error) != self._told:
            self._told = str(error)
            self._log.error("store unavailable", error=str(error), what_to_do=error.what_to_do)
            self._troubled(f"waiting for the store since {self._since:%H:%M:%S} UTC: {error}")
        left = self._next_pause()
        while left > timedelta(0) and not self._stop.is_set():
            self._alive()
            self._stop.wait(min(left, SIGN_OF_LIFE).total_seconds())
            left -= SIGN_OF_LIFE
        self._alive()

    def over(self, now: datetime) -> None:
        """The store did what was asked of it."""
        if self._since is None:
            return
        away = max(now - self._since, timedelta(0))
        self._log.info("store is back", seconds_away=round(away.total_seconds()))
        self._since, self._told, self._pause = None, "", FIRST_PAUSE

    def _next_pause(self) -> timedelta:
        if not self._served:
            return FILE_PAUSE
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause
