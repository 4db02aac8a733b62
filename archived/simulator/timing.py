"""The simulated clock: real time with an offset, or stopped; so that deadlines of days can be tried in seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from archived import clock


class SimulatedClock:
    """Tells what time it is in the simulated world. `real` is the source of real time."""

    def __init__(self, real: Callable[[], datetime] = clock.now) -> None:
        self.real = real
        self._offset = timedelta(0)
        self._stopped_at: datetime | None = None

    def now(self) -> datetime:
        """The simulated time of day, in UTC."""
        return self._stopped_at or self.real() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward, whether it runs or stands."""
        step = timedelta(seconds=seconds)
        if self._stopped_at is None:
            self._offset += step
        else:
            self._stopped_at += step

    def freeze(self) -> None:
        """Stop the clock where it stands."""
        self._stopped_at = self.now()

    def thaw(self) -> None:
        """Let a stopped clock run on from where it stands."""
        if self._stopped_at is not None:
            self._offset = self._stopped_at - self.real()
            self._stopped_at = None


def iso(moment: datetime) -> str:
    """A time as tasks and events show it: `2022-01-26T19:18:20+00:00`."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def with_blank(moment: datetime) -> str:
    """A time as file listings show it, with a blank where ISO 8601 has a T."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat(sep=" ")


def parse(text: str) -> datetime:
    """A time that a client sent, with a T or a blank; UTC where it names no zone. Raises `ValueError`."""
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
