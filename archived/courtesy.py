"""How this program keeps out of the way of whoever records: lowest priorities, rests, and knowing when that is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

SPELL = 0.25
"""Seconds of work between two rests."""

LONGEST_REST = 5.0
"""Seconds. A disk that did not answer for longer was not kept busy by us."""

LONGEST_WAIT = timedelta(hours=12)
"""For how long nothing is read at a stretch; a rig that records day and night would have nothing read ever."""

NICENESS = 10

_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_THIS_THREAD = (1, 0)
_LAST_OF_ALL = 2 << 13 | 7
"""Of those that are served at all: who asks in the idle class may wait for ever while somebody else is busy."""
_IDLE = 3 << 13


class Recording:
    """What is being recorded, as far as was found out; forgotten after a while. Safe on any thread."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: tuple[datetime, datetime] | None = None

    def note(self, until: datetime) -> None:
        """A dataset is unfinished, and has changed so lately that it counts until then."""
        begun = self._known[0] if self._known and self.under_way() else self._now()
        self._known = (begun, until)

    def over(self) -> None:
        """Nothing is being recorded."""
        self._known = None

    def under_way(self) -> bool:
        """Whether something is being recorded."""
        known = self._known
        return known is not None and self._now() < known[1]

    def may_be_waited_for(self) -> bool:
        """Whether something is being recorded, and not for ever."""
        known = self._known
        return known is not None and self._now() < min(known[1], known[0] + LONGEST_WAIT)


class Rests:
    """Is called between two pieces of work, and rests for as long as the work took since the last rest, where wanted.

    The slower the disk answers, because something is recorded, the longer are the rests. For one thread.
    """

    def __init__(
        self, ended: threading.Event, monotonic: Callable[[], float], wanted: Callable[[], bool]
    ) -> None:
        self._ended = ended
        self._monotonic = monotonic
        self._wanted = wanted
        self._since = monotonic()

    def rested(self) -> None:
        """Somebody has waited for something else, which is a rest as well."""
        self._since = self._monotonic()

    def __call__(self) -> None:
        """Rest where it is time to, until `ended` is set."""
        now = self._monotonic()
        worked = now - self._since
        if worked < SPELL:
            return
        if self._wanted():
            self._ended.wait(min(worked, LONGEST_REST))
        self._since = self._monotonic()


def step_back(*, idle: bool) -> None:
    """Let everybody else come before the thread that calls this, and before those that it starts.

    At the processor, and at disks whose scheduler knows priorities (BFQ; mq-deadline for `idle`; not `none`). `idle` is
    for what may wait for as long as anybody else needs the disk. Where the system has no such thing, nothing happens.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        thread = threading.get_native_id()
        if os.getpriority(os.PRIO_PROCESS, thread) < NICENESS:
            os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None:
        # Refused where a sandbox has taken the call away, which is no reason not to work.
        ctypes.CDLL(None).syscall(
            ctypes.c_long(number), *_THIS_THREAD, _IDLE if idle else _LAST_OF_ALL
        )
