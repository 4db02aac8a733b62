"""Who may use a collection: consents, and whether its computer is there."""

from __future__ import annotations

from collections.abc import Callable

from archived.simulator.collection import Collection
from archived.simulator.replies import RefusalError
from archived.simulator.world import World

TRANSFER_SCOPE = "urn:globus:auth:scope:transfer.api.globus.org:all"

Consents = Callable[[str, str], bool]
"""Whether an identity has consented to the data_access of a collection: `consents(identity, collection id)`."""


def data_access_scope(collection_id: str) -> str:
    """The scope by which the Transfer service may reach into a mapped collection for somebody."""
    return f"https://auth.globus.org/scopes/{collection_id}/data_access"


def require_collection(
    world: World, identifier: str, identity: str, consents: Consents
) -> Collection:
    """The collection, if this identity may use it.

    Raises `RefusalError`: 404 EndpointNotFound, or 403 ConsentRequired with the scope that is missing.
    """
    collection = world.collection(identifier)
    ordered = world.faults.strikes("consent_missing", collection=collection.id)
    missing = collection.needs_data_access and not consents(identity, collection.id)
    if ordered is not None or missing:
        raise RefusalError(
            403,
            "ConsentRequired",
            "Missing required data_access consent",
            required_scopes=[f"{TRANSFER_SCOPE}[*{data_access_scope(collection.id)}]"],
        )
    return collection


def require_online(world: World, collection: Collection) -> None:
    """Raise `RefusalError` (502 GCDisconnected) while the collection's own computer is away."""
    ordered = world.faults.strikes("offline", collection=collection.id)
    if ordered is not None or not collection.connected:
        raise RefusalError(
            502,
            "ExternalError.DirListingFailed.GCDisconnected",
            "The GCP endpoint is not currently connected to Globus",
        )
