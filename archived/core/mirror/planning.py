"""What has to change in the lab's tables for one dataset; a pure comparison of the catalogue with what is there."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import field

from archived.core.dataclass import dataclass
from archived.core.mirror.naming import (
    EPHYS,
    VIDEO,
    dataset_type,
    mirrored_type,
    names_session,
    own_name,
    session_name,
)
from archived.core.mirror.sessions import Unmatched
from archived.core.mirror.values import (
    Change,
    Existing,
    LabSession,
    LeftOut,
    Note,
    Source,
    TextColumn,
)

LINKED = {EPHYS: "_archived_raw_ephys", VIDEO: "_archived_tracking_video"}
"""The tables that link a dataset of a type to its session."""


@dataclass(frozen=True)
class Columns:
    """What the columns of the lab's tables can hold."""

    location: TextColumn = field(default_factory=lambda: TextColumn(32))
    name: TextColumn = field(default_factory=lambda: TextColumn(128))
    dataset_type: TextColumn = field(default_factory=lambda: TextColumn(64))
    subpath: TextColumn = field(default_factory=lambda: TextColumn(128))
    file_type: TextColumn = field(default_factory=lambda: TextColumn(32))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dataset belongs: its name in the lab's tables, its type, and its session where that is known."""

    name: str
    dataset_type: str
    session: LabSession | None
    why_no_session: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and what is left out."""

    change: Change
    left_out: tuple[LeftOut, ...]
    refused: bool = False
    """Whether nothing of the dataset can be mirrored."""


def place(source: Source, session: LabSession | Unmatched, columns: Columns) -> Place:
    """Where a dataset belongs by what is known now."""
    of_type = dataset_type(source)
    if isinstance(session, LabSession):
        name = session_name(of_type, source.h2o or "", session)
        if columns.name.refuses(name) is None:
            return Place(name, of_type, session)
        return Place(own_name(source.path, columns.name), of_type, session)
    return Place(own_name(source.path, columns.name), of_type, None, session.reason)


def stays(note: Note | None, there: bool, wanted: Place) -> Place:
    """Where it belongs, but for what was joined to a row that is not ours: that we cannot take out of it again."""
    if note is None or note.ours or not there or note.name == wanted.name:
        return wanted
    return Place(note.name, wanted.dataset_type, None, wanted.why_no_session)


def plan(
    source: Source,
    at: Place,
    existing: Existing,
    columns: Columns,
    *,
    linked: Container[str] = frozenset(LINKED),
) -> Plan:
    """Compare one dataset with what the lab's tables hold under its name.

    `linked` are the types of datasets that have a table which links them to sessions.
    """
    if refusal := _refusal(source, at, existing, columns):
        nothing = Change(
            location=source.location,
            name=at.name,
            dataset=source.dataset,
            dataset_type=at.dataset_type,
        )
        return Plan(nothing, (LeftOut(source.dataset, "", refusal),), refused=True)
    there = {columns.subpath.key(normalised(path)): path for path in existing.files}
    files, left_out = _files(source, at, existing.files, there, columns)
    retyped = _retyped(source, at, existing, there, columns) if existing.ours else {}
    lost = [there[key] for path in source.lost if (key := columns.subpath.key(path)) in there]
    links = at.dataset_type in linked
    change = Change(
        location=source.location,
        name=at.name,
        dataset=source.dataset,
        dataset_type=at.dataset_type,
        insert=existing.dataset_type is None,
        files=files,
        retyped=retyped,
        lost=tuple(sorted(lost)) if existing.ours else (),
        link=at.session if links and at.session not in existing.sessions else None,
        unlinked=_unlinked(at, existing),
    )
    if at.session is None and at.dataset_type in LINKED and not existing.sessions:
        why = f"it is linked to no session: {at.why_no_session}"
        left_out = (LeftOut(source.dataset, "", why, mirrored=True), *left_out)
    return Plan(change, left_out)


def strangers(files: Iterable[str], known: Container[str]) -> list[str]:
    """The files under a name that the catalogue does not know, so that others must have registered them."""
    return sorted(each for each in files if normalised(each) not in known)


def theirs(sessions: Iterable[LabSession], name: str, dataset_type: str) -> list[LabSession]:
    """The sessions to which others linked the dataset of this name."""
    return [each for each in sessions if not names_session(name, dataset_type, each)]


def normalised(subpath: str) -> str:
    """A `file_subpath` without the slash that map-ephys' discovery began some of them with."""
    return subpath.lstrip("/")


def _unlinked(at: Place, existing: Existing) -> frozenset[LabSession]:
    """Links of ours that are to another session than the one it belongs to; those that people made by hand stay."""
    if not existing.ours:
        return frozenset()
    others = existing.sessions - {at.session}
    return others.difference(theirs(others, at.name, at.dataset_type))


def _refusal(source: Source, at: Place, existing: Existing, columns: Columns) -> str:
    """Why nothing of the dataset can be mirrored, or ""."""
    if existing.dataset_type is not None and existing.dataset_type != at.dataset_type:
        return f"{at.name} is there already, as {existing.dataset_type}"
    for what, column, text in (
        ("location", columns.location, source.location),
        ("type", columns.dataset_type, at.dataset_type),
    ):
        if why := column.refuses(text):
            return f"the name of its {what} does not fit: {why}"
    return ""


def _files(
    source: Source,
    at: Place,
    existing: Mapping[str, str],
    there: Mapping[str, str],
    columns: Columns,
) -> tuple[dict[str, str], tuple[LeftOut, ...]]:
    """The files to insert, and those that the table cannot hold."""
    spelled = {normalised(path) for path in existing}
    taken = dict(there)
    files: dict[str, str] = {}
    left_out: list[LeftOut] = []
    for path, file_type in sorted(source.files.items()):
        if path in spelled:
            continue
        key = columns.subpath.key(path)
        why = columns.subpath.refuses(path)
        if why is None and key in taken:
            why = f"the lab's table cannot tell it from {taken[key]}"
        if why is not None:
            left_out.append(LeftOut(source.dataset, path, why))
            continue
        taken[key] = path
        files[path] = mirrored_type(file_type, at.dataset_type, columns.file_type)
    return files, tuple(left_out)


def _retyped(
    source: Source, at: Place, existing: Existing, there: Mapping[str, str], columns: Columns
) -> dict[str, str]:
    found = {}
    for path, file_type in source.files.items():
        as_it_stands = there.get(columns.subpath.key(path))
        if as_it_stands is None or normalised(as_it_stands) != path:
            continue
        wanted = mirrored_type(file_type, at.dataset_type, columns.file_type)
        if existing.files[as_it_stands] != wanted:
            found[as_it_stands] = wanted
    return found
