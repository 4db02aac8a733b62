"""What a folder of the archive holds, sorted: what belongs to a recording, what is to be walked into, what is strange."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from archived.config import LocationSettings
from archived.core.dataclass import dataclass
from archived.core.discovery import Listed
from archived.core.filetypes import UNKNOWN
from archived.core.model import CollectionArchive, StorageLocation
from archived.core.paths import looks_like_windows
from archived.core.recognition import Found, Recogniser
from archived.core.records import is_own
from archived.ports import Entry, EntryType
from archived.store import ListedFile, ListedFolder

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_NAMES = frozenset({"", ".", ".."})

DEEPEST = 100
"""How many folders deep a walk goes: what an archive calls a folder may be a link to one above it."""

NOT_LED_TO = (
    "no convention of this location describes such a name; what lies below was not looked at"
)
NO_RECORDING = "it lies outside of every recording"
EXCLUDED = "its convention excludes such files"
NOT_A_NAME = "its name cannot be one of a file"


@dataclass(frozen=True)
class Sorter:
    """Knows one location, and which others share its archive.

    `knows_below` tells whether the catalogue has something at a path or below it: such folders are always walked.
    """

    location: StorageLocation
    recogniser: Recogniser
    others: frozenset[str]
    """Where the archives of other locations begin inside of this one."""
    knows_below: Callable[[str], bool]

    def sort(
        self,
        folder: str,
        entries: Iterable[Entry],
        *,
        listed_at: datetime,
        again: bool,
        believed: bool,
    ) -> ListedFolder:
        """What the listing of a folder means."""
        found = self.recogniser.find(folder) if folder else None
        foreign = found is not None and found.location != self.location.name
        file_of = self._other_file if found is None or foreign else _file_of(found)
        inside = f"{folder}/" if folder else ""
        files: list[ListedFile] = []
        subfolders: list[str] = []
        strange: list[tuple[str, str]] = []
        for entry in entries:
            name = entry.name
            path = inside + name
            if name in _NO_NAMES or "/" in name or "\0" in name:
                strange.append((path, NOT_A_NAME))
            elif is_own(path):
                continue
            elif entry.type is EntryType.FILE:
                files.append(file_of(Listed(path, entry.size, _nanoseconds(entry.modified))))
            elif entry.type is EntryType.FOLDER:
                self._sort_folder(path, found, subfolders, strange)
        return ListedFolder(
            folder=folder,
            listed_at=listed_at,
            root_key=self.location.root,
            recording=None if found is None or foreign else found.recording,
            files=tuple(files),
            subfolders=tuple(subfolders),
            strange=tuple(strange),
            again=again,
            believed=believed,
        )

    def _sort_folder(
        self,
        path: str,
        above: Found | None,
        subfolders: list[str],
        strange: list[tuple[str, str]],
    ) -> None:
        if path.count("/") >= DEEPEST:
            strange.append((path, f"it lies more than {DEEPEST} folders deep"))
            return
        found = above or self.recogniser.find(path)
        foreign = path in self.others or (found and found.location != self.location.name)
        ours = not foreign and (found or self.recogniser.leads_to(path))
        if ours or self.knows_below(path):
            subfolders.append(path)
        elif not foreign and not any(each.startswith(path + "/") for each in self.others):
            miss = self.recogniser.near_miss(path)
            strange.append((path, miss.why if miss else NOT_LED_TO))

    def _other_file(self, listed: Listed) -> ListedFile:
        """A file that belongs to no recording of the location."""
        miss = self.recogniser.near_miss(listed.path)
        return ListedFile(listed, UNKNOWN, miss.why if miss else NO_RECORDING)


def _file_of(found: Found) -> Callable[[Listed], ListedFile]:
    """What is made of the files of a recording."""
    excludes, file_type = found.convention.excludes, found.convention.file_type

    def file(listed: Listed) -> ListedFile:
        if excludes(listed.path):
            return ListedFile(listed, UNKNOWN, EXCLUDED)
        return ListedFile(listed, file_type(listed.path))

    return file


def sorter_for(
    wanted: LocationSettings,
    locations: Sequence[LocationSettings],
    knows_below: Callable[[str], bool],
) -> Sorter:
    """The sorter of one location among all of a configuration.

    A path belongs to the first of those that share the archive, as it does on the rig.
    """
    location = wanted.location
    sharing = [each for each in locations if each.location.archive == location.archive]
    inside = (_inside(location, each.location) for each in locations)
    return Sorter(
        location,
        Recogniser([(each.location.name, each.conventions) for each in sharing]),
        frozenset(each for each in inside if each),
        knows_below,
    )


def _inside(outer: StorageLocation, other: StorageLocation) -> str | None:
    """Where the archive of another location begins, from the root of this one's; None where it is elsewhere."""
    first, second = outer.archive, other.archive
    if isinstance(first, CollectionArchive) and isinstance(second, CollectionArchive):
        if first.collection != second.collection:
            return None
    elif type(first) is not type(second):
        return None
    top, below = _pure(first.path), _pure(second.path)
    if type(top) is not type(below) or not below.is_relative_to(top):
        return None
    return "/".join(below.parts[len(top.parts) :])


def _pure(path: str) -> PurePath:
    return (
        PureWindowsPath(path) if looks_like_windows(path) else PurePosixPath("/" + path.strip("/"))
    )


def _nanoseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND * 1000
