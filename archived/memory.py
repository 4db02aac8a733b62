"""Giving memory back to the system that the process took for some work, and does not need while it waits for more."""

from __future__ import annotations

import contextlib
import sys


def give_back() -> None:
    """Let the system have what is free; glibc keeps it otherwise, for the next work of the same kind.

    Takes some milliseconds. Does nothing where there is no such call.
    """
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
