"""What a look saw, compared with what is known: which files differ, and what that means for their dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from archived.core.dataclass import dataclass
from archived.core.lifecycle import Reason, State
from archived.core.model import FileStat, FileState
from archived.core.paths import printable

ACCEPT_HINT = "accept archives it as a new revision"

LOST = frozenset({FileState.MISSING, FileState.DIFFERENT})
"""Has a receipt that the archive does not bear out any more; only a look at the archive can tell that it does."""

_HAS_A_RECEIPT = frozenset({FileState.ARCHIVED, FileState.CHANGED, *LOST})

_NOT_FOR_A_LOOK = frozenset({FileState.ARCHIVED, *LOST})
"""Files in these states keep them where what is on the rig says nothing new about what was archived."""

HANDFUL = 20
"""So few files may always be gone at once: a person tidied up."""

LARGE_PART = 0.1

_SECOND = 10**9
"""In nanoseconds: as exactly as an archive tells when its copy was modified."""


class KnownFile(NamedTuple):
    """What is known of one file, as far as a comparison needs it."""

    id: int
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    state: FileState
    archived_size: int | None
    archived_mtime_ns: int | None
    missing: bool
    """Whether the last look into its folder did not find it."""
    found_mtime_ns: int | None = None
    """When the archive's copy was last modified, where it was found there; it may be later than on the rig."""

    @property
    def fingerprint(self) -> tuple[int, int, int, int]:
        """The same as `FileStat.fingerprint`."""
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode)


class KnownFolder(NamedTuple):
    """What is remembered of a folder in which nothing was to be done, so that a look need not compare it again."""

    mtime_ns: int
    subfolders: tuple[str, ...]
    """Their names."""
    listing: str | None = None
    """The digest of what was in it; None where only its time is known."""
    recording: bool = False
    """Whether it belongs to a dataset."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One known file that is different now, and the state that it has from now on."""

    known: KnownFile
    stat: FileStat
    after: FileState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """All differences between what is known and what was seen. Empty means that nothing happened."""

    new: tuple[tuple[FileStat, str], ...] = ()
    """With their file types."""
    changed: tuple[FileChange, ...] = ()
    """Not archived yet, and different; or gone, and there again."""
    altered: tuple[FileChange, ...] = ()
    """Different from what was archived of them."""
    restored: tuple[FileChange, ...] = ()
    """Were different from what was archived of them, and are not any more."""
    noted: tuple[FileChange, ...] = ()
    """Keep their state, which a look at the rig cannot tell; only what is on the rig is noted."""
    missing: tuple[KnownFile, ...] = ()
    """Were there at the last look, and are not now."""
    returned: tuple[KnownFile, ...] = ()
    """Were not there at the last look, and are there now, unchanged."""

    @property
    def number(self) -> int:
        """How many files differ."""
        return (
            len(self.new)
            + len(self.changed)
            + len(self.altered)
            + len(self.restored)
            + len(self.noted)
            + len(self.missing)
            + len(self.returned)
        )

    def __bool__(self) -> bool:
        return self.number > 0


@dataclass(frozen=True, slots=True)
class Consequence:
    """What changes mean for a dataset: whether its quiet time starts anew, and where it moves, if at all.

    For a held dataset `resume_in` is where it goes on once it is released.
    """

    differs: bool = False
    after: State | None = None
    reason: Reason | None = None
    why: str = ""
    resume_in: State | None = None


def too_many_at_once(lost: int, known: int, part: float = LARGE_PART) -> bool:
    """Whether so many of the known files are gone that a disk is more likely to be away (safety rule 6)."""
    return lost > HANDFUL and lost > part * known


def compare(known: Iterable[KnownFile], seen: Mapping[str, tuple[FileStat, str]]) -> Changes:
    """Compare known files with what a look saw where they belong.

    `known` must be exactly the files that are known in the folders that the look saw. A file that is archived
    counts as changed by its size and modification time alone: a copy back from the archive has another inode. One
    that was found in the archive, and is seen on the rig for the first time, is the same if it has the same size and
    was not modified later than the copy, to the second.
    """
    new = dict(seen)
    changed, altered, restored, noted, missing, returned = [], [], [], [], [], []
    for file in known:
        found = new.pop(file.path, None)
        if found is None:
            if not file.missing and file.state is not FileState.GONE:
                missing.append(file)
            continue
        stat = found[0]
        change = _change(file, stat)
        if change is None:
            if file.missing:
                returned.append(file)
        elif change.after is file.state and file.state in _NOT_FOR_A_LOOK:
            noted.append(change)
        elif change.after is FileState.CHANGED:
            altered.append(change)
        elif change.after is FileState.ARCHIVED:
            restored.append(change)
        else:
            changed.append(change)
    return Changes(
        tuple(new.values()),
        tuple(changed),
        tuple(altered),
        tuple(restored),
        tuple(noted),
        tuple(missing),
        tuple(returned),
    )


def _change(file: KnownFile, stat: FileStat) -> FileChange | None:
    if file.state is FileState.GONE:
        return FileChange(file, stat, FileState.PENDING)
    if file.state is FileState.TRAVELLING:
        # What travels is compared when its proof is there.
        same = stat.fingerprint == file.fingerprint
        return None if same else FileChange(file, stat, FileState.TRAVELLING)
    if file.state in LOST:
        same = stat.fingerprint == file.fingerprint
        return None if same else FileChange(file, stat, file.state)
    if file.archived_size is not None:
        return _change_of_archived(file, stat)
    # A file that was set apart gets another chance once it is different.
    same = stat.fingerprint == file.fingerprint
    return None if same else FileChange(file, stat, FileState.PENDING)


def _change_of_archived(file: KnownFile, stat: FileStat) -> FileChange | None:
    why = since_archived(file, stat)
    if not why:
        if file.state is FileState.ARCHIVED and file.archived_mtime_ns is not None:
            return None
        return FileChange(file, stat, FileState.ARCHIVED)
    # Whoever accepted a new revision accepted the one that was there then, not whatever comes later.
    if file.state is not FileState.ARCHIVED and stat.fingerprint == file.fingerprint:
        return None
    return FileChange(file, stat, FileState.CHANGED, why)


def since_archived(file: KnownFile, stat: FileStat) -> str:
    """How a file on the rig differs from what was archived of it, for people; "" where it does not."""
    if stat.size != file.archived_size:
        difference = f"{stat.size} bytes, was {file.archived_size}"
    elif file.archived_mtime_ns is not None:
        if stat.mtime_ns == file.archived_mtime_ns:
            return ""
        difference = f"modified {_when(stat.mtime_ns)}, was {_when(file.archived_mtime_ns)}"
    else:
        copied = file.found_mtime_ns
        if copied is None or not_later(stat.mtime_ns, copied):
            return ""
        difference = f"modified {_when(stat.mtime_ns)}, the archive's copy {_when(copied)}"
    return f"changed after it was archived: {difference}; {ACCEPT_HINT}"


def not_later(mtime_ns: int, copied_ns: int) -> bool:
    """Whether a file was last modified before its copy was, or in the same second: then it may be what was copied."""
    return mtime_ns // _SECOND <= copied_ns // _SECOND


def _when(time_ns: int) -> str:
    """A file's time for people; file systems can hold times that no calendar has."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)
    except OverflowError:
        return f"{time_ns} ns"
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f") + f"{time_ns % 1000:03}"


def consequence(state: State, changes: Changes) -> Consequence:
    """What the changes mean for a dataset in this state (docs/ARCHITECTURE.md and safety rules 4 and 6).

    A file that one look did not find moves nothing: absence counts only after two complete looks
    (`after_absence`). It does restart the quiet time of a dataset that is still settling.
    """
    news = bool(changes.new or changes.changed or changes.altered or changes.restored)
    unrest = news or _unarchived(changes.missing) or _unarchived(changes.returned)
    match state:
        case State.SETTLING | State.TRANSFERRING | State.VERIFYING:
            return Consequence(differs=unrest)
        case State.READY | State.WAITING:
            if news:
                return Consequence(True, State.SETTLING, Reason.CHANGED, describe(changes))
        case State.FAILED:
            if changes.new or changes.changed or changes.restored:
                return Consequence(True, State.SETTLING, Reason.CHANGED, describe(changes))
        case State.ARCHIVED:
            if changes.new or changes.changed:
                return Consequence(True, State.SETTLING, Reason.GREW, describe(changes))
            if changes.altered:
                return Consequence(True, State.FAILED, Reason.NEEDS_A_PERSON, _altered(changes))
        case State.HELD:
            if news:
                return Consequence(True, resume_in=State.SETTLING)
    return Consequence()


def after_absence(state: State, gone: int, *, anything_left: bool) -> Consequence:
    """What it means for a dataset in this state that `gone` of its files left the rig before being archived.

    `anything_left` says whether it has other files, archived or still to be archived.
    """
    if state is State.HELD:
        return Consequence(True, resume_in=State.SETTLING)
    if state in (State.TRANSFERRING, State.VERIFYING, State.ARCHIVED):
        return Consequence()
    if not anything_left:
        if state is State.FAILED:
            return Consequence()
        why = "its files left the rig before they were archived"
        return Consequence(True, State.FAILED, Reason.NEEDS_A_PERSON, why)
    if state is State.SETTLING:
        return Consequence(differs=True)
    why = f"{gone} {'file' if gone == 1 else 'files'} left the rig before being archived"
    return Consequence(True, State.SETTLING, Reason.CHANGED, why)


def _unarchived(files: Iterable[KnownFile]) -> bool:
    return any(file.state not in _HAS_A_RECEIPT for file in files)


def describe(changes: Changes) -> str:
    """A sentence that names one difference, the same whatever their order, and counts the others."""
    first = _difference(changes)
    if not first:
        return "nothing differs"
    others = changes.number - len(changes.noted) - 1
    return (
        first
        + (f", and {others} more differences" if others > 1 else "")
        + (", and one more difference" if others == 1 else "")
    )


def _difference(changes: Changes) -> str:
    """One difference, of the most telling kind that there is; "" for none."""
    if changes.new:
        return f"{printable(min(stat.path for stat, _ in changes.new))} is new"
    if changes.changed:
        change = min(changes.changed, key=_path)
        path = printable(change.stat.path)
        if change.known.state is FileState.GONE:
            return f"{path} is there again"
        if change.stat.size != change.known.size:
            return f"{path} changed: {change.stat.size} bytes, was {change.known.size}"
        return f"{path} changed"
    if changes.altered:
        return _altered(changes)
    if changes.restored:
        path = min(change.stat.path for change in changes.restored)
        return f"{printable(path)} is again as it was archived"
    if changes.missing:
        return f"{printable(min(file.path for file in changes.missing))} is not there now"
    if changes.returned:
        return f"{printable(min(file.path for file in changes.returned))} is there again"
    return ""


def _altered(changes: Changes) -> str:
    change = min(changes.altered, key=_path)
    return f"{printable(change.stat.path)} {change.reason}"


def _path(change: FileChange) -> str:
    return change.stat.path
