"""What a process of ours has in memory stays there: no core dump, and no look by other programs of its user.

Only programs call this, never the library that a notebook imports.
"""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4
"""prctl(2)."""


def keep_to_itself() -> None:
    """No core dumps from here on, whatever ends the process; and its memory and environment are root's alone to read.

    The limit is what every POSIX system has, and is inherited. Linux is told twice, as it hands a core to a program
    (`core_pattern` with a pipe) whatever the limit says.
    """
    try:
        import resource
    except ImportError:
        return  # Windows, which asks a person before it dumps
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
