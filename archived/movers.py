"""Which mover serves which location; the account they share. Importing Globus' client waits until it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archived import clock
from archived.config import Configuration
from archived.core.model import CollectionArchive, StorageLocation
from archived.courtesy import Recording
from archived.errors import ConfigurationError
from archived.ports import Transfers

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
        self._session: GlobusSession | None = None
        self._made: dict[StorageLocation, Transfers] = {}

    def of(self, location: StorageLocation) -> Transfers:
        """The mover between a location's root and its archive; the same one for an equal location.

        Asks nothing of Globus before its first call. Raises `ConfigurationError` where the client secret cannot be
        read, or where others can.
        """
        if location not in self._made:
            self._made[location] = self._make(location)
        return self._made[location]

    def _make(self, location: StorageLocation) -> Transfers:
        if isinstance(location.archive, CollectionArchive):
            from archived.transfer.globus import GlobusTransfers

            if self._session is None:
                self._session = globus_session(self._configuration)
            return GlobusTransfers(location, self._session)
        from archived.transfer.local import LocalTransfers

        return LocalTransfers(
            location, now=clock.now, monotonic=clock.monotonic, recording=self._recording
        )

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
    from archived.transfer.globus_session import GlobusSession

    globus = configuration.globus
    if globus.client_id is None:
        raise ConfigurationError(
            "A location's archive is a Globus collection, but [globus] has no client_id; nothing was started.",
            what_to_do="see client_id in archived.ini.example",
        )
    return GlobusSession(
        globus.client_id,
        client_secret=globus.client_secret(),
        token_file=str(globus.token_file),
        native=not globus.service_account,
    )
