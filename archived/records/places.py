"""Where in the spool the records of a location wait, and whether a transfer can take them from there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from archived.core.dataclass import dataclass
from archived.core.exporting import elsewhere
from archived.core.model import StorageLocation
from archived.core.paths import PathError

OUTGOING = "outgoing"
DISCOVERED = "discovered"


def outgoing(location: StorageLocation, spool: str) -> StorageLocation:
    """The location with the folder of the spool in place of its root, from which its records are sent.

    Raises `PathError` with the reason where its collection does not export the spool.
    """
    return elsewhere(location, os.path.join(spool, OUTGOING, location.name))


def discovered(location: StorageLocation, spool: str) -> StorageLocation:
    """The same for records that come back. Raises `PathError`."""
    return elsewhere(location, os.path.join(spool, DISCOVERED, location.name))


@dataclass(frozen=True)
class Places:
    """Which locations' archives can be told about their datasets, and why others cannot."""

    usable: Mapping[str, StorageLocation]
    """The locations with their folders of the spool in place of their roots, by name."""
    unusable: Mapping[str, PathError]


def places_of(locations: Iterable[StorageLocation], spool: str) -> Places:
    """Where the records of these locations wait. Looks at no disk."""
    usable: dict[str, StorageLocation] = {}
    unusable: dict[str, PathError] = {}
    for location in locations:
        try:
            usable[location.name] = outgoing(location, spool)
        except PathError as error:
            unusable[location.name] = error
    return Places(usable, unusable)
