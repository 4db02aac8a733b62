"""One alarm for each location whose archive cannot be told what it holds, whatever the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime


class QuietAlarms:
    """Takes a carrier's alarms. `tell` raises that of a location; it ends when a record arrives there."""

    def __init__(self, tell: Callable[[str, str, datetime], None]) -> None:
        self._tell = tell

    def raise_alarm(self, key: str, message: str, what_to_do: str, now: datetime) -> None:
        """See `Alarms.raise_alarm`. A batch that stands still shows among the transfers."""
        kind, _, location = key.partition(":")
        if not kind.endswith("suspended"):
            self._tell(location, "; ".join(filter(None, (message, what_to_do))), now)

    def clear_alarm(self, key: str) -> None:
        """See `Alarms.clear_alarm`. That one call went well says nothing yet."""
