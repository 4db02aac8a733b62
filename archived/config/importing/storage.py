"""Where the old configuration says that recordings go: its own storage locations, or those built into map-ephys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from archived.config.importing.old_file import OldFile
from archived.config.importing.report import Report
from archived.config.importing.values import endpoint, inside
from archived.config.kinds import name as read_name
from archived.core.dataclass import dataclass
from archived.core.paths import shown

LOCATIONS = "globus.storage_locations"
COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"
"""The collection that map-ephys has built in."""
CODED = {"raw-ephys": "/ePhys", "raw-video": "/Videos"}
"""The paths in it that the code of map-ephys used last."""
DOCUMENTED = {"raw-ephys": "/4ElectrodeRig_Ephys", "raw-video": "/"}
"""The paths that its documentation names, which the code used until November 2020."""

_FIELDS = ("globus_alias", "globus_endpoint", "globus_path")
_KINDS = (
    # What map-ephys archived of each kind, and what it did not; by words in the alias.
    (re.compile("ephys", re.IGNORECASE), ("catgt",)),
    (re.compile("video|tracking", re.IGNORECASE), ("tracking-video",)),
)


@dataclass(frozen=True, slots=True)
class Storage:
    """One storage location. `conventions` is empty where the alias does not tell what goes there."""

    alias: str
    archive: str
    origin: str
    conventions: tuple[str, ...]
    alternative: str = ""
    """The other place that a built-in one may mean."""


def storages_of(old: OldFile, report: Report, *, documented: bool) -> list[Storage]:
    """All storage locations; the built-in ones where the file names none, by the code or by the documentation."""
    found = old.take(LOCATIONS)
    if found is None or found.value in ([], ()):
        return _built_in(report, documented=documented)
    if not isinstance(found.value, Sequence) or isinstance(found.value, str):
        what = "is no list of [alias, endpoint, path], so no location could be carried over"
        report.left(found.where, what)
        return []
    storages: dict[str, Storage] = {}
    for number, entry in enumerate(found.value, start=1):
        storage = _storage(f"{found.where} > {number}", entry, report)
        if storage is None:
            continue
        if storage.alias in storages:
            what = f"names {storage.alias} again; the first entry of that name counts"
            report.left(storage.origin, what)
        else:
            storages[storage.alias] = storage
    return list(storages.values())


def conventions_of(alias: str) -> tuple[str, ...]:
    """What map-ephys archived to a location of that name; empty where the name does not tell."""
    return next((names for words, names in _KINDS if words.search(alias)), ())


def _built_in(report: Report, *, documented: bool) -> list[Storage]:
    paths, other = (DOCUMENTED, CODED) if documented else (CODED, DOCUMENTED)
    said = "documentation" if documented else "code"
    for alias, path in paths.items():
        report.supplied(
            f"{LOCATIONS} > {alias}",
            f"is not in the file; {COLLECTION}:{path} is what the {said} of map-ephys has. If your recordings lie "
            f"in {other[alias]}, or the database's table of storage locations says otherwise, change it before "
            "the daemon starts",
        )
    return [
        Storage(
            alias,
            f"{COLLECTION}:{path}",
            f"the {said} of map-ephys",
            conventions_of(alias),
            alternative=f"{COLLECTION}:{other[alias]}",
        )
        for alias, path in paths.items()
    ]


def _storage(where: str, entry: object, report: Report) -> Storage | None:
    if isinstance(entry, Mapping):
        parts = [entry.get(each) for each in _FIELDS]
    elif isinstance(entry, Sequence) and not isinstance(entry, str) and len(entry) == 3:
        parts = list(entry)
    else:
        report.left(where, "is no [alias, endpoint, path], so this location was not carried over")
        return None
    alias = parts[0]
    try:
        if not isinstance(alias, str):
            raise ValueError("its alias is no text")
        try:
            read_name(alias)
        except ValueError as error:
            raise ValueError(f"its alias {shown(alias)} is not {error}") from None
        archive = f"{endpoint(parts[1])}:{inside(parts[2])}"
    except ValueError as error:
        report.left(where, f"was not carried over: {error}")
        return None
    return Storage(alias, archive, where, conventions_of(alias))
