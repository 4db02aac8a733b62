"""Where files may be brought to, and where never: not where this rig records, and not into an archive (rule 3)."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from archived.config import Configuration
from archived.core.dataclass import dataclass
from archived.core.exporting import elsewhere
from archived.core.model import CollectionArchive, DirectoryArchive, StorageLocation
from archived.core.paths import PathError, printable
from archived.errors import NameNotFoundError
from archived.retrieve.values import NoFolderError, NotWritableError
from archived.store import Store


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A folder that nothing is brought into, and what it is, for people."""

    folder: str
    what: str
    watched: bool = False


def insist_on_writable(configuration: Configuration) -> None:
    """Raise `NotWritableError` unless the configuration lets this machine be written to."""
    if not configuration.globus.writable:
        raise NotWritableError(
            "the configuration does not let files be brought to this machine (writable = no); nothing was written",
            what_to_do="on a machine that is meant for it, set `writable = yes` in [globus]",
        )


def folder_named(typed: str) -> str:
    """The folder that a person named, from the top of the disk; `~` is their home, as a shell would have it.

    Raises `PathError` for what names none: an empty variable of a script must not mean the folder it runs in.
    """
    if not typed.strip():
        raise PathError(
            "the destination has no name; nothing was brought", what_to_do="name a folder: --to DIR"
        )
    return os.path.abspath(os.path.expanduser(typed))


def forbidden(configuration: Configuration, store: Store) -> list[Forbidden]:
    """Every folder of this machine that nothing may be brought into."""
    locations = [each.location for each in configuration.locations]
    watched = store.folders_watched()
    if store.daemon().running:
        # Its configuration need not be this one, but it may not have said yet what it watches.
        said = store.watching()
        watched += [each.root for each in locations] if said is None else said
    found = [
        Forbidden(folder, "a folder that this rig's daemon watches", True)
        for folder in dict.fromkeys(watched)
    ]
    archives = {
        each.archive.path for each in locations if isinstance(each.archive, DirectoryArchive)
    }
    found += [Forbidden(folder, "an archive") for folder in sorted(archives)]
    found.append(Forbidden(configuration.spool, "the folder of records on their way"))
    return found


def place_of(
    configuration: Configuration, store: Store, name: str, to: str | None
) -> StorageLocation:
    """A location with the folder that its files are brought to in place of its root: `to`, or the root itself.

    Raises `NotWritableError`, `NameNotFoundError` for a location that the configuration does not have, and
    `PathError` with the reason where nothing may be brought there.
    """
    insist_on_writable(configuration)
    location = _configured(configuration, name)
    folder = location.root if to is None else folder_named(to)
    if not os.path.isdir(folder):
        raise NoFolderError(
            f"{printable(folder)} is not a folder of this machine; nothing was brought",
            what_to_do=f"make it, or mount its disk: mkdir -p {shlex.quote(printable(folder))}",
        )
    for each in forbidden(configuration, store):
        if is_inside(folder, each.folder):
            raise _refused(folder, each)
    place = location if folder == location.root else _mapped(location, folder)
    _insist_on_other_place(place)
    return place


def account_of(configuration: Configuration, name: str) -> StorageLocation:
    """A location whose mover can be asked about the tasks of another one, whatever became of that and of its folder.

    All of one configuration's tasks at Globus are of one account. Raises `NameNotFoundError` where none is left.
    """
    try:
        return _configured(configuration, name)
    except NameNotFoundError:
        for each in configuration.locations:
            if isinstance(each.location.archive, CollectionArchive):
                return each.location
        raise


def _configured(configuration: Configuration, name: str) -> StorageLocation:
    for each in configuration.locations:
        if each.location.name == name:
            return each.location
    raise NameNotFoundError(
        f"the configuration of this machine has no location {printable(name)}",
        what_to_do=f"copy [location:{printable(name)}] from the configuration of the rig that archived it",
    )


def _mapped(location: StorageLocation, folder: str) -> StorageLocation:
    try:
        return elsewhere(location, folder)
    except PathError:
        real = os.path.realpath(folder)
        if real == folder:
            raise
        return elsewhere(location, real)


def _refused(folder: str, what: Forbidden) -> PathError:
    where = f"{printable(folder)} is " + (
        what.what
        if _same(folder, what.folder)
        else f"inside of {printable(what.folder)}, which is {what.what}"
    )
    return PathError(
        f"{where}; nothing was brought",
        what_to_do="name another folder: --to DIR, in Python retrieve('DIR')",
    )


def _insist_on_other_place(place: StorageLocation) -> None:
    """A collection may hold both ends: then the names in it are what can be compared."""
    archive = place.archive
    if not isinstance(archive, CollectionArchive) or archive.collection != place.collection:
        return
    here = PurePosixPath("/" + place.collection_path.strip("/"))
    there = PurePosixPath("/" + archive.path.strip("/"))
    if here.is_relative_to(there):
        raise PathError(
            f"{printable(place.root)} is inside of the archive of {place.name} ({archive}); nothing was brought",
            what_to_do="name another folder: --to DIR, in Python retrieve('DIR')",
        )


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it, by name or by whatever link or mount leads there."""
    real, outer = os.path.realpath(path), os.path.realpath(folder)
    if Path(real).is_relative_to(outer):
        return True
    return any(_same(str(each), outer) for each in (Path(real), *Path(real).parents))


def below(destination: str, folders: Iterable[Forbidden]) -> Iterator[tuple[str, Forbidden]]:
    """Forbidden folders below a destination, by their paths from it."""
    real = Path(os.path.realpath(destination))
    for each in folders:
        inner = Path(os.path.realpath(each.folder))
        if inner != real and inner.is_relative_to(real):
            yield inner.relative_to(real).as_posix(), each


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.normcase(one) == os.path.normcase(other)
