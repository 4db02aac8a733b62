"""Which mover serves which location; the account they share. What moves is loaded when it is first asked something."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from archived import clock
from archived.config import Configuration
from archived.core.model import Direction, DirectoryArchive, StorageLocation
from archived.courtesy import Recording
from archived.errors import ConfigurationError
from archived.ports import Transfers
from archived.transfer.ends import ends
from archived.transfer.globus_place import insist_on_safe_services
from archived.transfer.late import LateMover
from archived.transfer.mount_point import MountPoint

if TYPE_CHECKING:
    from archived.transfer.globus_session import GlobusSession


class Movers:
    """Makes movers of one configuration's account, and closes them all at the end.

    A place that is not in the configuration, such as the folder of a retrieval, is a location with another root.
    """

    def __init__(self, configuration: Configuration, recording: Recording | None = None) -> None:
        """Movers of files of this machine rest while `recording` says that something is being recorded."""
        self._configuration = configuration
        self._recording = recording
        self._account: Callable[[], GlobusSession] | None = None
        self._session: GlobusSession | None = None
        self._lock = threading.Lock()
        """Two locations may need the session for the first time at once."""
        self._made: dict[StorageLocation, Transfers] = {}

    def of(self, location: StorageLocation) -> Transfers:
        """The mover between a location's root and its archive; the same one for an equal location.

        Loads nothing and asks nothing of Globus before its first verb, yet what is wrong with the configuration is
        told now: raises `ConfigurationError` where no client is named or its secret must not be used, and
        `TransferRefusedError` for a location without a collection for its root.
        """
        if location not in self._made:
            self._made[location] = self._make(location)
        return self._made[location]

    def _make(self, location: StorageLocation) -> Transfers:
        if isinstance(location.archive, DirectoryArchive):
            # Now, for a disk that goes away before the first file is copied would be missed by nobody.
            mount = MountPoint(location.archive.path)
            return LateMover(partial(self._local, location, mount))
        ends(location, Direction.ARCHIVE)
        if self._account is None:
            self._account = _account_of(self._configuration)
        return LateMover(partial(self._globus, location, self._account))

    def _local(self, location: StorageLocation, mount: MountPoint) -> Transfers:
        from archived.transfer.local import LocalTransfers

        return LocalTransfers(
            location,
            now=clock.now,
            monotonic=clock.monotonic,
            recording=self._recording,
            mount=mount,
        )

    def _globus(self, location: StorageLocation, account: Callable[[], GlobusSession]) -> Transfers:
        from archived.transfer.globus import GlobusTransfers

        with self._lock:
            if self._session is None:
                self._session = account()
        return GlobusTransfers(location, self._session)

    def close(self) -> None:
        """Close every mover, then the account."""
        for mover in self._made.values():
            mover.close()
        if self._session is not None:
            self._session.close()


@contextmanager
def opened(configuration: Configuration, recording: Recording | None = None) -> Iterator[Movers]:
    """Movers for as long as the block lasts."""
    movers = Movers(configuration, recording)
    try:
        yield movers
    finally:
        movers.close()


@contextmanager
def movers_of(configuration: Configuration) -> Iterator[Mapping[str, Transfers]]:
    """One mover for each location of the configuration, by name, closed when the block ends."""
    with opened(configuration) as movers:
        yield {each.location.name: movers.of(each.location) for each in configuration.locations}


def globus_session(configuration: Configuration) -> GlobusSession:
    """The account of the configuration; who asks for it closes it.

    Raises `ConfigurationError` where no client is named, and for a secret that must not be used.
    """
    return _account_of(configuration)()


def _account_of(configuration: Configuration) -> Callable[[], GlobusSession]:
    """What begins a session; all that can be wrong with it is told before, as `globus_session` tells it."""
    globus = configuration.globus
    if globus.client_id is None:
        raise ConfigurationError(
            "A location's archive is a Globus collection, but [globus] has no client_id; nothing was started.",
            what_to_do="see client_id in archived.ini.example",
        )
    insist_on_safe_services()
    client_id, secret = globus.client_id, globus.client_secret()

    def begin() -> GlobusSession:
        from archived.transfer.globus_session import GlobusSession

        return GlobusSession(
            client_id,
            client_secret=secret,
            token_file=str(globus.token_file),
            native=not globus.service_account,
        )

    return begin
