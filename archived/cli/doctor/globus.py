"""Globus: the login and its age, both collections and their folders, and whether paths mean the same at both ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from archived.cli.accounts import session_of, uses_globus
from archived.cli.counting import counted
from archived.cli.doctor.catalogue import pending_migrations
from archived.cli.doctor.visit import Visit
from archived.cli.finding import Checked, fail, failed_by, from_finding, ok, warn
from archived.core.model import CollectionArchive, FileStat, StorageLocation
from archived.core.paths import printable
from archived.errors import ArchivedError

UNUSED = timedelta(days=180)
"""Globus ends a login that was not used for six months; using it renews it."""
OLD = timedelta(days=150)
SKEW = timedelta(seconds=60)
"""Between two clocks; an answer takes a while as well."""


def login_age(visit: Visit) -> Iterator[Checked]:
    """How long a person's login has not been renewed, and when it ends if nothing is done with it."""
    from archived.transfer.globus_visit import login_kept_at

    globus = visit.configuration.globus
    if not uses_globus(visit.configuration) or globus.service_account or globus.client_id is None:
        return
    try:
        kept_at = login_kept_at(str(globus.token_file), globus.client_id)
    except ArchivedError:
        # What is wrong with the login is told where it is used.
        return
    if kept_at is None:
        return
    age, ends = visit.caller.now() - kept_at, kept_at + UNUSED
    said = f"the login was renewed {counted(max(0, age.days), 'day')} ago, and ends unused on {ends:%Y-%m-%d}"
    if age > OLD:
        means = "nothing was sent for as long; without a login nothing can be"
        yield warn("login", said, "archivedctl login", means=means, ends=ends.isoformat())
    else:
        yield ok("login", said, ends=ends.isoformat())


def login(visit: Visit) -> Iterator[Checked]:
    """Whether there is a usable login, where one is needed."""
    if not uses_globus(visit.configuration):
        yield ok("login", "no location needs a Globus account")
        return
    try:
        with session_of(visit.configuration) as session:
            identity = session.identity()
    except ArchivedError as error:
        yield failed_by("login", error)
    else:
        yield ok("login", f"logged in as {identity.username}", id=identity.id)


def collections(visit: Visit) -> Iterator[Checked]:
    """What each location's mover says of both its collections and folders; one that fails does not stop the others."""
    from archived import movers

    with movers.opened(visit.configuration) as made:
        for location in _locations(visit):
            try:
                for finding in made.of(location).check():
                    yield from_finding(location.name, finding)
            except ArchivedError as error:
                yield failed_by(location.name, error)


def path_mapping(visit: Visit) -> Iterator[Checked]:
    """Whether a file that lies below a root is seen through the collection, under its path and with its size."""
    seen: set[tuple[str, str | None, str]] = set()
    for location in _locations(visit):
        place = (location.root, location.collection, location.collection_path)
        if location.collection is None or place in seen:
            continue
        seen.add(place)
        try:
            sample = visit.survey(location.root).sample
            if sample is None:
                said = f"no settled file lies below {printable(location.root)} that could be looked up by its path"
                yield ok("paths", f"{said} in the collection; check again when there is one")
            else:
                yield _looked_up(visit, location, sample)
        except ArchivedError as error:
            yield failed_by("paths", error)


def _looked_up(visit: Visit, location: StorageLocation, sample: FileStat) -> Checked:
    from archived.transfer.globus_visit import seen_through_collection, words_of

    with session_of(visit.configuration) as session:
        absolute, entry = seen_through_collection(session, location, sample.path)
    here = f"{location.root.rstrip('/')}/{sample.path}"
    there = words_of(absolute, location.collection or "")
    if entry is not None and entry.size == sample.size:
        return ok("paths", f"{printable(here)} is {there}, with the same size")
    if entry is None:
        found = f"{printable(here)} is not seen as {there}"
    else:
        found = f"{printable(here)} has {sample.size} bytes, {there} has {entry.size}"
    return fail(
        "paths",
        found,
        "correct local_endpoint_subdir, the place inside the collection of local_endpoint_local_path; "
        "or let Globus' account read that folder",
        means="the collection shows another folder than the one that is watched: nothing in it can be archived",
    )


def rights(visit: Visit) -> Iterator[Checked]:
    """What is known of the right to write at an archive without writing there: what was archived."""
    last = {}
    try:
        if not pending_migrations(visit):
            with visit.store() as opened:
                last = opened.last_archived()
    except ArchivedError:
        # What is wrong with the store is told where the store is looked at.
        last = {}
    for location in _locations(visit):
        at = last.get(location.name)
        if at is None:
            said = "nothing has been archived there yet, and a check writes nothing: the first transfer tells"
            yield ok(location.name, f"whether the archive may be written is not known: {said}")
        else:
            yield ok(
                location.name, f"the archive could be written when {at:%Y-%m-%d %H:%M} UTC was"
            )


def clock_at_globus(visit: Visit) -> Iterator[Checked]:
    """How far this machine's clock is from Globus'."""
    from archived.transfer.globus_visit import time_at_globus

    location = next(iter(_locations(visit)), None)
    if location is None or not isinstance(location.archive, CollectionArchive):
        return
    try:
        with session_of(visit.configuration) as session:
            theirs = time_at_globus(session, location.archive.collection)
            ours = visit.caller.now()
    except ArchivedError:
        # What is wrong with the collection is told where it is looked at.
        return
    if theirs is None:
        return
    away = abs(ours - theirs)
    if away <= SKEW:
        yield ok("clock", "the clock goes with that of Globus")
        return
    yield warn(
        "clock",
        f"the clock is {int(away.total_seconds())} seconds {'ahead of' if ours > theirs else 'behind'} that of Globus",
        "timedatectl set-ntp true, or install chrony",
        means="times in the catalogue are wrong by as much, and logins may be refused",
    )


def _locations(visit: Visit) -> list[StorageLocation]:
    """Those that go to a collection."""
    locations = (each.location for each in visit.configuration.locations)
    return [each for each in locations if isinstance(each.archive, CollectionArchive)]
