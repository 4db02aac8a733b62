"""What the archive's own records prove: receipts, and files that the archive does not hold as they say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.core.discovery import Finding, Kind
from archived.core.model import Checksum, Dataset, FileState
from archived.core.records import Record, RecordedFile
from archived.core.sighting import KnownFile
from archived.store.discoveries import DiscoveryVerbs
from archived.store.fields import below, bounded_time, to_checksum, to_text, to_time
from archived.store.records import RecordVerbs
from archived.store.results import Digest
from archived.store.walks import Discovery

LOST = "is not in the archive any more, though the record of its dataset has it"
DIFFERENT = "the record of its dataset tells of another size"
RECORD = "record"
"""What a receipt says of its source where a record in the archive tells of it."""


class RecordedProofVerbs(DiscoveryVerbs, RecordVerbs):
    """Parts of taking a record, each within its transaction."""

    def _add_receipts(
        self, record: Record, files: Sequence[tuple[RecordedFile, int]], now: datetime
    ) -> None:
        self._door.many(
            "INSERT INTO receipt (file_id, batch_id, revision, size, mtime_ns, algorithm, checksum, source, at) "
            "VALUES (?, NULL, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    file_id,
                    record.revision,
                    each.size,
                    bounded_or_none(each.mtime_ns) or 0,
                    *to_checksum(_checksum(each)),
                    RECORD,
                    to_time(proved(record, each) or now),
                )
                for each, file_id in files
            ],
        )
        self.note_digests(
            {
                file_id: Digest(each.size, bounded_time(each.mtime_ns), each.sha256, "")
                for each, file_id in files
                if each.sha256 is not None and each.mtime_ns is not None
            }
        )

    def _note_lost(
        self, dataset: Dataset, record: Record, lost: Sequence[RecordedFile], now: datetime
    ) -> None:
        """Files that only the record knows of are missing from the moment that they are known."""
        self._door.many(
            "INSERT INTO file (dataset_id, name, size, mtime_ns, ctime_ns, inode, file_type, state, reason, "
            "fault, settled, missing, absent, overwrite, submitted, archived_size, archived_mtime_ns) "
            "VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, '', 0, 1, 0, 0, 0, ?, ?)",
            [
                (
                    dataset.id,
                    to_text(below(dataset.path, each.path)),
                    each.size,
                    bounded_or_none(each.mtime_ns) or 0,
                    to_text(each.file_type),
                    FileState.MISSING,
                    LOST,
                    each.size,
                    bounded_or_none(each.mtime_ns),
                )
                for each in lost
            ],
        )
        if lost:
            ids = {each.path: each.id for each in self._known_files(dataset)}
            self._add_receipts(record, [(each, ids[each.path]) for each in lost], now)

    def _note_different(
        self,
        dataset: Dataset,
        record: Record,
        different: Sequence[tuple[RecordedFile, KnownFile]],
        now: datetime,
    ) -> None:
        """The record has the proof; what was only listed has not."""
        self._door.many(
            "UPDATE file SET state = ?, reason = ?, found_size = archived_size, archived_size = ?, "
            "archived_mtime_ns = ? WHERE id = ?",
            [
                (
                    FileState.DIFFERENT,
                    f"has {file.archived_size} bytes in the archive, where its record tells of {each.size}",
                    each.size,
                    bounded_or_none(each.mtime_ns),
                    file.id,
                )
                for each, file in different
            ],
        )
        self._add_receipts(record, [(each, file.id) for each, file in different], now)
        if different:
            size = sum(file.archived_size or 0 for _, file in different)
            self._add_to_total(to_text(dataset.location), -len(different), -size)

    def _tell_of_lost(self, discovery: Discovery, lost: Sequence[RecordedFile]) -> None:
        self._add_findings(
            discovery.id,
            [Finding(Kind.CATALOGUE, each.path, None, each.size, LOST) for each in lost],
        )

    def _tell_of_different(
        self, discovery: Discovery, different: Sequence[tuple[RecordedFile, KnownFile]]
    ) -> None:
        self._add_findings(
            discovery.id,
            [
                Finding(Kind.DIFFERENT, each.path, file.archived_size, each.size, DIFFERENT)
                for each, file in different
            ],
        )


def _checksum(file: RecordedFile) -> Checksum | None:
    if file.receipt is not None and file.receipt.checksum is not None:
        return file.receipt.checksum
    return None if file.sha256 is None else Checksum("SHA256", file.sha256)


def proved(record: Record, file: RecordedFile) -> datetime | None:
    """When a file was proved to be in the archive, as its record has it."""
    at = file.receipt.at if file.receipt is not None else None
    return at or record.archived_at


def bounded_or_none(time_ns: int | None) -> int | None:
    """A time of a file as the store can hold it."""
    return None if time_ns is None else bounded_time(time_ns)
