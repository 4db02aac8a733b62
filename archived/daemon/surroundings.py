"""What every step is given: the store, the movers, the policies. Built once, by `archived.app`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from archived.alerts.ledgers import Ledgers
from archived.alerts.posting import Round
from archived.core.alerting import AlertPolicy, Situation
from archived.core.animals import DEFAULT_H2O
from archived.core.batching import BatchPolicy
from archived.core.conventions.base import Convention
from archived.core.dataclass import dataclass
from archived.core.model import (
    Batch,
    BatchFile,
    BatchState,
    Direction,
    DirectoryArchive,
    StorageLocation,
)
from archived.core.recognition import Recogniser
from archived.core.retrying import RetryPolicy, next_try
from archived.courtesy import Recording
from archived.errands import Errands, Finished
from archived.errors import (
    ArchivedError,
    LoginRequiredError,
    MistakeError,
    TransferUnavailableError,
)
from archived.ports import Transfers
from archived.rig.root import Root
from archived.secrecy.redacting import redact_text
from archived.store import Claim, Store

if TYPE_CHECKING:
    # What only some rigs want costs a start nothing: drivers of databases, the reading of archives.
    from archived.store.lab import Outcome as MirrorOutcome
    from archived.verify.values import Outcome


class Log(Protocol):
    """The part of a logger that the steps use."""

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
class SubjectSources:
    """Where the numbers of animals come from, and whether recordings of others are archived."""

    h2o: str = DEFAULT_H2O
    """The pattern of animals' names on disk."""
    file: Path | None = None
    lab: Callable[[], Sequence[tuple[str, str]]] | None = None
    """Reads the lab's database: subject and h2o. Raises `ArchivedError`; may take as long as a network takes."""
    only_known: bool = False


@dataclass(frozen=True)
class RecordKeeping:
    """What the archive is told of each dataset, and how."""

    spool: str
    mover_of: Callable[[StorageLocation], Transfers]
    """The mover of a location, also of one with a folder of the spool in place of its root."""
    host: str | None = None
    programs: Mapping[str, str] = field(default_factory=dict)
    """The releases of what runs here, by name."""
    pace: Callable[[], Callable[[], None]] = lambda: _at_full_speed
    """Makes what is called, for one errand, between the reads of files that are read once more (see `Pace`)."""


def _at_full_speed() -> None:
    """No rests."""


@dataclass(frozen=True)
class Audit:
    """Looking into the archive in the background. `run` may take hours; `every` is from one beginning to the next."""

    every: timedelta
    run: Callable[[], Sequence[Outcome]]


@dataclass(frozen=True)
class BackingUp:
    """How often the store is copied, and how. All of it is slow."""

    every: timedelta
    last: Callable[[], datetime | None]
    """When the newest backup that is there was made. Raises `OSError`."""
    make: Callable[[], str]
    """Make one, and let old ones go; the path of the new one. Raises `StoreError` and `OSError`."""


@dataclass(frozen=True)
class AlertSending:
    """Telling people who are elsewhere."""

    policy: AlertPolicy
    post: Callable[[Ledgers, Situation, datetime], Round]
    """Tell every address what is new for it (see `archived.alerts.posting`). Raises `ArchivedError`; as slow as networks."""


@dataclass(frozen=True)
class Watch:
    """What is looked at outside of the store. All of it may hang."""

    habits: bool
    """Whether silence and half sessions are alarms at all."""
    login_used: Callable[[], datetime | None]
    """When a person's login was last used; None where there is none."""
    space: Callable[[str], tuple[int, int]]
    """Size and free bytes of the disk with a root. Raises `OSError`."""


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
    claim: Claim | None = None
    """The store as it was claimed, perhaps not read through yet; None where nobody else could have it."""
    wake: Callable[[], None] = lambda: None
    """Has the next turn begin at once."""
    hurry: bool = False
    """Batches do not wait for company (`publish`, `--until-idle` when nothing else settles)."""
    subjects: SubjectSources = field(default_factory=SubjectSources)
    mirror: Callable[[], MirrorOutcome] | None = None
    """Tells the lab's DataJoint tables what was newly archived; None where that is not wanted."""
    records: RecordKeeping | None = None
    """None where the archive is told nothing."""
    backup: BackingUp | None = None
    """None where the store is not copied."""
    audit: Audit | None = None
    """None where the archive is not looked into in the background."""
    alerts: AlertSending | None = None
    """None where nobody is told of alarms."""
    watch: Watch | None = None
    """None where nobody watches for what is missing."""
    recording: Recording | None = None
    """Told of what is being recorded; None where nobody keeps out of its way."""

    def batches(self, *states: BatchState, due_by: datetime | None = None) -> list[Batch]:
        """The batches to the archive in these states, as `Store.batches`, of the locations of the configuration.

        Those of a location that was taken out of it wait until it is back (see `archived.daemon.begin`).
        """
        found = self.store.batches(*states, due_by=due_by, direction=Direction.ARCHIVE)
        return [batch for batch in found if batch.location in self.locations]

    def root_of(self, location: str) -> WatchedRoot:
        """The watched root of a location of the configuration."""
        path = self.locations[location].root
        return next(each for each in self.roots if each.root.path == path)

    def mover_guards(self, location: str) -> bool:
        """Whether the mover itself refuses to replace a different file at the destination.

        The local mover does. Globus replaces what differs, so the daemon looks before it sends.
        """
        return isinstance(self.locations[location].archive, DirectoryArchive)

    def examples(self, location: str) -> list[str]:
        """Some files that an archive was proved to hold, where it is a directory: its disk may not be mounted."""
        return self.store.archived_examples(location) if self.mover_guards(location) else []

    def attempts_of(self, files: Iterable[BatchFile]) -> int:
        """How many transfers went wrong already of the dataset that has seen the most of them."""
        owners = {file.dataset_id for file in files}
        return max((self.store.dataset_by_id(each).attempts for each in owners), default=0)

    def next_try(
        self, attempts: int, now: datetime, error: BaseException | None = None
    ) -> datetime:
        """When to try again after `attempts` failures; later where the service named a time.

        No wait is longer than the longest that the configuration allows.
        """
        named = error.retry_after if isinstance(error, TransferUnavailableError) else None
        return next_try(attempts, self.policies.retry, now, jitter=self.jitter(), retry_after=named)


def error_of(around: Surroundings, outcome: Finished) -> ArchivedError | None:
    """What went wrong with an errand, or None.

    What nobody expected is a bug. It is logged with its traceback and becomes a `MistakeError`, about which the
    step does what it does about any other: the cause (a hostile file, most likely) will be there again after a
    restart, and one bad dataset must not stop the others for ever.
    """
    error = outcome.error
    if error is None or isinstance(error, ArchivedError):
        return error
    if not isinstance(error, Exception):
        raise error
    around.log.error(
        "mistake in this program", errand=outcome.kind, subject=outcome.subject, exc_info=error
    )
    mistake = MistakeError(
        # Its words go into the catalogue, and nobody chose them.
        f"the program itself failed at it ({outcome.kind}: {redact_text(f'{type(error).__name__}: {error}')})",
        what_to_do="please report this, with the traceback in the log",
    )
    mistake.__cause__ = error
    return mistake


def raise_login_alarm(
    around: Surroundings, location: str, error: ArchivedError, now: datetime
) -> bool:
    """Whether the error is about the login of the whole rig; if so there is one alarm, and nobody's attempt counts."""
    if not isinstance(error, LoginRequiredError):
        return False
    around.store.raise_alarm(f"login:{location}", str(error), error.what_to_do, now)
    around.log.warning("login required", location=location, error=str(error))
    return True
