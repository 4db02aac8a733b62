"""What `check` says about records: which archives cannot be told what they hold, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from archived.cli.counting import counted
from archived.cli.doctor.catalogue import pending_migrations
from archived.cli.doctor.visit import Visit
from archived.cli.finding import Checked, ok, warn
from archived.core.model import CollectionArchive
from archived.core.paths import printable
from archived.errors import ArchivedError

SWITCH_OFF = "or switch it off with records = no"


def records(visit: Visit) -> Iterator[Checked]:
    """Whether the archives are told what they hold. Data are safe without, so nothing here is a failure."""
    from archived.records.places import places_of

    configuration = visit.configuration
    if not configuration.records:
        yield ok("records", "the archives are not told what they hold (records = no)")
        return
    places = places_of((each.location for each in configuration.locations), configuration.spool)
    kept = _kept(visit)
    for name, error in places.unusable.items():
        number = sum(count for (location, _), count in kept.items() if location == name)
        yield warn(
            "records",
            f"manifests and records of {name} stay in the store ({number} by now): {error}; whoever has only the "
            "archive finds no checksums, times or names of programs in it",
            f"set spool in [archived] to a folder that the collection exports, {SWITCH_OFF}",
            location=name,
        )
    for (location, reason), number in kept.items():
        if location not in places.unusable:
            said = f"{counted(number, 'record')} of {location} cannot go to the archive: {reason}"
            yield warn("records", said, location=location)
    if places.usable:
        used = (each.archive for each in places.usable.values())
        yield _spool(configuration.spool, any(isinstance(each, CollectionArchive) for each in used))


def _kept(visit: Visit) -> dict[tuple[str, str], int]:
    try:
        if pending_migrations(visit):
            return {}
        with visit.store() as store:
            return {(location, reason): count for location, reason, count in store.kept_records()}
    except ArchivedError:
        # What is wrong with the store is told where the store is looked at.
        return {}


def _spool(spool: str, collections: bool) -> Checked:
    """Whether the spool, or the folder that it will be made in, can be written."""
    shown = printable(spool)
    there = spool
    while not os.path.exists(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
        return warn(
            "records",
            f"the spool {shown} cannot be written by this account, so the archives are not told what they hold",
            f"let the service's user write to {printable(there)}, choose another spool, {SWITCH_OFF}",
        )
    who = ", which Globus has to be able to read" if collections else ""
    return ok("records", f"manifests and records go by {shown}{who}", spool=shown)
