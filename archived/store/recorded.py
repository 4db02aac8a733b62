"""What the archive's own records tell of its datasets, beyond a listing: checksums, times, revisions, what is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.core.discovery import Finding, Kind
from archived.core.lifecycle import Reason
from archived.core.model import Checksum, Dataset, FileState
from archived.core.records import Record, RecordedFile
from archived.core.sighting import KnownFile
from archived.store.discoveries import DiscoveryVerbs
from archived.store.fields import below, bounded_time, to_checksum, to_text, to_time
from archived.store.records import RecordVerbs
from archived.store.results import Digest
from archived.store.walks import REFUSED, Discovery, ancestors, is_below

LOST = "is not in the archive any more, though the record of its dataset has it"
DIFFERENT = "the record of its dataset tells of another size"
RECORD = "record"
"""What a receipt says of its source where a record in the archive tells of it."""

_UNDESCRIBED = (
    "FROM dataset d WHERE d.rig_id = ? AND d.location = ? "
    "AND NOT EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = d.id) "
    "AND EXISTS (SELECT 1 FROM file f WHERE f.dataset_id = d.id AND f.archived_size IS NOT NULL)"
)


class RecordedVerbs(DiscoveryVerbs, RecordVerbs):
    """Taking records into the catalogue."""

    def wants_records(self, location: str) -> bool:
        """Whether something was found in the archive of which no record is known."""
        return self._door.row(f"SELECT 1 {_UNDESCRIBED} LIMIT 1", *self._of(location)) is not None

    def owe_records(self, discovery: Discovery, now: datetime) -> int:
        """Have a record written for each dataset below that has none, neither here nor in the archive."""
        with self._door.write():
            rows = self._door.rows(f"SELECT d.id {_UNDESCRIBED}", *self._of(discovery.location))
            owed = 0
            for (dataset_id,) in rows:
                dataset = self._read(dataset_id)
                if dataset is not None and is_below(dataset.path, discovery.below):
                    self.record_owed(dataset_id, now)
                    owed += 1
        return owed

    def take_record(
        self, discovery: Discovery, record: Record, now: datetime, *, recognised: bool
    ) -> bool:
        """Take over exactly what a record says of files that the walk found, and note what it did not find.

        What was never sent by us and has the size that the record gives gets its checksums and times; return
        whether the dataset is in the catalogue. `recognised` says that a convention knows the dataset's name: else
        nothing can be concluded from its absence.
        """
        with self._door.write():
            dataset = self._find(discovery.location, record.path)
            lost = [each for each in record.files if self._was_looked_for(discovery, each)]
            if dataset is None:
                if recognised and not self._another_rig_has(discovery.location, record.path):
                    self._tell_of_lost(discovery, lost)
                return False
            known = {each.path: each for each in self._known_files(dataset)}
            found = self._found_only(dataset, record, known)
            exact = [(each, file) for each, file in found if file.archived_size == each.size]
            other = [(each, file) for each, file in found if file.archived_size != each.size]
            self._take_exactly(dataset, record, exact, now)
            self._note_lost(dataset, record, [each for each in lost if each.path not in known], now)
            self._note_different(dataset, record, other, now)
            self._tell_of_lost(discovery, [each for each in lost if each.path not in known])
            self._tell_of_different(discovery, other)
            self._recount([dataset.id])
            self._follow_discovery(dataset, now, cured=False)
            self.record_known(dataset.id)
        return True

    def _of(self, location: str) -> tuple[int, str]:
        return (self._rig_id, to_text(location))

    def _another_rig_has(self, location: str, path: str) -> bool:
        return (
            self._door.row(
                "SELECT 1 FROM dataset WHERE location = ? AND path = ?",
                to_text(location),
                to_text(path),
            )
            is not None
        )

    def _was_looked_for(self, discovery: Discovery, file: RecordedFile) -> bool:
        """Whether the walk would have met the file: it is below, and no folder on the way was refused."""
        folder = file.path.rpartition("/")[0]
        if not is_below(folder, discovery.below):
            return False
        return REFUSED not in self._met(discovery.id, [*ancestors(folder), folder]).values()

    def _found_only(
        self, dataset: Dataset, record: Record, known: dict[str, KnownFile]
    ) -> list[tuple[RecordedFile, KnownFile]]:
        """The files of the record that are archived, never were sent by us, and were not told of by a record yet."""
        told = {
            row[0]
            for row in self._door.rows(
                "SELECT f.id FROM file f JOIN receipt r ON r.file_id = f.id "
                "WHERE f.dataset_id = ? AND (r.source = ? OR f.submitted > 0)",
                dataset.id,
                RECORD,
            )
        }
        pairs = ((each, known[each.path]) for each in record.files if each.path in known)
        return [
            (each, file)
            for each, file in pairs
            if file.state is FileState.ARCHIVED and file.id not in told
        ]

    def _take_exactly(
        self,
        dataset: Dataset,
        record: Record,
        exact: Sequence[tuple[RecordedFile, KnownFile]],
        now: datetime,
    ) -> None:
        self._door.many(
            "UPDATE file SET archived_mtime_ns = COALESCE(?, archived_mtime_ns), "
            "mtime_ns = CASE WHEN missing = 1 THEN COALESCE(?, mtime_ns) ELSE mtime_ns END, "
            "external_algorithm = ?, external_checksum = ? WHERE id = ?",
            [
                (
                    _bounded(each.mtime_ns),
                    _bounded(each.mtime_ns),
                    *to_checksum(each.program_checksum),
                    file.id,
                )
                for each, file in exact
            ],
        )
        self._add_receipts(record, [(each, file.id) for each, file in exact], now)
        self._describe_as_recorded(dataset, record)

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
                    _bounded(each.mtime_ns) or 0,
                    *to_checksum(_checksum(each)),
                    RECORD,
                    to_time(_proved_at(record, each) or now),
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

    def _describe_as_recorded(self, dataset: Dataset, record: Record) -> None:
        """Its revision; and where it is known only because it was discovered, when it was seen and archived."""
        self._door.change(
            "UPDATE dataset SET revision = ? WHERE id = ? AND revision < ?",
            record.revision,
            dataset.id,
            record.revision,
        )
        first = self._door.row(
            "SELECT move FROM event WHERE dataset_id = ? ORDER BY id LIMIT 1", dataset.id
        )
        if first is not None and first[0] == Reason.DISCOVERED:
            self._door.change(
                "UPDATE dataset SET first_seen = ?, archived_at = COALESCE(?, archived_at) WHERE id = ?",
                to_time(record.first_seen),
                to_time(record.archived_at),
                dataset.id,
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
                    _bounded(each.mtime_ns) or 0,
                    to_text(each.file_type),
                    FileState.MISSING,
                    LOST,
                    each.size,
                    _bounded(each.mtime_ns),
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
                    _bounded(each.mtime_ns),
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


def _proved_at(record: Record, file: RecordedFile) -> datetime | None:
    at = file.receipt.at if file.receipt is not None else None
    return at or record.archived_at


def _bounded(time_ns: int | None) -> int | None:
    return None if time_ns is None else bounded_time(time_ns)
