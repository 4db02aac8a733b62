"""Where the old configuration says that files lie on this machine, and how its Globus collection calls that place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archived.config.importing.old_file import OldFile
from archived.config.importing.report import Report
from archived.config.importing.values import endpoint, folder, inside
from archived.config.importing.writing import Key
from archived.config.locations import COLLECTION, ROOT, SUBDIR
from archived.core.dataclass import dataclass

ENDPOINTS = "globus.local_endpoints"
_READERS: tuple[tuple[str, str, Callable[[object], str]], ...] = (
    # ours, the old name within one alias, how its value is read
    (ROOT, "endpoint_path", folder),
    (COLLECTION, "endpoint", endpoint),
    (SUBDIR, "endpoint_subdir", inside),
)


@dataclass(frozen=True, slots=True)
class Place:
    """The keys of a place by our names, those that could be read, each with where it came from."""

    values: Mapping[str, str]
    origins: Mapping[str, str]
    where: str = ""
    """Where the place as a whole stands in the old file, for those of single locations."""

    @property
    def complete(self) -> bool:
        """Whether all three are there."""
        return len(self.values) == len(_READERS)

    def keys(self) -> list[Key]:
        """The keys as they are written."""
        return [
            Key(name, value, f"From {self.origins[name]}.") for name, value in self.values.items()
        ]


@dataclass(frozen=True)
class Places:
    """The place for all locations (`globus.local_endpoint…`), and those of single ones (`globus.local_endpoints`)."""

    common: Place
    own: Mapping[str, Place]

    def shared(self, aliases: list[str]) -> Place:
        """What goes into `[globus]`: the place for all, else the one that all of these have."""
        found = [self.own[alias] for alias in aliases if alias in self.own]
        if self.common.values or not found or len(found) < len(aliases):
            return self.common
        same = all(each.complete and each.values == found[0].values for each in found)
        return found[0] if same else self.common


def places_of(old: OldFile, report: Report) -> Places:
    """All places that the file names; what is wrong with one goes to the report."""
    return Places(_common(old, report), _of_aliases(old, report))


def _common(old: OldFile, report: Report) -> Place:
    values: dict[str, str] = {}
    origins: dict[str, str] = {}
    for ours, _, read in _READERS:
        found = old.take(f"globus.{ours}")
        if found is not None and (value := _read(read, found.value, found.where, report)):
            values[ours], origins[ours] = value, found.where
            report.carried(found.where, f"[globus] {ours} = {value}")
    return Place(values, origins)


def _of_aliases(old: OldFile, report: Report) -> dict[str, Place]:
    found = old.take(ENDPOINTS)
    if found is None:
        return {}
    if not isinstance(found.value, Mapping):
        report.left(found.where, "is no object with an entry for each location, so it was not read")
        return {}
    return {
        alias: _of_alias(f"{found.where} > {alias}", entry, report)
        for alias, entry in found.value.items()
    }


def _of_alias(where: str, entry: object, report: Report) -> Place:
    values: dict[str, str] = {}
    origins: dict[str, str] = {}
    if not isinstance(entry, Mapping):
        report.left(where, "is no object with endpoint, endpoint_subdir and endpoint_path")
        return Place({}, {}, where)
    for ours, theirs, read in _READERS:
        if theirs not in entry:
            report.left(where, f"lacks {theirs}, so this place could not be carried over")
        elif value := _read(read, entry[theirs], f"{where} > {theirs}", report):
            values[ours], origins[ours] = value, f"{where} > {theirs}"
    known = {theirs for _, theirs, _ in _READERS}
    for other in [each for each in entry if each not in known]:
        report.left(f"{where} > {other}", "is nothing that map-ephys read")
    return Place(values, origins, where)


def _read(read: Callable[[object], str], value: object, where: str, report: Report) -> str | None:
    try:
        return read(value)
    except ValueError as error:
        report.left(where, str(error))
        return None
