"""The configuration as the program uses it: complete, checked, frozen. Nothing in it shows a secret."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from archived.config.mistake import without_password
from archived.config.secrets import ALERT_ADDRESSES, CLIENT_SECRET, DATAJOINT_PASSWORD, Secret
from archived.core.animals import DEFAULT_H2O
from archived.core.dataclass import dataclass
from archived.core.model import StorageLocation

if TYPE_CHECKING:
    from archived.config.conventions import Conventions
    from archived.core.conventions.base import Convention


@dataclass(frozen=True, kw_only=True)
class GlobusSettings:
    """`[globus]`. `secret` is where the client secret is to be found; it is read by `client_secret()`."""

    token_file: Path
    local_endpoint: str | None = None
    local_endpoint_subdir: str | None = None
    local_endpoint_local_path: str | None = None
    writable: bool = False
    client_id: str | None = None
    client_secret_file: Path | None = None
    secret: Secret = field(default_factory=lambda: Secret(CLIENT_SECRET))

    @property
    def service_account(self) -> bool:
        """Whether a service account is used, rather than a person's login."""
        return self.client_id is not None and bool(self.secret)

    def client_secret(self) -> str | None:
        """The secret of the service account, or None where a person logs in.

        Raises `ConfigurationError` when it cannot be read, or when others can.
        """
        return self.secret.read()


@dataclass(frozen=True, kw_only=True)
class TransferSettings:
    """`[transfer]`. `max_bytes` in bytes; `order` is oldest, newest or smallest."""

    poll: timedelta = timedelta(seconds=30)
    batch_wait: timedelta = timedelta(minutes=5)
    max_files: int = 5000
    max_bytes: int = 2 * 10**12
    max_active: int = 3
    retry_first: timedelta = timedelta(minutes=1)
    retry_longest: timedelta = timedelta(hours=6)
    deadline: timedelta = timedelta(days=3)
    order: str = "oldest"
    external_checksums: bool = True


@dataclass(frozen=True, kw_only=True)
class SubjectsSettings:
    """`[subjects]`. With `only_known`, recordings of an h2o without a subject wait on the rig."""

    file: Path | None = None
    datajoint: bool = False
    only_known: bool = False


@dataclass(frozen=True, kw_only=True)
class RetrieveSettings:
    """`[retrieve]`. `ask_above` in bytes: a person is asked before more than that is brought back."""

    ask_above: int = 100 * 10**9


@dataclass(frozen=True, kw_only=True)
class VerifySettings:
    """`[verify]`. The daemon looks into the archive only with `every`; then at the least recently verified."""

    every: timedelta | None = None
    files: int = 1000
    bytes: int = 100 * 10**9
    """At most this much each time, where contents are compared."""
    deep: bool = False
    scratch: int = 100 * 10**9
    """At most this much lies in the spool at a time, to be compared."""


@dataclass(frozen=True, kw_only=True)
class DatajointSettings:
    """`[datajoint]`. The schemas are `<prefix>lab`, `<prefix>experiment` and `<prefix>publication`."""

    address: str | None = field(default=None, repr=False)
    """May hold a password: show `address_shown`."""
    password_file: Path | None = None
    prefix: str = "map_v2_"
    tls: bool = True
    mirror: bool = False
    """Whether the daemon keeps the tables of publication up to date; `datajoint sync` does so at once."""
    secret: Secret = field(default_factory=lambda: Secret(DATAJOINT_PASSWORD))
    """Where the password is to be found; it is read by `password()`."""

    def password(self) -> str | None:
        """The password, or None where there is none besides what the address may hold.

        Raises `ConfigurationError` when it cannot be read, or when others can.
        """
        return self.secret.read()

    @property
    def address_shown(self) -> str:
        """The address as people may see it."""
        return without_password(self.address or "")


@dataclass(frozen=True, kw_only=True)
class AlertsSettings:
    """`[alerts]`. Nobody is told of anything without addresses; what is wrong stands in `status` all the same."""

    urls_file: Path | None = None
    least: str = "warning"
    """`warning`, or `urgent` for what cannot wait."""
    repeat: timedelta | None = None
    """After how long what lasts is told again; None for never."""
    silence: bool = True
    """Whether it is an alarm that a rig is not as it usually is: nothing archived, half of a session."""
    secret: Secret = field(default_factory=lambda: Secret(ALERT_ADDRESSES))
    """Where the addresses are to be found; they are read by `addresses()`."""

    def addresses(self) -> str | None:
        """The addresses, one in each line, or None where there are none.

        Raises `ConfigurationError` when they cannot be read, or when others can read them.
        """
        return self.secret.read()


@dataclass(frozen=True, kw_only=True)
class LocationSettings:
    """`[location:NAME]`, with what `[globus]` says for all of them."""

    location: StorageLocation
    known: Conventions = field(repr=False, compare=False)

    @property
    def conventions(self) -> tuple[Convention, ...]:
        """The conventions of what goes there, in the order of the file."""
        return self.known.of(self.location.conventions)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything that the file, the environment and the defaults say together."""

    path: str | None
    rig: str
    store: str = field(repr=False)
    """A path, or the address of a database, which may hold a password: show `store_shown`."""
    globus: GlobusSettings
    transfer: TransferSettings
    locations: tuple[LocationSettings, ...]
    spool: str
    """Where manifests and records wait for their transfer; of use where a location's collection exports it."""
    backup: Path | None = None
    """The folder that backups of the store are put into by the daemon, and by `archivedctl backup` unless told."""
    backup_every: timedelta = timedelta(days=1)
    backup_keep: int = 7
    """How many backups stay in that folder."""
    records: bool = True
    """Whether the archive is told about each dataset, in `.archived/v1`."""
    read_while_recording: bool = False
    """Whether files are read for their checksums while a header says that something is being recorded."""
    subjects: SubjectsSettings = field(default_factory=SubjectsSettings)
    retrieve: RetrieveSettings = field(default_factory=RetrieveSettings)
    verify: VerifySettings = field(default_factory=VerifySettings)
    datajoint: DatajointSettings = field(default_factory=DatajointSettings)
    alerts: AlertsSettings = field(default_factory=AlertsSettings)
    quiet_time: timedelta = timedelta(minutes=10)
    rescan: timedelta = timedelta(minutes=5)
    deep_look: timedelta = timedelta(hours=24)
    """How often every file is looked at, not only those of folders that changed."""
    give_up: timedelta = timedelta(days=1)
    """How long an unfinished recording may stay unchanged before a person is asked."""
    tick: timedelta = timedelta(seconds=2)
    h2o: str = DEFAULT_H2O

    @property
    def names(self) -> frozenset[str]:
        """What the log and all pages are full of: the name of the rig and of its locations."""
        return frozenset({self.rig, *(each.location.name for each in self.locations)})

    @property
    def store_shown(self) -> str:
        """The store as people may see it."""
        return without_password(self.store)
