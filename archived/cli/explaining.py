"""What `why` finds out about one path: from its name, from the disk as it is now, and from the store if there is one."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from archived.core.dataclass import dataclass
from archived.core.formats import DiskTroubleError, Judgement, judge
from archived.core.model import (
    Answer,
    Dataset,
    FileStat,
    StorageLocation,
    Unrecognised,
    Verdict,
)
from archived.core.paths import printable
from archived.core.recognition import Found, Recogniser
from archived.core.settling import Decision, decide
from archived.errors import ArchivedError, RootUnavailableError
from archived.rig.folders import GONE
from archived.rig.reader import reading
from archived.rig.root import Root
from archived.rig.scanner import FolderSeen, FolderTrouble, look

if TYPE_CHECKING:
    from archived.config import Configuration

BELOW_LIMIT = 20
"""How many recordings below a folder are named."""

FOLDERS_LIMIT = 20_000
"""How many folders are looked at for that: a person is waiting."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """A path in a watched root; `relative` is "" for the root itself."""

    root: Root
    relative: str
    recogniser: Recogniser


@dataclass(frozen=True)
class OnDisk:
    """What a look at one recording brought; `trouble` says what could not be looked at."""

    files: Mapping[str, FileStat] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    verdicts: Sequence[Verdict] = ()
    trouble: str = ""
    root_lost: bool = False


def place_of(path: str, configuration: Configuration) -> Place | None:
    """Where a path lies among the watched roots; None outside of them.

    A path may also be the name of a dataset, and reach its root through symbolic links.
    """
    absolute = PurePath(os.path.abspath(path))
    for each in configuration.locations:
        inside = _inside(absolute, each.location.root)
        if inside is not None:
            return _place(configuration, each.location, inside)
    name, slash, rest = path.partition("/")
    for each in configuration.locations:
        if slash and each.location.name == name and ".." not in rest.split("/"):
            return _place(configuration, each.location, rest.strip("/"))
    return None


def _inside(absolute: PurePath, root: str) -> str | None:
    """What lies behind the root in a path; None outside of it.

    Only the way to the root is followed through links: those below it are no way into it, and the path need not exist.
    """
    real_root = os.path.realpath(root)
    for above in (*reversed(absolute.parents), absolute):
        for real in (above, PurePath(os.path.realpath(above))):
            for spelling in (root, real_root):
                if real.is_relative_to(spelling):
                    inside = real.relative_to(spelling) / absolute.relative_to(above)
                    return "" if inside == PurePath() else inside.as_posix()
    return None


def _place(configuration: Configuration, location: StorageLocation, relative: str) -> Place:
    sharing = [
        (each.location.name, each.conventions)
        for each in configuration.locations
        if each.location.root == location.root
    ]
    return Place(Root(location.root), relative, Recogniser(sharing))


def look_at(place: Place, found: Found) -> OnDisk:
    """Look at a recording now, and judge its files. Never raises for what the disk is like."""
    files: dict[str, FileStat] = {}
    others: set[str] = set()
    trouble = ""
    try:
        for seen in look(place.root, below=(found.recording.path,)):
            if isinstance(seen, FolderTrouble):
                trouble = trouble or f"{printable(seen.path)} cannot be read: {seen.why}"
            elif isinstance(seen, FolderSeen):
                files.update((file.path, file) for file in seen.files)
                others.update(seen.others)
    except RootUnavailableError as error:
        return OnDisk(trouble=str(error), root_lost=True)
    excluded = frozenset(path for path in files if found.convention.excludes(path))
    kept = {path: stat for path, stat in files.items() if path not in excluded}
    try:
        judgement = _judge(place, found, kept)
    except (DiskTroubleError, RootUnavailableError) as error:
        judgement = Judgement((_not_read(found, error),))
    return OnDisk(kept, excluded, frozenset(others), judgement.verdicts, trouble)


def _not_read(found: Found, error: ArchivedError) -> Verdict:
    """Nothing is known of its files, so that it does not count as finished."""
    path = found.recording.path
    why = f"a file in {printable(path)} cannot be read just now: {error}"
    return Verdict(path, "readable", Answer.UNFINISHED, why)


def _judge(place: Place, found: Found, files: Mapping[str, FileStat]) -> Judgement:
    if not files:
        return Judgement((), {})
    with reading(place.root) as opened:
        return judge(found.convention.finished, found.recording.path, files, opened)


def decide_now(
    on_disk: OnDisk,
    found: Found,
    dataset: Dataset | None,
    configuration: Configuration,
    now: datetime,
) -> Decision | None:
    """What the daemon would decide at this moment; None where there is nothing to decide about."""
    if not on_disk.files:
        return None
    newest = max(stat.mtime_ns for stat in on_disk.files.values())
    return decide(
        on_disk.verdicts,
        changed_at=dataset.changed_at if dataset else _moment(newest, now),
        newest_mtime_ns=newest,
        quiet=found.convention.quiet_time or configuration.quiet_time,
        give_up=configuration.give_up,
        now=now,
        accepted=dataset.accepted if dataset else False,
    )


def recordings_below(place: Place) -> tuple[list[str], bool]:
    """Names of datasets below a folder, and whether these are all of them."""
    names: dict[str, None] = {}
    folders = 0
    try:
        for seen in look(place.root, below=(place.relative,)):
            found = place.recogniser.find(seen.path)
            if found is not None:
                names[f"{found.location}/{found.recording.path}"] = None
            folders += 1
            if len(names) > BELOW_LIMIT or folders > FOLDERS_LIMIT:
                return list(names)[:BELOW_LIMIT], False
    except RootUnavailableError:
        return [], True
    return list(names), True


def why_not(place: Place) -> Unrecognised:
    """Why a path is no part of a recording."""
    if not place.relative:
        return Unrecognised("", "it is the watched folder itself")
    for path in _upwards(place.relative):
        miss = place.recogniser.near_miss(path)
        if miss is not None:
            return miss
    if place.recogniser.leads_to(place.relative):
        return Unrecognised(
            place.relative, "it is no recording itself; recordings may lie below it"
        )
    return Unrecognised(place.relative, "nothing in its name looks like a recording")


def exists(place: Place) -> bool:
    """Whether there is anything of that name, be it a link that leads nowhere.

    What cannot be told, as in a folder that may not be entered, counts as there: absence needs a proof.
    """
    try:
        os.lstat(Path(place.root.path, place.relative))
    except (OSError, ValueError) as error:
        return getattr(error, "errno", None) not in (None, errno.ENAMETOOLONG, *GONE)
    return True


def link_on_the_way(place: Place) -> str:
    """The first link among the folders below the root that a path leads through, and the path itself; or "".

    It is given by its path from the root. The root itself may be reached through links.
    """
    is_junction = getattr(os.path, "isjunction", lambda _path: False)
    for path in reversed(_upwards(place.relative)):
        whole = os.path.join(place.root.path, path)
        if os.path.islink(whole) or is_junction(whole):
            return path
    return ""


def _upwards(path: str) -> list[str]:
    """A path from the root and every folder above it, deepest first, without the root."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _moment(mtime_ns: int, now: datetime) -> datetime:
    """The time of a file as a time of day, no later than now: a time in the future says nothing."""
    try:
        return min(EPOCH + timedelta(microseconds=mtime_ns // 1000), now)
    except OverflowError:
        return now
