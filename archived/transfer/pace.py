"""How fast an archive is asked, and how patiently: so many requests a second, and longer waits while it refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from archived.core.dataclass import dataclass
from archived.errors import ArchiveMissingError, TransferUnavailableError
from archived.ports import Entry, Transfers

T = TypeVar("T")


class StoppedError(Exception):
    """Somebody set `stop` while an answer was waited for; nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Manners:
    """Times are in seconds. Globus allows an identity twenty requests a second, which the daemon needs too."""

    requests_a_second: float | None = 8.0
    """None for an archive that is a directory of this machine."""
    first_wait: float = 1.0
    longest_wait: float = 60.0
    tries: int = 8
    """How often one folder is asked for: for some four minutes, and longer where the service names its times."""


class Pace:
    """Lets any number of threads ask, no more often than `Manners` say; after a refusal all of them wait."""

    def __init__(
        self, manners: Manners, *, monotonic: Callable[[], float], stop: threading.Event
    ) -> None:
        self._manners = manners
        self._monotonic = monotonic
        self._stop = stop
        self._lock = threading.Lock()
        self._next = 0.0
        self.waiting_for = ""
        """Why everybody waits at the moment, for people; "" while nobody does."""

    def patiently(self, ask: Callable[[], T]) -> T:
        """What `ask` returns, asked again while the archive cannot be reached or is overloaded.

        Raises what `ask` raises once it was asked often enough, and `StoppedError`. An archive that is not there,
        as it is configured, is not waited for.
        """
        for attempt in range(1, self._manners.tries + 1):
            self._take_turn()
            try:
                answer = ask()
            except ArchiveMissingError:
                raise
            except TransferUnavailableError as error:
                if attempt == self._manners.tries:
                    raise
                self._hold(error, attempt)
            else:
                self.waiting_for = ""
                return answer
        raise AssertionError("a try either returns, raises or is followed by another")

    def _take_turn(self) -> None:
        rate = self._manners.requests_a_second
        while True:
            with self._lock:
                now = self._monotonic()
                if now >= self._next:
                    self._next = max(self._next, now) + (1.0 / rate if rate else 0.0)
                    break
                wait = self._next - now
            if self._stop.wait(wait):
                raise StoppedError
        if self._stop.is_set():
            raise StoppedError

    def _hold(self, error: TransferUnavailableError, attempt: int) -> None:
        """Nobody asks before the time that the service named, or else before a time that doubles with each try."""
        wait = min(self._manners.first_wait * 2 ** (attempt - 1), self._manners.longest_wait)
        if error.retry_after is not None:
            wait = max(error.retry_after, 0.0) or wait
        self.waiting_for = str(error)
        with self._lock:
            self._next = max(self._next, self._monotonic() + wait)


class PatientMover:
    """A mover whose listings keep to a pace; everything else is asked of it as ever."""

    def __init__(self, mover: Transfers, pace: Pace) -> None:
        self._mover = mover
        self._pace = pace
        self.reserve = mover.reserve
        self.submit = mover.submit
        self.find = mover.find
        self.poll = mover.poll
        self.receipts = mover.receipts
        self.stat = mover.stat
        self.cancel = mover.cancel
        self.check = mover.check
        self.close = mover.close

    def list(self, path: str) -> Sequence[Entry]:
        """See `Transfers.list`; see `Pace.patiently` for what it raises besides."""
        return self._pace.patiently(lambda: self._mover.list(path))
