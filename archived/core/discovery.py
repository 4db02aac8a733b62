"""What a folder of the archive lists, held against what the catalogue knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from archived.core.dataclass import dataclass
from archived.core.model import FileStat, FileState
from archived.core.sighting import LOST, KnownFile, not_later, since_archived

CONFLICT = "conflict"
"""The fault that sets a file apart because the archive holds something under its name that we never sent."""

CLAIMED = frozenset({FileState.ARCHIVED, FileState.CHANGED, *LOST})
"""The states of files of which the catalogue says that the archive was proved to hold them."""


DAMAGED = "has other content in the archive than what was archived, with the same size"


class Kind(StrEnum):
    """What a look at the archive found out about one path."""

    ARCHIVE = "archive"
    """Only the archive has it."""
    CATALOGUE = "catalogue"
    """Only the catalogue has it: it is missing in the archive."""
    DIFFERENT = "different"
    """Both have it, with different sizes; or the archive has something else in the place of what is to be sent."""
    ADOPTED = "adopted"
    """It was still to be sent, or in conflict, and lies in the archive already."""
    FOUND = "found"
    """It was missing or different at an earlier look, and is in order now."""
    UNRECOGNISED = "unrecognised"
    """No convention knows it."""
    CONTENT = "content"
    """Both have it with the same size, and its content is not what was archived."""
    UNKNOWN = "no checksum"
    """Its content was to be compared, and nothing is known that it could be compared with."""
    MANIFEST = "manifest"
    """Its content is what was archived, and the manifest in the archive tells of another."""
    UNREAD = "unread"
    """Its content was to be compared, and could not be read."""


class Listed(NamedTuple):
    """One file as the archive lists it; `mtime_ns` is None where the archive does not tell."""

    path: str
    size: int
    mtime_ns: int | None


class Claim(NamedTuple):
    """What the catalogue says of one file, as far as a look at the archive is concerned."""

    file: KnownFile
    submitted: int = 0
    fault: str = ""
    proved_at: datetime | None = None
    """When its latest receipt was written."""
    found_size: int | None = None
    """The size that an earlier look found in the archive, where it differs from what was proved."""
    accepted: bool = False
    """A person said that it is to replace what the archive holds."""
    damaged_at: datetime | None = None
    """When the archive's content was last compared, if it was not what was archived."""

    @property
    def damaged(self) -> bool:
        """Whether the last look at the content still counts: nothing was proved since. A listing cannot tell better."""
        if self.damaged_at is None:
            return False
        return self.proved_at is None or self.proved_at <= self.damaged_at


class Finding(NamedTuple):
    """What is told of one path. Sizes are bytes; None where that side does not have it."""

    kind: Kind
    path: str
    size: int | None = None
    """In the archive."""
    known_size: int | None = None
    """In the catalogue."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """A known file that gets another state, and what the archive lists of it (None: nothing)."""

    claim: Claim
    listed: Listed | None
    after: FileState
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that one listing of one folder tells about the files of one dataset."""

    agreed: int = 0
    """How many files both have, with the same size."""
    new: tuple[Listed, ...] = ()
    """What the catalogue does not have."""
    changes: tuple[FileVerdict, ...] = ()
    """Known files that are in another state from now on."""
    findings: tuple[Finding, ...] = field(default=())
    """What is to be told; it includes what is new and what changes."""
    looked: tuple[tuple[int, Kind | None], ...] = ()
    """By their ids, the files of which the archive was proved to hold, and what was found out (None: as archived)."""

    @property
    def doubtful(self) -> bool:
        """Whether files are missing or different that were not known to be: reason to look a second time."""
        return any(each.after in LOST for each in self.changes)


def compare(
    claims: Iterable[Claim], listed: Mapping[str, Listed], *, listed_at: datetime
) -> Comparison:
    """Compare what is known in one folder with what the archive lists there, by path.

    `claims` must be all that is known in that folder. `listed_at` is when the listing was asked for: what was
    proved since then says nothing about a file that is not in it, nor does it about one that travels.
    """
    new = dict(listed)
    agreed = 0
    changes: list[FileVerdict] = []
    findings: list[Finding] = []
    looked: list[tuple[int, Kind | None]] = []
    for claim in claims:
        there = new.get(claim.file.path)
        if claim.file.state is FileState.GONE:
            if there is not None and (half := _half(claim, there)):
                del new[claim.file.path]
                findings.append(half)
            continue
        new.pop(claim.file.path, None)
        if claim.proved_at is not None and claim.proved_at >= listed_at:
            continue
        verdict, finding = _judge(claim, there)
        if verdict is not None:
            changes.append(verdict)
        if finding is not None:
            findings.append(finding)
        elif claim.file.state in CLAIMED and there is not None:
            agreed += 1
        if claim.file.state in CLAIMED:
            kind = None if finding is None or finding.kind is Kind.FOUND else finding.kind
            looked.append((claim.file.id, kind))
    findings += [Finding(Kind.ARCHIVE, each.path, each.size) for each in new.values()]
    return Comparison(agreed, tuple(new.values()), tuple(changes), tuple(findings), tuple(looked))


def _half(claim: Claim, there: Listed) -> Finding | None:
    """What a transfer of ours that never ended well may have left of a file that is not on the rig any more."""
    file = claim.file
    if claim.submitted == 0 or there.size == file.size:
        return None
    why = "it left the rig before it was proved: the archive may hold a part of it"
    return Finding(Kind.DIFFERENT, file.path, there.size, file.size, why)


def _judge(claim: Claim, there: Listed | None) -> tuple[FileVerdict | None, Finding | None]:
    if claim.file.state in CLAIMED:
        return _judge_claimed(claim, there)
    never_sent = claim.file.archived_size is None and claim.submitted == 0
    waits = claim.file.state is FileState.PENDING or (
        claim.file.state is FileState.FAILED and claim.fault == CONFLICT
    )
    if there is None or not waits or not never_sent or claim.accepted:
        return None, None
    return _judge_unsent(claim, there)


def _judge_claimed(claim: Claim, there: Listed | None) -> tuple[FileVerdict | None, Finding | None]:
    file, known = claim.file, claim.file.archived_size
    if there is None:
        finding = Finding(Kind.CATALOGUE, file.path, None, known)
        if file.state is FileState.MISSING:
            return None, finding
        why = f"is not in the archive any more, where it was proved with {known} bytes"
        return FileVerdict(claim, None, FileState.MISSING, why), finding
    if there.size != known:
        finding = Finding(Kind.DIFFERENT, file.path, there.size, known)
        if file.state is FileState.DIFFERENT and claim.found_size == there.size:
            return None, finding
        why = f"has {there.size} bytes in the archive, where it was proved with {known}"
        return FileVerdict(claim, there, FileState.DIFFERENT, why), finding
    if claim.damaged:
        finding = Finding(Kind.CONTENT, file.path, there.size, known, DAMAGED)
        if file.state is FileState.DIFFERENT and claim.found_size == there.size:
            return None, finding
        return FileVerdict(claim, there, FileState.DIFFERENT, DAMAGED), finding
    if file.state not in LOST:
        return None, None
    return found_again(claim, there)


def found_again(claim: Claim, there: Listed) -> tuple[FileVerdict, Finding]:
    """A file that was missing or different, and is as it was archived now."""
    file = claim.file
    changed = "" if file.missing else since_archived(file, _on_rig(file))
    after = FileState.CHANGED if changed else FileState.ARCHIVED
    finding = Finding(Kind.FOUND, file.path, there.size, file.archived_size)
    return FileVerdict(claim, there, after, changed), finding


def _judge_unsent(claim: Claim, there: Listed) -> tuple[FileVerdict | None, Finding]:
    """What lies in the archive under the name of a file that we never sent: the same, as far as can be told?"""
    file = claim.file
    if there.size != file.size:
        why = "it is to be sent, and the archive has something of another size under its name"
        return None, Finding(Kind.DIFFERENT, file.path, there.size, file.size, why)
    if there.mtime_ns is None or not not_later(file.mtime_ns, there.mtime_ns):
        why = "it is to be sent, and what the archive has under its name is older or of unknown age"
        return None, Finding(Kind.DIFFERENT, file.path, there.size, file.size, why)
    finding = Finding(Kind.ADOPTED, file.path, there.size, file.size)
    return FileVerdict(claim, there, FileState.ARCHIVED, ""), finding


def _on_rig(file: KnownFile) -> FileStat:
    return FileStat(file.path, file.size, file.mtime_ns, file.ctime_ns, file.inode)
