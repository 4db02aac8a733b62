"""The only module that asks the machine what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def monotonic() -> float:
    """Seconds from an arbitrary start, unmoved by changes of the clock."""
    return time.monotonic()
