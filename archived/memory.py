"""Giving memory back to the system that the process took for some work, and does not need while it waits for more."""

from __future__ import annotations

import contextlib
import sys

_ONE_FOR_ALL = (-8, 1)
"""mallopt(3): M_ARENA_MAX. Python lets one thread run at a time, so that one heap keeps none of them waiting."""


def share_a_heap() -> None:
    """Let all threads that are begun from here on take their memory from one place, which can be given back whole."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(*_ONE_FOR_ALL)


def give_back() -> None:
    """Let the system have what is free; glibc keeps it otherwise, for the next work of the same kind.

    Takes some milliseconds. Does nothing where there is no such call.
    """
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
