"""Trouble during a retrieval is told to the person who waits for it; what outlives the process is an alarm as well."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from archived.carry import Log
from archived.store import Store


class Telling:
    """A log and a place for alarms in one; without a `log` nobody listens."""

    def __init__(self, store: Store, log: Log | None) -> None:
        self._store = store
        self._log = log
        self._told: dict[str, str] = {}

    def info(self, event: str, **fields: Any) -> None:
        """See `Log`."""
        if self._log is not None:
            self._log.info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        """See `Log`."""
        if self._log is not None:
            self._log.warning(event, **fields)

    def raise_alarm(self, key: str, message: str, what_to_do: str, now: datetime) -> None:
        """See `Alarms.raise_alarm`. A task that is suspended at Globus stays so when this process has ended."""
        if self._told.get(key) != message:
            self._told[key] = message
            self.warning("alarm raised", alarm=key, message=message, what_to_do=what_to_do)
        if _outlives(key):
            self._store.raise_alarm(key, message, what_to_do, now)

    def clear_alarm(self, key: str) -> None:
        """See `Alarms.clear_alarm`."""
        self._told.pop(key, None)
        if _outlives(key):
            self._store.clear_alarm(key)


def _outlives(key: str) -> bool:
    return key.startswith("retrieve-suspended:")
