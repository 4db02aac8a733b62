"""Keeping the mirror in step: one dataset after the other, compared by the core and changed in small transactions.

Whatever ends it in the middle, the next run finds what is missing and goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping

from archived.core.conventions.ephys_files import EPHYS_FILES
from archived.core.conventions.video_files import VIDEO_FILES
from archived.core.dataclass import dataclass
from archived.core.lifecycle import State
from archived.core.mirror import (
    Agenda,
    LeftOut,
    Note,
    Place,
    Source,
    days_of,
    normalised,
    place,
    plan,
    session_of,
    stays,
    strangers,
)
from archived.core.model import Archive
from archived.core.paths import printable
from archived.store import Selector, Store
from archived.store.lab.address import LabSettings
from archived.store.lab.connection import LabConnection, RefusedRowError, connected
from archived.store.lab.declaring import Declaration
from archived.store.lab.inspecting import columns_of
from archived.store.lab.outcome import Mirrored, Outcome, Refused
from archived.store.lab.people import read_lab
from archived.store.lab.places import Location, Places
from archived.store.lab.register import Register
from archived.store.lab.rows import LabRows, at_once, source_id
from archived.store.lab.tables import LOCATIONS

_GLOBS: dict[str, str] = {}
for _each in (*EPHYS_FILES, *VIDEO_FILES):
    _GLOBS.setdefault(_each.name, _each.glob)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a run is meant."""

    change: bool = True
    """False only looks."""
    rebuild: bool = False
    """Make our own rows anew."""
    newly_archived: bool = False
    """Pass over what our notes say is there, and the datasets of other rigs; what the daemon does."""


def mirror(
    store: Store,
    settings: LabSettings,
    archives: Mapping[str, Archive],
    wish: Wish,
    *,
    progress: Callable[[int], None] = lambda _number: None,
) -> Outcome:
    """Bring the mirror in step, or only say what is to be done.

    `archives` are those of this rig's locations by name; `progress` is called with the number of datasets that were
    compared. Raises `ConfigurationError`, `StoreError` and `LabDatabaseError`; what was done until then stays done.
    """
    with connected(settings) as lab:
        return _Run(store, lab, archives, wish).run(progress)


class _Run:
    """One run: what it reads once, and what it changes along the way."""

    def __init__(
        self, store: Store, lab: LabConnection, archives: Mapping[str, Archive], wish: Wish
    ) -> None:
        self._store, self._lab, self._wish = store, lab, wish
        self._outcome = Outcome()
        declaration = Declaration(lab)
        self._outcome.tables = declaration.missing()
        if wish.change:
            declaration.make()
        self._columns = columns_of(declaration.found, lab.backend)
        self._linked = declaration.linked()
        self._known = read_lab(lab, has_sessions=declaration.has_sessions)
        self._rows = LabRows(lab)
        self._register = Register(self._rows, declaration.found, self._linked, self._columns)
        locations = self._rows.locations() if LOCATIONS in declaration.found else {}
        self._places = Places(store, archives, locations)
        self._agenda: Agenda = {}
        self._left: defaultdict[str, set[str]] = defaultdict(set)
        """Files that are, or would be, taken from under a name by this run, while others stay there."""

    def run(self, progress: Callable[[int], None]) -> Outcome:
        """Compare everything, and change it unless this is a check."""
        everything = self._store.select(Selector(everywhere=True))
        self._agenda = days_of(Source.of(each) for each in everything)
        if self._wish.rebuild:
            self._forget_ours()
        for source in self._sources():
            self._mirror(source)
            self._outcome.datasets += 1
            progress(self._outcome.datasets)
        return self._outcome

    def _sources(self) -> Iterator[Source]:
        """The archived datasets with their files; with `newly_archived`, those that are not there yet."""
        new = self._wish.newly_archived
        for dataset in self._store.select(Selector(states=(State.ARCHIVED,), everywhere=not new)):
            if new and self._is_there(Source.of(dataset)):
                continue
            yield Source.of(dataset, tuple(self._store.files(dataset.id)))

    def _is_there(self, head: Source) -> bool:
        """Whether our notes say that all of it is there, and under the name that it has by what is known now."""
        note = self._register.note(head)
        if note is None or note.revision != head.revision:
            return False
        return self._register.has(head.location, note.name) and (
            not note.ours or note.name == self._place(head).name
        )

    def _place(self, source: Source) -> Place:
        return place(source, session_of(source, self._agenda, self._known), self._columns)

    def _mirror(self, source: Source) -> None:
        location = self._places.of(source)
        if isinstance(location, str):
            self._outcome.left_out.append(LeftOut(source.dataset, "", location))
            return
        note = self._register.note(source)
        there = note is not None and self._register.has(source.location, note.name)
        at = stays(note, there, self._place(source))
        existing = self._register.existing(source.location, at.name)
        planned = plan(source, at, existing, self._columns, linked=self._linked)
        self._outcome.left_out.extend(planned.left_out)
        if planned.refused:
            return
        was = None
        if (
            note is not None
            and there
            and not self._register.same(source.location, note.name, at.name)
        ):
            was = note.name
        if was is not None and (why := self._kept_by_others(source, was)):
            self._outcome.refused.append(Refused(source.dataset, why))
            return
        ours = planned.change.insert or existing.ours
        changed = Mirrored(planned.change, was)
        try:
            if location.missing:
                self._add(location)
            if self._wish.change and (changed or _outdated(note, source, at, ours=ours)):
                ours = self._change(source, changed, ours=ours)
        except RefusedRowError as error:
            self._outcome.refused.append(Refused(source.dataset, str(error)))
            return
        if changed:
            self._outcome.mirrored.append(changed)
        self._register.changed(source, changed, ours=ours)

    def _add(self, location: Location) -> None:
        if self._wish.change:
            self._rows.add_location(location.alias, location.endpoint, location.path)
        self._outcome.locations.append(location.alias)
        self._places.inserted(location)

    def _change(self, source: Source, changed: Mirrored, *, ours: bool) -> bool:
        """Do it, and return whether the row of `data_set` is ours."""
        change = changed.change
        types = {*change.files.values(), *change.retyped.values()}
        if change.insert or types:
            self._rows.add_types(change.dataset_type, types, _GLOBS)
        if at_once(change):
            # What gets another name is never seen under none.
            with self._lab.transaction():
                self._take_away(source, changed.was)
                return self._rows.apply(source, change, ours=ours)
        self._take_away(source, changed.was)
        return self._rows.apply(source, change, ours=ours)

    def _take_away(self, source: Source, was: str | None) -> None:
        """Delete what is under an earlier name: all of it, or this dataset's part where others share the name."""
        if was is None:
            return
        if not self._register.shared(source, was):
            self._rows.remove(source.location, was, None)
            return
        there = self._rows.files(source.location, was)
        own = {path for path in there if normalised(path) in source.paths}
        self._rows.remove(source.location, was, own)

    def _kept_by_others(self, source: Source, was: str) -> str:
        """Why what others have under an earlier name keeps the dataset there; "" where nothing of others is."""
        if self._register.shared(source, was):
            self._left[f"{source.location}/{was}"] |= source.paths
            return ""
        known = source.paths | self._left[f"{source.location}/{was}"]
        return self._rows_of_others(source.location, was, known)

    def _rows_of_others(self, location: str, name: str, known: Container[str]) -> str:
        files = strangers(self._rows.files(location, name), known)
        links = self._register.linked_by_others(location, name)
        if not files and not links:
            return ""
        first = (
            f"the file {printable(files[0])}"
            if files
            else f"the link to session {links[0].number} of {links[0].subject}"
        )
        more = len(files) + len(links) - 1
        return (
            f"{printable(name)} stays as it is, because others have put rows there which would have to be deleted: "
            f"{first}" + (f", and {more} more" if more else "")
        )

    def _forget_ours(self) -> None:
        """Delete the rows that we made, of datasets that are made anew in this very run."""
        archived = {
            source_id(Source.of(each)): each.id
            for each in self._store.select(Selector(states=(State.ARCHIVED,), everywhere=True))
        }
        for location, name, sources in self._register.ours(archived):
            known = {file.path for each in sources for file in self._store.files(archived[each])}
            if why := self._rows_of_others(location, name, known):
                self._outcome.refused.append(Refused(f"{location}/{name}", why))
                continue
            if not self._wish.change:
                self._register.forget(location, name)
                continue
            try:
                self._rows.remove(location, name, None)
            except RefusedRowError as error:
                self._outcome.refused.append(Refused(f"{location}/{name}", str(error)))
            else:
                self._register.forget(location, name)


def _outdated(note: Note | None, source: Source, at: Place, *, ours: bool) -> bool:
    """Whether our notes do not say what is there."""
    return note is None or (note.revision, note.name, note.ours) != (source.revision, at.name, ours)
