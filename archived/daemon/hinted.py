"""Folders in which something happened: one is looked at at once, and less and less often while it goes on happening.

A folder into which hundreds of files are copied, or in which a camera closes one with every trial, would otherwise be
read anew in every turn, as large as it is by then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=1)
"""The pauses between two looks at a folder that is hinted at all the time: the first, and the longest that they grow
to, unless looks at everything come more often."""


class Hinted:
    """The folders of one root that are to be looked at, and when they were last; all of it may be forgotten."""

    def __init__(self, longest: timedelta) -> None:
        self._longest = min(longest, LONGEST_PAUSE)
        self._folders: set[str] = set()
        self._paused: dict[str, tuple[datetime, timedelta]] = {}
        """When a folder was looked at, and for how long it is left alone since."""

    def __bool__(self) -> bool:
        """Whether any is to be looked at, now or later."""
        return bool(self._folders)

    def add(self, folder: str) -> None:
        """Something happened in it."""
        self._folders.add(folder)

    def clear(self) -> None:
        """A look at everything is about to see to all of them."""
        self._folders.clear()

    def due(self, now: datetime) -> bool:
        """Whether any is to be looked at now."""
        return any(self._is_due(folder, now) for folder in self._folders)

    def take(self, now: datetime) -> set[str]:
        """Those that are to be looked at now; the others stay."""
        taken = {folder for folder in self._folders if self._is_due(folder, now)}
        self._folders -= taken
        self._paused = {
            folder: (at, pause)
            for folder, (at, pause) in self._paused.items()
            # What was quiet for twice its pause begins with short ones again.
            if folder in taken or at <= now < at + 2 * pause
        }
        for folder in taken:
            at, pause = self._paused.get(folder, (now, timedelta(0)))
            goes_on = at <= now < at + 2 * pause
            pause = min(2 * pause, self._longest) if goes_on else FIRST_PAUSE
            self._paused[folder] = now, min(pause, self._longest)
        return taken

    def _is_due(self, folder: str, now: datetime) -> bool:
        """Whether its pause is over, or began in a future that is none since the clock was set back."""
        at, pause = self._paused.get(folder, (now, timedelta(0)))
        return not at <= now < at + pause
