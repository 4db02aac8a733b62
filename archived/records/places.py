"""Where in the spool the records of a location wait, and whether a transfer can take them from there."""

from __future__ import annotations

import os

from archived.core.exporting import elsewhere
from archived.core.model import StorageLocation

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
