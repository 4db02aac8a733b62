"""A file of our own in a watched folder of our own: if writing it raises no event, the watcher is blind."""

from __future__ import annotations

import os

from archived.core.paths import printable

INTERVAL = 60.0
GRACE = 30.0
"""In seconds: how often the canary sings, and how long it may take to be heard on a busy machine."""


class Canary:
    """Writes the file. `folder` is made where it is missing; it must lie outside of every root."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.trouble = ""
        self._sung_at = float("-inf")

    def prepare(self) -> bool:
        """Make the folder, whose path has no links in it afterwards; whether it is there to be watched."""
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            self.folder = os.path.realpath(self.folder)
        except OSError as error:
            self.trouble = self._sentence(error)
            return False
        return True

    def sing(self, now: float, *, at_once: bool = False) -> bool:
        """Write the file, if it is time; whether an event must follow.

        It is emptied and not filled, so that a full disk does not silence it.
        """
        if not at_once and now - self._sung_at < INTERVAL:
            return False
        self._sung_at = now
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
        try:
            os.close(os.open(os.path.join(self.folder, "canary"), flags, 0o600))
        except OSError as error:
            self.trouble = self._sentence(error)
            return False
        self.trouble = ""
        return True

    def _sentence(self, error: OSError) -> str:
        return (
            f"whether events arrive is not tested, as {printable(self.folder)} "
            f"cannot be written: {error.strerror}"
        )


class Ear:
    """Whether one session hears the canary; `listening` says whether it watches the canary's folder at all."""

    def __init__(self, *, listening: bool = False) -> None:
        self.listening = listening
        self._waiting_since: float | None = None

    def expect(self, now: float) -> None:
        """It sang."""
        if self._waiting_since is None:
            self._waiting_since = now

    def heard(self) -> None:
        """Its event arrived."""
        self._waiting_since = None

    def deaf(self, now: float) -> bool:
        """Whether its event is overdue."""
        waiting_since = self._waiting_since
        return waiting_since is not None and now - waiting_since > GRACE
