"""Which folders of which archives are meant by a location, a dataset, a folder of datasets or a path of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from archived.cli.naming import spellings
from archived.core.dataclass import dataclass
from archived.core.paths import PathError, looks_like_windows, printable, shown
from archived.core.records import is_sound
from archived.errors import NameNotFoundError

if TYPE_CHECKING:
    from archived.config import Configuration, LocationSettings


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a location's archive, by its path from the root; "" is all of it."""

    settings: LocationSettings
    below: str


def places(configuration: Configuration, typed: str | None, names: Sequence[str]) -> list[Place]:
    """The folders that a person means, in the order of the configuration.

    `names` are locations, all of them where none is given. Raises `NameNotFoundError`, and `PathError` for a path
    that must not be used.
    """
    chosen = _chosen(configuration, names)
    if not typed:
        return [Place(each, "") for each in chosen]
    meant = spellings(typed)[-1]
    if os.path.isabs(meant) or looks_like_windows(meant):
        found = [
            Place(each, inside) for each in chosen if (inside := _inside(each, meant)) is not None
        ]
        if not found:
            roots = ", ".join(printable(each.location.root) for each in chosen)
            raise NameNotFoundError(
                f"{shown(meant)} lies in no watched folder", what_to_do=f"watched are: {roots}"
            )
        return [_sound(each) for each in found]
    first, _, rest = meant.strip("/").partition("/")
    named = [each for each in chosen if each.location.name == first]
    if named:
        return [_sound(Place(each, rest.strip("/"))) for each in named]
    return [_sound(Place(each, meant.strip("/"))) for each in chosen]


def _chosen(configuration: Configuration, names: Sequence[str]) -> list[LocationSettings]:
    known = [each.location.name for each in configuration.locations]
    for name in names:
        if name not in known:
            raise NameNotFoundError(
                f"there is no location {shown(name)}",
                what_to_do=f"the configuration has: {', '.join(known)}",
            )
    return [each for each in configuration.locations if not names or each.location.name in names]


def _inside(settings: LocationSettings, path: str) -> str | None:
    """The path from the root of a location, or None where it lies elsewhere."""
    root = settings.location.root
    kind: type[PurePath] = PureWindowsPath if looks_like_windows(root) else PurePosixPath
    if not kind(path).is_relative_to(kind(root)):
        return None
    return "/".join(kind(path).parts[len(kind(root).parts) :])


def _sound(place: Place) -> Place:
    if place.below and not is_sound(place.below):
        raise PathError(f"{shown(place.below)} is not a path: it has '.', '..' or nothing in it")
    return place
