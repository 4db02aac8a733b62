"""What every step is given: the store, the movers, the policies. Built once, by `archived.app`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from archived.core.batching import BatchPolicy
from archived.core.conventions.base import Convention
from archived.core.model import DirectoryArchive, StorageLocation
from archived.core.recognition import Recogniser
from archived.core.retrying import RetryPolicy, next_try
from archived.errands import Errands, Finished
from archived.errors import ArchivedError, LoginRequiredError, TransferUnavailableError
from archived.ports import Transfers
from archived.rig.root import Root
from archived.store import Store


class Log(Protocol):
    """The part of a structlog logger that the steps use."""

    def debug(self, event: str, **fields: Any) -> Any: ...
    def info(self, event: str, **fields: Any) -> Any: ...
    def warning(self, event: str, **fields: Any) -> Any: ...
    def error(self, event: str, **fields: Any) -> Any: ...


@dataclass(frozen=True)
class Policies:
    """How long, how much, how often: the numbers of the configuration that steps decide by."""

    quiet_time: timedelta
    give_up: timedelta
    rescan: timedelta
    deep_look: timedelta
    poll: timedelta
    max_active: int
    deadline: timedelta
    batch: BatchPolicy
    retry: RetryPolicy
    external_checksums: bool = True


@dataclass(frozen=True)
class WatchedRoot:
    """One folder that is watched, with everything that goes somewhere from it."""

    root: Root
    recogniser: Recogniser

    @property
    def key(self) -> str:
        """How the store calls this root."""
        return self.root.path


@dataclass(frozen=True)
class Surroundings:
    """Everything a step may use."""

    rig: str
    store: Store
    roots: tuple[WatchedRoot, ...]
    locations: Mapping[str, StorageLocation]
    conventions: Mapping[tuple[str, str], Convention]
    """By location and name of the convention: a location may use one with its own h2o pattern."""
    movers: Mapping[str, Transfers]
    policies: Policies
    errands: Errands
    log: Log
    new_id: Callable[[], str]
    jitter: Callable[[], float]
    hurry: bool = False
    """Batches do not wait for company (`publish`, `--until-idle` when nothing else settles)."""

    def root_of(self, location: str) -> WatchedRoot:
        """The watched root of a location."""
        path = self.locations[location].root
        return next(each for each in self.roots if each.root.path == path)

    def mover_guards(self, location: str) -> bool:
        """Whether the mover itself refuses to replace a different file at the destination.

        The local mover does. Globus replaces what differs, so the daemon looks before it sends.
        """
        return isinstance(self.locations[location].archive, DirectoryArchive)

    def next_try(
        self, attempts: int, now: datetime, error: BaseException | None = None
    ) -> datetime:
        """When to try again after `attempts` failures; later where the service named a time."""
        due = next_try(attempts, self.policies.retry, now, jitter=self.jitter())
        if isinstance(error, TransferUnavailableError) and error.retry_after is not None:
            due = max(due, now + timedelta(seconds=error.retry_after))
        return due


def expected(outcome: Finished) -> ArchivedError | None:
    """The expected error of an errand, or None; anything unexpected is a bug and is raised."""
    if outcome.error is None:
        return None
    if isinstance(outcome.error, ArchivedError):
        return outcome.error
    raise outcome.error


def raise_login_alarm(
    around: Surroundings, location: str, error: ArchivedError, now: datetime
) -> bool:
    """Whether the error is about the login of the whole rig; if so there is one alarm, and nobody's attempt counts."""
    if not isinstance(error, LoginRequiredError):
        return False
    around.store.raise_alarm(f"login:{location}", str(error), error.what_to_do, now)
    around.log.warning("login required", location=location, error=str(error))
    return True
