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
from archived.core.sighting import KnownFolder
from archived.rig.folders import GONE, Folder, inode_of, open_below, parts_of
from archived.rig.listing import digest_of, file_stat, folder_seen, trouble_in, why_of
from archived.rig.mounts import MountTable, folder_time_margin, mounts_if_known
from archived.rig.root import Root
from archived.rig.sights import (
    UNSURE,
    FileTrouble,
    FolderSame,
    FolderSeen,
    FolderSkipped,
    FolderTrouble,
    Sight,
)

__all__ = [
    "UNSURE",
    "FileTrouble",
    "FolderSame",
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
    """For a look that passes over nothing, and for which nothing is the same."""
    return None


def look(
    root: Root,
    *,
    below: Sequence[str] = ("",),
    known: Callable[[str], KnownFolder | None] = nothing_known,
    deep: bool = False,
    key: bytes = b"",
    now: datetime | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Sight]:
    """Look at everything below a root, or at the folders `below` it and all that is in them.

    A folder for which `known` has the very time that it has now is passed over (`FolderSkipped`) and only its
    known subfolders are visited. That is not done where times are not to be trusted: on some file systems, and
    for folders that changed less than two seconds before `now`, as the next change might not move their time.
    Without `now`, no folder's time is trusted, and a `deep` look passes over none. A folder of `below` that does not
    exist is not news.

    Of a folder that is listed, and for which `known` has the digest that its listing has now, nothing more is told
    (`FolderSame`). `key` takes part in the digests; it stands for whatever else decides what is made of a listing.

    With `stop` set the look ends early, so whoever sets it must not take what came for everything. A folder in
    which some files could not be looked at comes twice: as trouble, then with the others.
    Raises `RootUnavailableError` where the root itself cannot be opened; whether it is the right one, and stayed
    so, is for the caller to `confirm`.
    """
    walk = _Walk(root, known, now, stop or threading.Event(), deep=deep, key=key)
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
        # The folder's own path was looked at already; this is called for thousands of files in a row.
        status = folder.status_of((parts_of(path.rpartition("/")[2]) or (".",))[-1])
    except OSError as error:
        return _absence(path, error)
    return file_stat(path, inode_of(status)) if stat.S_ISREG(status.st_mode) else None


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
        *,
        deep: bool,
        key: bytes,
    ) -> None:
        self._real_path = root.real_path()
        self._known = known
        self._now = now
        self._stop = stop
        self._deep = deep
        self._key = key
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
            known = self._known(path)
            passed_over = known is not None and self._may_pass_over(known, status, margin)
            if known is not None and passed_over and not known.subfolders:
                # Opening it would tell nothing more; most folders of a tree that is archived end here.
                yield FolderSkipped(path)
                return
            folder = above.open(name)
        except OSError as error:
            yield from _trouble(path, error)
            return
        frame = _Frame(path, folder, status.st_dev, margin)
        stack.append(frame)
        if known is not None and passed_over:
            frame.pending = sorted(known.subfolders, reverse=True)
            yield FolderSkipped(path)
        else:
            yield from self._list(frame, known)

    def _may_pass_over(
        self, known: KnownFolder, status: os.stat_result, margin: timedelta | None
    ) -> bool:
        return not self._deep and margin is not None and known.mtime_ns == status.st_mtime_ns

    def _margin(self, stack: list[_Frame], path: str, device: int) -> timedelta | None:
        """How far times are to be trusted here; asked anew only where another file system begins."""
        if self._now is None:
            return None
        if stack and stack[-1].device == device:
            return stack[-1].margin
        mount = self._mounts.of(os.path.join(self._real_path, path) if path else self._real_path)
        return folder_time_margin(mount.file_system) if mount else None

    def _list(self, frame: _Frame, known: KnownFolder | None) -> Iterator[Sight]:
        path = frame.path
        try:
            # Before the listing: what comes while it is read moves the time past this one.
            mtime_ns = frame.folder.status().st_mtime_ns
            listing = frame.folder.listing()
        except OSError as error:
            yield from _trouble(path, error)
            return
        if listing.failures:
            seen = folder_seen(path, listing, UNSURE, None)
            yield trouble_in(path, listing)
        else:
            if not self._settled(frame.margin, mtime_ns):
                mtime_ns = UNSURE
            digest = digest_of(listing, self._key)
            if known is not None and (known.listing, known.mtime_ns) == (digest, mtime_ns):
                frame.pending = sorted(known.subfolders, reverse=True)
                yield FolderSame(path, known, len(listing.files) + len(listing.folders))
                return
            seen = folder_seen(path, listing, mtime_ns, digest)
        frame.pending = list(seen.subfolders[::-1])
        yield seen

    def _settled(self, margin: timedelta | None, mtime_ns: int) -> bool:
        """Whether a further change would be sure to move the folder's time (the rule for racy times)."""
        if margin is None or self._now is None:
            return False
        return mtime_ns < (self._now - EPOCH - margin) // timedelta(microseconds=1) * 1000


def _trouble(path: str, error: OSError) -> Iterator[FolderTrouble]:
    """Trouble, unless the folder is just not there: whatever took it away moved its parent's time."""
    if error.errno not in GONE:
        yield FolderTrouble(path, why_of(error))
