"""The only module that asks the machine what time it is."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

_NOT_SYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2)."""


def now() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def monotonic() -> float:
    """Seconds from an arbitrary start, unmoved by changes of the clock."""
    return time.monotonic()


def synchronised() -> bool | None:
    """Whether the kernel holds that something keeps the clock right; None where it does not say. Changes nothing."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    class Timex(ctypes.Structure):
        """The beginning of `struct timex`, and room for the rest; `modes` 0 only asks."""

        _fields_ = (
            ("modes", ctypes.c_uint),
            ("numbers", ctypes.c_long * 4),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_byte * 256),
        )

    found = Timex()
    try:
        if ctypes.CDLL(None).adjtimex(ctypes.byref(found)) < 0:
            return None
    except (OSError, AttributeError):
        return None
    return not found.status & _NOT_SYNCHRONISED
