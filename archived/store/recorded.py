"""What the archive's own records tell of its datasets, beyond a listing: checksums, times, revisions, what is lost."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from archived.core.lifecycle import Reason
from archived.core.model import Dataset, FileState, parent
from archived.core.records import Record, RecordedFile
from archived.core.sighting import KnownFile
from archived.store.fields import to_checksum, to_text, to_time
from archived.store.recorded_proofs import RECORD, RecordedProofVerbs, bounded_or_none, proved
from archived.store.walks import REFUSED, Discovery, ancestors, is_below

_UNDESCRIBED = (
    "FROM dataset d WHERE d.rig_id = ? AND d.location = ? "
    "AND NOT EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = d.id) "
    "AND EXISTS (SELECT 1 FROM file f WHERE f.dataset_id = d.id AND f.archived_size IS NOT NULL)"
)


class RecordedVerbs(RecordedProofVerbs):
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
            if dataset is None:
                if recognised and not self._another_rig_has(discovery.location, record.path):
                    self._tell_of_lost(discovery, self._not_found(discovery, record, {}))
                return False
            known = {each.path: each for each in self._known_files(dataset)}
            found = self._found_only(dataset, record, known)
            exact = [(each, file) for each, file in found if file.archived_size == each.size]
            other = [
                (each, file)
                for each, file in found
                if file.archived_size != each.size and not _is_later(discovery, record, each)
            ]
            lost = self._not_found(discovery, record, known)
            if exact or lost or other:
                self._forget_listings(dataset.id)
            self._take_exactly(dataset, record, exact, now)
            self._note_lost(dataset, record, lost, now)
            self._note_different(dataset, record, other, now)
            self._tell_of_lost(discovery, lost)
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

    def _not_found(
        self, discovery: Discovery, record: Record, known: Container[str]
    ) -> list[RecordedFile]:
        """The files of the record that nobody knows, although the walk would have met them."""
        unknown = [
            each
            for each in record.files
            if each.path not in known and not _is_later(discovery, record, each)
        ]
        folders = {parent(each.path) for each in unknown}
        looked_for = {each for each in folders if self._was_looked_for(discovery, each)}
        return [each for each in unknown if parent(each.path) in looked_for]

    def _was_looked_for(self, discovery: Discovery, folder: str) -> bool:
        """Whether the walk would have met a folder: it is below, and none on the way was refused."""
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
                    bounded_or_none(each.mtime_ns),
                    bounded_or_none(each.mtime_ns),
                    *to_checksum(each.program_checksum),
                    file.id,
                )
                for each, file in exact
            ],
        )
        self._add_receipts(record, [(each, file.id) for each, file in exact], now)
        self._describe_as_recorded(dataset, record)

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


def _is_later(discovery: Discovery, record: Record, file: RecordedFile) -> bool:
    """Whether a file was proved since the walk began: its folder may have been listed before it arrived there.

    Another rig, or this one with the store that was lost, may be archiving at the same time.
    """
    proved_at = proved(record, file)
    return proved_at is not None and proved_at >= discovery.started_at
