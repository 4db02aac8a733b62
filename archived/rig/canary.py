"""A file of our own in a watched folder of our own: if writing it raises no event, the watcher is blind."""

from __future__ import annotations

import os

from archived.core.paths import printable

INTERVAL = 60.0
GRACE = 30.0
"""In seconds: how often the canary sings, and how long it may take to be heard on a busy machine."""

GRACE_TURNS = 3
"""How many times it must have been listened for in vain as well: a machine that was halted finds hours gone by."""


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

    def due(self, now: float) -> bool:
        """Whether it is time to sing again."""
        return now - self._sung_at >= INTERVAL

    def sing(self, now: float) -> bool:
        """Write the file; whether an event must follow.

        It is emptied and not filled, so that a full disk does not silence it.
        """
        self._sung_at = now
        if not self.prepare():
            return False
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
        # What somebody else made a link there to is not ours to empty.
        flags |= getattr(os, "O_NOFOLLOW", 0)
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
        self._turns = 0

    def expect(self, now: float) -> None:
        """It is about to sing."""
        if self._waiting_since is None:
            self._turns, self._waiting_since = 0, now

    def heard(self) -> None:
        """Its event arrived, or none is to be expected."""
        self._waiting_since = None

    def listen(self) -> None:
        """Another turn in which it could have been heard."""
        self._turns += 1

    def deaf(self, now: float) -> bool:
        """Whether its event is overdue."""
        waiting_since = self._waiting_since
        overdue = waiting_since is not None and now - waiting_since > GRACE
        return overdue and self._turns >= GRACE_TURNS
