"""Verifying: what is to be looked at in the archive, and what a look at contents told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from archived.core.discovery import (
    CLAIMED,
    Claim,
    FileVerdict,
    Finding,
    Kind,
    Listed,
    found_again,
)
from archived.core.model import Checksum, Dataset, FileState
from archived.core.sighting import LOST
from archived.core.verifying import (
    Candidate,
    Content,
    Look,
    Verdict,
    Wanted,
    too_many_differ,
)
from archived.store.discoveries import DiscoveryVerbs
from archived.store.fields import (
    from_checksum,
    from_text,
    from_time,
    joined,
    to_checksum,
    to_text,
    to_time,
)
from archived.store.portions import chunks, marks
from archived.store.walks import TO_DO, Discovery
from archived.store.wanted import OF_FILE, checksums_of

_UNCHANGED = "(f.missing = 0 AND f.size = f.archived_size AND f.mtime_ns = f.archived_mtime_ns)"
"""Whether the rig has it as it was archived, for all that is known."""

_VERDICTS = {
    Content.SAME: Verdict.SAME,
    Content.DIFFERENT: Verdict.CONTENT,
    Content.NOTED: Verdict.UNKNOWN,
    Content.CHANGED: Verdict.CONTENT,
}


class VerificationVerbs(DiscoveryVerbs):
    """Looks at the archive's copies of what the catalogue says is archived."""

    def candidates(self, dataset: Dataset, *, deep: bool) -> Iterator[Candidate]:
        """The files of a dataset that the archive was proved to hold; `deep` asks when contents were looked at.

        That is also the time at which a file was found to be comparable with nothing.
        """
        rows = self._door.rows(
            f"SELECT f.id, f.name, f.file_type, f.archived_size, v.{'content_at' if deep else 'at'}, "
            f"CASE WHEN {_UNCHANGED} THEN 1 ELSE 0 END "
            "FROM file f LEFT JOIN verification v ON v.file_id = f.id "
            f"WHERE f.dataset_id = ? AND f.state IN ({marks(list(CLAIMED))})",
            dataset.id,
            *CLAIMED,
        )
        for row in rows:
            yield Candidate(
                row[0],
                joined(dataset.path, from_text(row[1])),
                from_text(row[2]),
                row[3] or 0,
                from_time(row[4]),
                bool(row[5]),
            )

    def begin_audit(
        self,
        location: str,
        folders: Sequence[str],
        now: datetime,
        *,
        audit: int,
        drawn: int | None = None,
    ) -> Discovery:
        """Begin to look into these folders; what the same one noted for an earlier audit of the location is removed.

        `drawn` is the number of files where they are a sample: it is what losses are held against then.
        """
        with self._door.write():
            rows = self._door.rows(
                "SELECT id FROM discovery WHERE rig_id = ? AND location = ? AND audit = ?",
                self._rig_id,
                to_text(location),
                audit,
            )
            self._remove_walks([row[0] for row in rows])
            number = self._door.insert(
                "INSERT INTO discovery (rig_id, location, below, dry_run, started_at, in_both, "
                "unrecognised, doubted, archived_files, audit) VALUES (?, ?, ?, 0, ?, 0, 0, 0, ?, ?)",
                self._rig_id,
                to_text(location),
                "",
                to_time(now),
                drawn,
                audit,
            )
            self._add_folders(number, folders, TO_DO)
        return self.discovery(number)

    def seen_in_place(self, file_ids: Iterable[int], since: datetime) -> list[int]:
        """Those that a listing since then found with the size that they were archived with, in the order given."""
        wanted, found = list(file_ids), set[int]()
        for ids in chunks(wanted):
            rows = self._door.rows(
                f"SELECT file_id FROM verification WHERE file_id IN ({marks(ids)}) AND at >= ? "
                "AND verdict IN (?, ?)",
                *ids,
                to_time(since),
                Verdict.SAME,
                Verdict.CONTENT,
            )
            found.update(row[0] for row in rows)
        return [each for each in wanted if each in found]

    def to_compare(self, file_ids: Sequence[int]) -> list[Wanted]:
        """What is known of the contents of these files, those that are not archived any more left out; in that order."""
        found: dict[int, Wanted] = {}
        for ids in chunks(file_ids):
            rows = self._door.rows(
                "SELECT f.id, f.dataset_id, d.location, d.path, f.name, f.archived_size, f.archived_mtime_ns, "
                "r.algorithm, r.checksum, g.sha256, v.content, v.algorithm, v.checksum, v.content_at, r.at, "
                f"CASE WHEN {_UNCHANGED} THEN 1 ELSE 0 END "
                f"FROM file f {OF_FILE} LEFT JOIN verification v ON v.file_id = f.id "
                f"WHERE f.id IN ({marks(ids)}) AND f.state IN ({marks(list(CLAIMED))})",
                *ids,
                *CLAIMED,
            )
            found.update({row[0]: _wanted(row) for row in rows})
        return [found[each] for each in file_ids if each in found]

    def note_contents(
        self, discovery: Discovery, looks: Sequence[Look], now: datetime, *, believed: bool
    ) -> None:
        """Take what looks at contents told, at one stroke: findings, states of files, and where their datasets belong.

        What is not `believed` is only told of.
        """
        with self._door.write():
            self._note_content_findings(discovery, looks)
            self._take_all(looks, now, believed=believed, discovery=discovery)

    def note_damaged(self, looks: Sequence[Look], now: datetime) -> None:
        """Take what was found out in passing, of files that somebody brought back; and keep the alarm in step.

        So many at once that the archive is more likely another one are left to `verify`.
        """
        with self._door.write():
            archived = self.archived_totals()
            for location in {each.wanted.location for each in looks}:
                some = [each for each in looks if each.wanted.location == location]
                if not too_many_differ(len(some), archived.get(location, (0, 0))[0]):
                    self._take_all(some, now, believed=True)
                    self.tell_of_missing(location, now)

    def _take_all(
        self,
        looks: Sequence[Look],
        now: datetime,
        *,
        believed: bool,
        discovery: Discovery | None = None,
    ) -> None:
        by_dataset: defaultdict[int, list[Look]] = defaultdict(list)
        for look in looks:
            if look.content is not Content.DIFFERENT or believed:
                by_dataset[look.wanted.dataset_id].append(look)
        for dataset_id, some in by_dataset.items():
            dataset = self._read(dataset_id)
            if dataset is not None:
                self._take_contents(discovery, dataset, some, now)

    def _note_content_findings(self, discovery: Discovery, looks: Sequence[Look]) -> None:
        told = []
        for look in looks:
            kind = _kind_of(look)
            if kind is not None:
                size = look.wanted.size
                told.append(Finding(kind, look.wanted.path, size, size, look.reason))
        self._add_findings(discovery.id, told)

    def _take_contents(
        self,
        discovery: Discovery | None,
        dataset: Dataset,
        looks: Sequence[Look],
        now: datetime,
    ) -> None:
        claims = self._claims_by_id(dataset, [each.wanted.file_id for each in looks])
        changes, again = [], []
        for look in looks:
            claim = claims.get(look.wanted.file_id)
            if claim is None or _proved_since(claim, look):
                continue
            if look.content is Content.NOTED and claim.damaged:
                continue
            self._note_look(look, now)
            change = _change(claim, look)
            if change is not None:
                changes.append(change)
                if change.after not in LOST:
                    again.append(
                        Finding(Kind.FOUND, look.wanted.path, look.wanted.size, look.wanted.size)
                    )
        # The listing counted them among those in order.
        newly = sum(each.after in LOST and not each.claim.damaged for each in changes)
        if discovery is not None:
            self._add_findings(discovery.id, again)
        if discovery is not None and newly:
            self._door.change(
                "UPDATE discovery SET in_both = in_both - ? WHERE id = ?", newly, discovery.id
            )
        self._change_files(dataset, changes, now)
        if changes:
            self._follow_discovery(dataset, now, cured=bool(again))

    def _claims_by_id(self, dataset: Dataset, file_ids: Sequence[int]) -> dict[int, Claim]:
        """Of files that the archive was proved to hold, and still is for all that is known."""
        found: dict[int, Claim] = {}
        for ids in chunks(file_ids):
            claims = self._claims_where(dataset, f"f.id IN ({marks(ids)})", *ids)
            found |= {each.file.id: each for each in claims if each.file.state in CLAIMED}
        return found

    def _note_look(self, look: Look, now: datetime) -> None:
        if look.content is None:
            self._note_try(look, now)
            return
        algorithm, checksum = to_checksum(look.found)
        values: dict[str, Any] = {
            "rig_id": self._rig_id,
            "at": to_time(now),
            "how": look.how,
            "verdict": _VERDICTS[look.content],
            "content_at": to_time(now),
            "content": look.content,
            "algorithm": algorithm,
            "checksum": checksum,
        }
        if look.wanted.noted is not None and not look.wanted.checksums:
            # What it was compared with stays what it is compared with.
            same = look.content is not Content.DIFFERENT
            values["content"] = Content.NOTED if same else Content.CHANGED
            values["algorithm"], values["checksum"] = to_checksum(look.wanted.noted)
        first = not self._looked_at_before([look.wanted.file_id])
        self._upsert("verification", {"file_id": look.wanted.file_id}, values)
        if first:
            self._count_looked_at(1)

    def _note_try(self, look: Look, now: datetime) -> None:
        """Of what can be compared with nothing, when that was found: or else it would come first for ever."""
        if not look.reason:
            self._door.change(
                "UPDATE verification SET content_at = ? WHERE file_id = ? AND content = ''",
                to_time(now),
                look.wanted.file_id,
            )


def _kind_of(look: Look) -> Kind | None:
    match look.content:
        case Content.DIFFERENT | Content.CHANGED:
            return Kind.CONTENT
        case Content.NOTED:
            return Kind.UNKNOWN
        case Content.SAME:
            return Kind.MANIFEST if look.reason else None
    return Kind.UNREAD if look.reason else Kind.UNKNOWN


def _proved_since(claim: Claim, look: Look) -> bool:
    """Whether it was archived anew while its content was looked at, so that the look is about something else."""
    return claim.file.archived_size != look.wanted.size


def _change(claim: Claim, look: Look) -> FileVerdict | None:
    """What follows for the file; None where all stays as it is."""
    file, size = claim.file, look.wanted.size
    if look.content is Content.DIFFERENT:
        if file.state is FileState.DIFFERENT and claim.found_size == size:
            return None
        return FileVerdict(claim, Listed(file.path, size, None), FileState.DIFFERENT, look.reason)
    if look.content is Content.SAME and file.state in LOST:
        return found_again(claim, Listed(file.path, size, None))[0]
    return None


def _wanted(row: Sequence[Any]) -> Wanted:
    noted: Checksum | None = None
    if row[10] in (Content.NOTED, Content.CHANGED) and (row[14] is None or row[13] >= row[14]):
        noted = from_checksum(row[11], row[12])
    return Wanted(
        row[0],
        row[1],
        from_text(row[2]),
        from_text(row[3]),
        joined(from_text(row[3]), from_text(row[4])),
        row[5],
        row[6],
        checksums_of(*row[7:10]),
        noted,
        bool(row[15]),
    )
