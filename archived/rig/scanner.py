"""The only walker of directories: what is below a root, folder by folder.

One thread, one folder at a time; only the open folders on the way down are kept in memory. Links are reported
and never followed. What a file system keeps for itself (`lost+found`, waste baskets) is passed over.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from archived.core.model import FileStat, parent
from archived.rig.folders import GONE, Folder, open_below, parts_of
from archived.rig.listing import Contents, file_stat, why_of
from archived.rig.mounts import MountTable, folder_time_margin, mounts_if_known
from archived.rig.root import Root
from archived.rig.sights import (
    UNSURE,
    FileTrouble,
    FolderSeen,
    FolderSkipped,
    FolderTrouble,
    KnownFolder,
    Sight,
)

__all__ = [
    "UNSURE",
    "FileTrouble",
    "FolderSeen",
    "FolderSkipped",
    "FolderTrouble",
    "KnownFolder",
    "Sight",
    "look",
    "stat_files",
]

DEEPEST = 200
"""How many folders deep a look goes. A path of that depth is longer than programs can name."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nothing_known(_path: str) -> KnownFolder | None:
    """For a look that passes over nothing."""
    return None


def look(
    root: Root,
    *,
    below: Sequence[str] = ("",),
    known: Callable[[str], KnownFolder | None] = nothing_known,
    now: datetime | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Sight]:
    """Look at everything below a root, or at the folders `below` it and all that is in them.

    A folder for which `known` has the very time that it has now is passed over (`FolderSkipped`) and only its
    known subfolders are visited. That is not done where times are not to be trusted: on some file systems, and
    for folders that changed less than two seconds before `now`, as the next change might not move their time.
    Without `now`, no folder's time is trusted. A folder of `below` that does not exist is not news.

    With `stop` set the look ends early, so whoever sets it must not take what came for everything. A folder in
    which some files could not be looked at comes twice: as trouble, then with the others.
    Raises `RootUnavailableError` where the root itself cannot be opened; whether it is the right one, and stayed
    so, is for the caller to `confirm`.
    """
    walk = _Walk(root, known, now, stop or threading.Event())
    with root.open() as top:
        for start in below:
            yield from walk.from_(top, start)


def stat_files(root: Root, paths: Sequence[str]) -> dict[str, FileStat | FileTrouble | None]:
    """The files as they are now. None where there is no regular file of that name (also a link in its place).

    Asks for each path, not for a listing, which on NTFS is stale while a file is being written. Any other refusal
    of the disk (permission, I/O) makes a `FileTrouble`, as it says nothing about the file. Raises
    `RootUnavailableError`; the root should be confirmed before and after, as an unmounted one has no files.
    """
    found: dict[str, FileStat | FileTrouble | None] = {}
    with root.open() as top:
        by_folder: dict[str, list[str]] = {}
        for path in paths:
            by_folder.setdefault(parent(path), []).append(path)
        for folder_path, members in by_folder.items():
            found.update(_stat_members(top, folder_path, members))
    return found


def _stat_members(
    top: Folder, folder_path: str, members: Sequence[str]
) -> dict[str, FileStat | FileTrouble | None]:
    try:
        folder = open_below(top, parts_of(folder_path))
    except OSError as error:
        return {path: _absence(path, error) for path in members}
    try:
        return {path: _stat_member(folder, path) for path in members}
    finally:
        if folder is not top:
            folder.close()


def _stat_member(folder: Folder, path: str) -> FileStat | FileTrouble | None:
    try:
        status = folder.status_of((parts_of(path) or (".",))[-1])
    except OSError as error:
        return _absence(path, error)
    return file_stat(path, status) if stat.S_ISREG(status.st_mode) else None


def _absence(path: str, error: OSError) -> FileTrouble | None:
    return None if error.errno in GONE else FileTrouble(path, why_of(error))


@dataclass
class _Frame:
    """A folder on the way down, and which of its folders are still to be visited."""

    path: str
    folder: Folder
    device: int
    margin: timedelta | None
    pending: list[str] = field(default_factory=list)


class _Walk:
    """One look: what it was told, and how far it trusts which file system."""

    def __init__(
        self,
        root: Root,
        known: Callable[[str], KnownFolder | None],
        now: datetime | None,
        stop: threading.Event,
    ) -> None:
        self._real_path = root.real_path()
        self._known = known
        self._now = now
        self._stop = stop
        self._mounts: MountTable = mounts_if_known()

    def from_(self, top: Folder, start: str) -> Iterator[Sight]:
        """Everything in `start` and below; the stack holds the open folders on the way down."""
        stack: list[_Frame] = []
        try:
            yield from self._start(stack, top, start)
            while stack and not self._stop.is_set():
                frame = stack[-1]
                if frame.pending:
                    name = frame.pending.pop()
                    path = f"{frame.path}/{name}" if frame.path else name
                    yield from self._enter(stack, frame.folder, path, name)
                else:
                    stack.pop().folder.close()
        finally:
            for frame in stack:
                frame.folder.close()

    def _start(self, stack: list[_Frame], top: Folder, start: str) -> Iterator[Sight]:
        try:
            parts = parts_of(start)
            above = open_below(top, parts[:-1])
        except OSError as error:
            yield from _trouble(start, error)
            return
        try:
            yield from self._enter(stack, above, start, parts[-1] if parts else ".")
        finally:
            if above is not top:
                above.close()

    def _enter(self, stack: list[_Frame], above: Folder, path: str, name: str) -> Iterator[Sight]:
        """Visit one folder, the entry `name` of `above`."""
        if len(stack) >= DEEPEST:
            yield FolderTrouble(path, f"more than {DEEPEST} folders deep")
            return
        try:
            status = above.status_of(name)
            margin = self._margin(stack, path, status.st_dev)
            known = None if margin is None else self._known(path)
            if known is not None and known.mtime_ns != status.st_mtime_ns:
                known = None
            if known is not None and not known.subfolders:
                # Opening it would tell nothing more; most folders of a tree that is archived end here.
                yield FolderSkipped(path)
                return
            folder = above.open(name)
        except OSError as error:
            yield from _trouble(path, error)
            return
        frame = _Frame(path, folder, status.st_dev, margin)
        stack.append(frame)
        if known is not None:
            frame.pending = sorted(known.subfolders, reverse=True)
            yield FolderSkipped(path)
        else:
            yield from self._list(frame)

    def _margin(self, stack: list[_Frame], path: str, device: int) -> timedelta | None:
        """How far times are to be trusted here; asked anew only where another file system begins."""
        if self._now is None:
            return None
        if stack and stack[-1].device == device:
            return stack[-1].margin
        mount = self._mounts.of(os.path.join(self._real_path, path) if path else self._real_path)
        return folder_time_margin(mount.file_system) if mount else None

    def _list(self, frame: _Frame) -> Iterator[Sight]:
        try:
            # Before the listing: what comes while it is read moves the time past this one.
            mtime_ns = frame.folder.status().st_mtime_ns
            entries = sorted(frame.folder.entries(), key=lambda entry: entry[0])
        except OSError as error:
            yield from _trouble(frame.path, error)
            return
        contents = Contents(frame.path)
        for name, kind in entries:
            if self._stop.is_set():
                return
            contents.add(frame.folder, name, kind)
        frame.pending = contents.subfolders[::-1]
        yield from contents.troubles
        trusted = not contents.troubles and self._settled(frame.margin, mtime_ns)
        yield FolderSeen(
            frame.path,
            mtime_ns if trusted else UNSURE,
            tuple(contents.subfolders),
            tuple(contents.files),
            tuple(contents.others),
            whole=not contents.troubles,
        )

    def _settled(self, margin: timedelta | None, mtime_ns: int) -> bool:
        """Whether a further change would be sure to move the folder's time (the rule for racy times)."""
        if margin is None or self._now is None:
            return False
        return mtime_ns < (self._now - EPOCH - margin) // timedelta(microseconds=1) * 1000


def _trouble(path: str, error: OSError) -> Iterator[FolderTrouble]:
    """Trouble, unless the folder is just not there: whatever took it away moved its parent's time."""
    if error.errno not in GONE:
        yield FolderTrouble(path, why_of(error))
