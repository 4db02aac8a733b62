"""The two ends of a transfer: which folder of which collection a path from the root is at each of them."""

from __future__ import annotations

import re

from archived.core.dataclass import dataclass
from archived.core.model import BACK, CollectionArchive, Direction, StorageLocation
from archived.core.paths import is_utf8, shown
from archived.errors import TransferRefusedError

_SOUND = re.compile(r"(?:(?!\.{1,2}(?:/|\Z))[^/\0]+(?:/(?=[^/])|\Z))+").fullmatch


@dataclass(frozen=True, slots=True)
class End:
    """A folder of a collection, where paths from the root begin."""

    collection: str
    base: str
    """Absolute, with forward slashes, without one at its end: "" is the collection's own root."""

    def absolute(self, path: str) -> str:
        """The path inside the collection; "" is the folder itself. Raises `TransferRefusedError`."""
        return f"{self.base}/{sound(path)}" if path else self.base or "/"

    def relative(self, absolute: object) -> str | None:
        """The path from the root, or None for what is no path, or does not lie below the folder."""
        if not isinstance(absolute, str) or not absolute.startswith(self.base + "/"):
            return None
        path = absolute[len(self.base) :].strip("/")
        return path if _SOUND(path) else None


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a transfer comes from and where it goes."""

    source: End
    destination: End


def rig_end(location: StorageLocation) -> End:
    """The watched root as its collection knows it. Raises `TransferRefusedError` where it has none."""
    if location.collection is None:
        raise TransferRefusedError(
            f"location {location.name} has no collection for its folder on this machine",
            what_to_do="set local_endpoint in the configuration",
        )
    return End(location.collection, location.collection_path.rstrip("/"))


def archive_end(location: StorageLocation) -> End:
    """The archive. Raises `TransferRefusedError` where it is not a collection."""
    if not isinstance(location.archive, CollectionArchive):
        raise TransferRefusedError(f"the archive of location {location.name} is not a collection")
    return End(location.archive.collection, location.archive.path.rstrip("/"))


def ends(location: StorageLocation, direction: Direction) -> Ends:
    """Both ends, swapped for what comes back from the archive."""
    rig, archive = rig_end(location), archive_end(location)
    return Ends(archive, rig) if direction in BACK else Ends(rig, archive)


def sound(path: str) -> str:
    """The path itself, if it cannot leave the root and every machine can spell it.

    Thousands of paths go through here for each batch, so it is one regular expression. Raises
    `TransferRefusedError` for an empty part, `.`, `..`, a NUL, or what is not valid UTF-8 (Globus speaks JSON).
    """
    if not _SOUND(path):
        raise TransferRefusedError(
            f"the path {shown(path)} is refused: it is empty or has '.', '..' or an empty part in it"
        )
    if not path.isascii() and not is_utf8(path):
        raise TransferRefusedError(
            f"the path {shown(path)} is refused: it is not valid UTF-8, and Globus cannot spell it",
            what_to_do="rename it on the rig",
        )
    return path
