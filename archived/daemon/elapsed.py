"""Whether more time has passed by the clock than has passed: it was set forward, or the machine slept meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta


class Elapsed:
    """Compares two clocks from turn to turn: the time of day, and seconds that nobody can set."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def too_much(self, now: datetime, seconds: float) -> timedelta:
        """By how much the time of day has got ahead of the seconds since the last turn; negative where it fell back."""
        if self._last is None:
            return timedelta(0)
        since, counted = self._last
        return (now - since) - timedelta(seconds=seconds - counted)

    @property
    def before(self) -> datetime:
        """The time of day at the last turn. There was one wherever `too_much` was more than nothing."""
        assert self._last is not None
        return self._last[0]

    def turned(self, now: datetime, seconds: float) -> None:
        """Both clocks at this turn."""
        self._last = (now, seconds)
