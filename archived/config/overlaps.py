"""Folders that must not lie inside one another: what is watched, where it goes, and what the program writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from archived.config.locations import ROOT, owner
from archived.config.places import holds, same
from archived.config.reading import Reading
from archived.core.model import CollectionArchive, DirectoryArchive, StorageLocation

Spelling = Callable[[str], str]
"""How a path is written before it is compared: as it is, or with its symbolic links followed."""


def refuse_overlaps(
    reading: Reading,
    locations: Sequence[StorageLocation],
    own_files: Mapping[tuple[str, str], str],
    *,
    spelling: Spelling = str,
) -> None:
    """Complain about roots inside each other, an archive and a root inside each other, own files under a root.

    `own_files` are paths by the section and key that name them.
    """
    for first, second in combinations(locations, 2):
        _roots_apart(reading, first, second, spelling)
    for location in locations:
        for other in locations:
            _archive_apart(reading, location, other, spelling)
        _collection_apart(reading, location)
    for (section, key), path in own_files.items():
        _outside(reading, locations, section, key, path, spelling)


def _roots_apart(
    reading: Reading, first: StorageLocation, second: StorageLocation, spelling: Spelling
) -> None:
    one, other = spelling(first.root), spelling(second.root)
    if same(one, other) or not (holds(one, other) or holds(other, one)):
        return
    reading.complain(
        owner(reading, second.name, ROOT),
        ROOT,
        f"the very root of [location:{first.name}], {first.root}, or a folder apart from it: inside one "
        "another, files would belong to both",
    )


def _archive_apart(
    reading: Reading, location: StorageLocation, other: StorageLocation, spelling: Spelling
) -> None:
    if not isinstance(location.archive, DirectoryArchive):
        return
    archive, root = spelling(location.archive.path), spelling(other.root)
    if holds(root, archive):
        why = "what is archived would be taken for new recordings"
    elif holds(archive, root):
        why = "copies would be written into the watched folder"
    else:
        return
    reading.complain(
        f"location:{location.name}",
        "archive",
        f"a directory apart from the watched {other.root}: {why}",
    )


def _collection_apart(reading: Reading, location: StorageLocation) -> None:
    archive = location.archive
    if not isinstance(archive, CollectionArchive) or archive.collection != location.collection:
        return
    root = location.collection_path
    if holds(root, archive.path) or holds(archive.path, root):
        reading.complain(
            f"location:{location.name}",
            "archive",
            f"a place apart from {root}, which is watched in the same collection",
        )


def _outside(
    reading: Reading,
    locations: Sequence[StorageLocation],
    section: str,
    key: str,
    path: str,
    spelling: Spelling,
) -> None:
    for location in locations:
        if holds(spelling(location.root), spelling(path)):
            reading.complain(
                section,
                key,
                f"a file outside of the watched {location.root}, in which nothing is written",
            )
            return
