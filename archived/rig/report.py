"""What the watcher's threads tell of one root besides its events: what was lost, and what is not watched."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from dataclasses import dataclass, field

from archived.core.paths import printable

UNWATCHED_LIMIT = 100_000

_RACES = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""The folder was gone again before it could be watched."""


@dataclass(eq=False)
class Report:
    """What the replaced parts tell of one root. Written by watchdog's threads, read by ours."""

    on_loss: Callable[[], None] = lambda: None
    overflows: int = 0
    errors: int = 0
    last_error: str = ""
    limit_reached: bool = False
    unwatched: set[bytes] = field(default_factory=set)

    def overflowed(self) -> None:
        """The kernel dropped events."""
        self.overflows += 1
        self.on_loss()

    def failed(self, error: BaseException) -> None:
        """One of watchdog's threads met an exception; what it was about to tell is lost."""
        self.errors += 1
        self.last_error = printable(f"{type(error).__name__}: {error}")
        # Telling may be what failed.
        with contextlib.suppress(Exception):
            self.on_loss()

    def not_watched(self, path: bytes, error: OSError) -> None:
        """A folder could not be watched."""
        if error.errno in _RACES:
            return
        self.limit_reached = self.limit_reached or error.errno == errno.ENOSPC
        if len(self.unwatched) < UNWATCHED_LIMIT:
            self.unwatched.add(path)
