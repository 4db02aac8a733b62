"""What every step of carrying is given, and how a batch ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from archived.carry.load import Alarms, Ending, Load
from archived.core.dataclass import dataclass
from archived.core.model import BACK, Batch, BatchState, Direction
from archived.core.retrying import RetryPolicy, next_try
from archived.errors import LoginRequiredError, TransferUnavailableError
from archived.store import Store


class Log(Protocol):
    """The part of a structlog logger that a carrier uses."""

    def info(self, event: str, **fields: Any) -> Any: ...
    def warning(self, event: str, **fields: Any) -> Any: ...


@dataclass(frozen=True)
class CarryPolicy:
    """How long, how much, how often."""

    poll: timedelta
    """How often a transfer is asked about that runs for long."""
    deadline: timedelta
    max_active: int
    retry: RetryPolicy
    waits_for_room: bool = True
    """Whether a full destination is waited for; otherwise what does not fit has failed."""


@dataclass(frozen=True)
class Around:
    """The store, the load, and the numbers to decide by."""

    store: Store
    direction: Direction
    load: Load
    rig: str
    policy: CarryPolicy
    alarms: Alarms
    log: Log
    jitter: Callable[[], float]
    mine: Callable[[Batch], bool] = lambda _batch: True
    """Which batches of the direction are carried here; others of the same direction are another process's."""

    @property
    def back(self) -> bool:
        """Whether the archive is where things come from."""
        return self.direction in BACK

    def batches(self, *states: BatchState, due_by: datetime | None = None) -> list[Batch]:
        """The batches of this direction, as `Store.batches`."""
        found = self.store.batches(*states, due_by=due_by, direction=self.direction)
        return [batch for batch in found if self.mine(batch)]

    def raise_alarm(
        self, kind: str, subject: str, message: str, what_to_do: str, now: datetime
    ) -> None:
        """There is one alarm of a kind for each location (or batch), apart from those of the daemon's main work."""
        self.alarms.raise_alarm(f"{self.direction}-{kind}:{subject}", message, what_to_do, now)

    def clear_alarms(self, subject: str, *kinds: str) -> None:
        """These are over."""
        for kind in kinds:
            self.alarms.clear_alarm(f"{self.direction}-{kind}:{subject}")

    def next_try(
        self, attempts: int, now: datetime, error: BaseException | None = None
    ) -> datetime:
        """When to try again after `attempts` failures; later where the service named a time."""
        named = error.retry_after if isinstance(error, TransferUnavailableError) else None
        return next_try(attempts, self.policy.retry, now, jitter=self.jitter(), retry_after=named)

    def insist_on_login(self, batch: Batch, error: BaseException, now: datetime) -> None:
        """A missing login is a fault of the whole rig: nobody's attempts count, and it is raised again."""
        if isinstance(error, LoginRequiredError):
            due = now + self.policy.poll
            self.store.postpone_batch(batch.id, due, batch.attempts, str(error))
            raise error

    def end(self, batch: Batch, ending: Ending, now: datetime) -> None:
        """End a batch and tell what became of its files, at one stroke."""
        with self.store.together():
            self.load.ended(batch, ending, now)
            self.store.end_batch(batch.id, ending.after, now, reason=ending.reason)
        self.clear_alarms(batch.id, "suspended")
        self.log.info(
            "batch ended",
            batch=batch.id,
            direction=str(batch.direction),
            state=str(ending.after),
            arrived=len(ending.arrived),
            failed=len(ending.failed),
            why=ending.reason,
        )
