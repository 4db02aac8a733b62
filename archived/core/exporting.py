"""Which folders of this machine a collection exports, as far as the configuration tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from archived.core.model import StorageLocation
from archived.core.paths import (
    PathError,
    collection_path,
    looks_like_windows,
    shown,
    windows_to_globus,
)


def elsewhere(location: StorageLocation, folder: str) -> StorageLocation:
    """The location with another folder of this machine in place of its root.

    Raises `PathError` with the reason where the location needs a collection that does not export the folder.
    """
    if location.collection is None:
        return replace(location, root=folder)
    inside = exported_as(folder, root=location.root, root_inside=location.collection_path)
    return replace(location, root=folder, collection_path=inside)


def exported_as(folder: str, *, root: str, root_inside: str) -> str:
    """What the collection calls a folder of this machine, knowing that it calls `root` `root_inside`.

    The two end in the same names as a rule: `/globus/map/raw` is `/map/raw`, so `/globus` is all of the collection,
    and `/globus/back` is `/back`. Where they do not, nothing but what lies below the root is known to be exported. A
    personal collection of a Windows machine calls every folder by its drive. Raises `PathError`.
    """
    if looks_like_windows(root) and root_inside == windows_to_globus(root):
        return windows_to_globus(folder)
    kind = PureWindowsPath if looks_like_windows(root) else PurePosixPath
    outer, inside = kind(root), PurePosixPath("/" + root_inside.strip("/"))
    while inside.name and inside.name == outer.name:
        outer, inside = outer.parent, inside.parent
    try:
        return collection_path(str(outer), folder, str(inside))
    except PathError as error:
        raise PathError(
            f"the collection does not export {shown(folder)}: it is known to export {shown(str(outer))} "
            "and what lies below it",
            what_to_do="choose a folder below that one, or let the collection export more",
        ) from error
