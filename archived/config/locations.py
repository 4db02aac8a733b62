"""Where each location is: on this machine, inside the rig's collection, and in the archive."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from archived.config.conventions import check_names, conventions
from archived.config.kinds import words
from archived.config.places import belongs_here, expand_home
from archived.config.reading import Reading
from archived.config.sections import LocationSection
from archived.config.settings import LocationSettings
from archived.core.model import Archive, DirectoryArchive, StorageLocation

ROOT = "local_endpoint_local_path"
SUBDIR = "local_endpoint_subdir"
COLLECTION = "local_endpoint"


class Machine(NamedTuple):
    """What must be known of the machine to understand paths."""

    environ: Mapping[str, str]
    windows: bool

    def path(self, reading: Reading, section: str, key: str, text: str) -> str:
        """A path of this machine with `~` replaced; complains about one that is of another kind."""
        try:
            path = expand_home(text, self.environ)
        except ValueError as error:
            reading.complain(section, key, str(error))
            return text
        if not belongs_here(path, windows=self.windows):
            kind = "Windows" if self.windows else "this machine, which has no drive letters"
            reading.complain(section, key, f"an absolute path of {kind}")
        return path


def locations(reading: Reading, machine: Machine) -> tuple[LocationSettings, ...]:
    """All locations, in the order of the file; what is wrong goes to the mistakes of the reading."""
    known = conventions(reading)
    if not reading.names("location"):
        reading.complain(
            "location:NAME", "archive", "at least one location, as [location:raw-ephys]"
        )
    found = []
    for name, section in reading.locations.items():
        place = _Place(reading, machine, name, section).location()
        check_names(reading, name, section.conventions, known)
        if place is not None:
            found.append(LocationSettings(location=place, known=known))
    for name in reading.names("location"):
        listed = reading.value(f"location:{name}", "conventions")
        if listed and name not in reading.locations:
            # It lacks something, and is no location; what it names is still looked at.
            with suppress(ValueError):
                check_names(reading, name, words(listed), known)
    return tuple(found)


def owner(reading: Reading, location: str, key: str) -> str:
    """The section whose key counts for a location: its own, else `[globus]`."""
    header = f"location:{location}"
    return header if reading.mentions(header, key) else "globus"


class _Place(NamedTuple):
    reading: Reading
    machine: Machine
    name: str
    section: LocationSection

    def location(self) -> StorageLocation | None:
        """The location, or None where it lacks something."""
        before = len(self.reading.mistakes)
        directory = isinstance(self.section.archive, DirectoryArchive)
        root = self._need(ROOT, "the watched folder on this machine")
        collection = (
            None if directory else self._need(COLLECTION, "the id of this rig's collection")
        )
        subdir = None if directory else self._subdir()
        archive = self._archive()
        if root is None or len(self.reading.mistakes) > before:
            return None
        return StorageLocation(
            name=self.name,
            archive=archive,
            conventions=self.section.conventions,
            root=self._root(root),
            collection=collection,
            collection_path=subdir or "",
        )

    def _need(self, key: str, expected: str) -> str | None:
        section = owner(self.reading, self.name, key)
        source = self.section if section != "globus" else self.reading.globus
        value: str | None = getattr(source, key, None)
        if value is None and not self.reading.mentions(section, key):
            self.reading.complain(section, key, expected)
        return value

    def _subdir(self) -> str | None:
        # The place inside the collection of another folder cannot be this one's.
        header = f"location:{self.name}"
        if self.section.local_endpoint_local_path and not self.reading.mentions(header, SUBDIR):
            self.reading.complain(
                header,
                SUBDIR,
                "the place of its own folder inside the collection, such as map/raw",
            )
            return None
        return self._need(
            SUBDIR, "the watched folder's place inside the collection, such as map/raw"
        )

    def _archive(self) -> Archive:
        archive = self.section.archive
        if not isinstance(archive, DirectoryArchive):
            return archive
        header = f"location:{self.name}"
        return DirectoryArchive(self.machine.path(self.reading, header, "archive", archive.path))

    def _root(self, root: str) -> str:
        # A root of another kind of machine is only missing here, which is told as such: nothing is written to it.
        try:
            return expand_home(root, self.machine.environ)
        except ValueError as error:
            self.reading.complain(owner(self.reading, self.name, ROOT), ROOT, str(error))
            return root
