"""backup: now and then a copy of the store goes into a folder, on a thread of its own, and the oldest ones leave it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from archived.daemon.surroundings import BackingUp, Surroundings, error_of
from archived.errands import Finished
from archived.errors import StoreDamagedError

ALARM = "backup"
AGAIN = timedelta(hours=1)
"""How long after a failure it is tried again; the folder may be a disk that somebody has yet to mount."""


class Backing:
    """Has the store copied when it is time, and raises an alarm where that fails."""

    kinds = frozenset({"backup"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._due: datetime | None = None

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came of it, then begin anew when it is time."""
        wish = self._around.backup
        for outcome in finished:
            self._take(outcome, now)
        if wish is None or self._around.errands.busy("backup", ""):
            return
        if self._due is not None and self._due - max(wish.every, AGAIN) <= now < self._due:
            return
        self._due = now + AGAIN
        self._around.errands.start("backup", "", lambda: _if_due(wish, now))

    def _take(self, outcome: Finished, now: datetime) -> None:
        around = self._around
        if isinstance(outcome.error, StoreDamagedError):
            raise outcome.error
        error: BaseException | None = outcome.error
        if not isinstance(error, OSError):
            error = error_of(around, outcome)
        if error is None:
            path, self._due = outcome.result
            around.store.clear_alarm(ALARM)
            if path:
                around.log.info("store backed up", path=path)
            return
        self._due = now + AGAIN
        around.log.warning("store not backed up", error=str(error))
        around.store.raise_alarm(
            ALARM,
            f"the store is not backed up: {error}; archiving goes on, and it is tried again every hour",
            getattr(error, "what_to_do", "")
            or "see whether the folder `backup` of the "
            "configuration is there, and whether this account may write to it",
            now,
        )


def _if_due(wish: BackingUp, now: datetime) -> tuple[str, datetime]:
    """The path of a backup that was made, "" where none was due, and when the next one is."""
    last = wish.last()
    if last is not None and last <= now < last + wish.every:
        return "", last + wish.every
    return wish.make(), now + wish.every
