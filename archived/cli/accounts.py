"""The Globus account of a configuration, for the commands that deal with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archived.core.model import CollectionArchive
from archived.errors import LoginRequiredError

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.transfer.globus_session import GlobusSession


@contextmanager
def session_of(configuration: Configuration) -> Iterator[GlobusSession]:
    """A session for as long as the block lasts.

    Raises `LoginRequiredError` where the configuration names no client, and `ConfigurationError` for a secret
    that must not be used.
    """
    from archived.movers import globus_session

    client_id_of(configuration)
    session = globus_session(configuration)
    try:
        yield session
    finally:
        session.close()


def client_id_of(configuration: Configuration) -> str:
    """The client that this rig is registered as. Raises `LoginRequiredError` where none is named."""
    if configuration.globus.client_id is None:
        raise LoginRequiredError(
            "[globus] names no client_id, so nobody can be logged in",
            what_to_do="Register this rig at app.globus.org/settings/developers (a thick client for a person's "
            "login, or a service account), and write its id into the configuration.",
        )
    return configuration.globus.client_id


def uses_globus(configuration: Configuration) -> bool:
    """Whether any location goes to a Globus collection."""
    return any(
        isinstance(each.location.archive, CollectionArchive) for each in configuration.locations
    )
