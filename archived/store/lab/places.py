"""Which storage location of the lab's tables the datasets of a location belong to."""

from __future__ import annotations

from collections.abc import Mapping

from archived.core.dataclass import dataclass
from archived.core.mirror import Source
from archived.core.model import Archive, CollectionArchive
from archived.core.paths import printable
from archived.store import Store


@dataclass(frozen=True, slots=True)
class Location:
    """A row of storage locations; `missing` where it is to be inserted."""

    alias: str
    endpoint: str
    path: str
    missing: bool = False


class Places:
    """The storage locations, compared with where each rig's datasets really are.

    A row of another place would let people look for the files where they are not, so nothing is mirrored under it.
    """

    def __init__(
        self, store: Store, archives: Mapping[str, Archive], there: Mapping[str, tuple[str, str]]
    ) -> None:
        self._rig = store.rig_name()
        self._noted = store.archives()
        self._archives = archives
        self._there = dict(there)
        self._answers: dict[tuple[str, str], Location | str] = {}

    def of(self, source: Source) -> Location | str:
        """The storage location of a dataset, or why it cannot be mirrored."""
        key = (source.rig, source.location)
        if key not in self._answers:
            self._answers[key] = self._find(*key)
        return self._answers[key]

    def inserted(self, location: Location) -> None:
        """The row is there now."""
        self._there[location.alias] = (location.endpoint, location.path)
        self._answers.clear()

    def _find(self, rig: str, name: str) -> Location | str:
        archive = self._archives.get(name)
        shown = printable(name)
        if archive is None:
            return f"the configuration of this rig has no location {shown}; `datajoint sync` has to run where it has one"
        if rig != self._rig:
            noted = self._noted.get((rig, name))
            if noted is None:
                return f"rig {printable(rig)} has not said yet where its location {shown} is archived; its daemon will"
            if noted != str(archive):
                return f"location {shown} of rig {printable(rig)} is archived at {printable(noted)}, not at {archive}"
        endpoint = archive.collection if isinstance(archive, CollectionArchive) else ""
        there = self._there.get(name)
        if there is None:
            return Location(name, endpoint, archive.path, missing=True)
        if (there[0].lower(), _trimmed(there[1])) != (endpoint, _trimmed(archive.path)):
            stands = f"{there[0]}:{there[1]}" if there[0] else there[1]
            return (
                f"the lab's database says that location {shown} is {printable(stands)}, and this rig's is {archive}; "
                "correct the one that is wrong, or give the location another name"
            )
        return Location(name, *there)


def _trimmed(path: str) -> str:
    """The path without the slashes at its ends, in which spellings differ."""
    return path.strip("/")
