"""How batches end: sent, proved, taken back. A file is ARCHIVED only here, and only with its receipt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from archived.core.model import (
    LIVE_BATCHES,
    BatchState,
    FileState,
    Receipt,
)
from archived.core.sighting import ACCEPT_HINT
from archived.store.batches import BatchVerbs
from archived.store.fields import from_text, joined, to_checksum, to_text, to_time
from archived.store.overwrite import OVER_OUR_OWN
from archived.store.portions import chunks, marks
from archived.store.results import Moved, ProveResult

CHANGED_ON_THE_WAY = "changed while it travelled"


class _Travelling(NamedTuple):
    """One file that is still under way in a batch, as planned and as it is known now."""

    file_id: int
    dataset_id: int
    path: str
    planned: tuple[int, int, int, int]
    known: tuple[int, int, int, int]
    settled: bool
    archived_size: int | None
    revision: int

    @property
    def changed(self) -> bool:
        return not self.settled or self.planned != self.known


class _Live(NamedTuple):
    number: int
    location: str


class ProofVerbs(BatchVerbs):
    """Batches from the moment they are sent."""

    def sent_batch(self, batch_id: str, now: datetime) -> list[Moved]:
        """ACTIVE ▶ SENT: the mover says that it succeeded. Datasets with nothing else under way become VERIFYING."""
        with self._door.write():
            if not self._set_batch(
                batch_id, (BatchState.ACTIVE, BatchState.CANCELLING), BatchState.SENT, now
            ):
                return []
            return self._conclude(self._datasets_of(batch_id), now)

    def release_files(
        self,
        batch_id: str,
        file_ids: Sequence[int],
        now: datetime,
        *,
        fault: str | None = None,
        reason: str | None = None,
        ours: bool = False,
    ) -> list[Moved]:
        """Take files out of a live batch, and conclude for the datasets that have nothing else under way.

        Without a fault they changed or left the rig: they have to settle again before they travel (safety rule 9);
        one that was archived before waits for a person. With a fault they are set apart with the reason. `ours`
        says that this batch put them into the archive as they were: nobody was told that they are safe, so their
        next version may replace what lies there.
        """
        with self._door.write():
            live = self._live(batch_id)
            if live is None:
                return []
            wanted = frozenset(file_ids)
            files = [each for each in self._travelling(live) if each.file_id in wanted]
            if fault is None:
                self._unsettle(files, now, reason or "", ours=ours)
            else:
                self._door.many(
                    "UPDATE file SET state = ?, reason = ?, fault = ?, settled = 0 WHERE id = ?",
                    [
                        (FileState.FAILED, to_text(reason or fault), fault, each.file_id)
                        for each in files
                    ],
                )
            self._take_out(live, files)
            return self._conclude((each.dataset_id for each in files), now, reason=reason or "")

    def prove(self, batch_id: str, receipts: Sequence[Receipt], now: datetime) -> ProveResult:
        """Archive every file that has a receipt of its size and is known to be as it was when planned.

        The others of these go back to be settled again. Receipts for files that are not under way in this batch
        mean nothing; proving twice is harmless. Datasets move when the batch ends.
        """
        with self._door.write():
            live = self._live(batch_id)
            if live is None:
                return ProveResult(0, [])
            by_path = {receipt.path: receipt for receipt in receipts}
            proved, changed = [], []
            for each in self._travelling(live):
                receipt = by_path.get(each.path)
                if receipt is None:
                    continue
                if each.changed or receipt.size != each.planned[0]:
                    changed.append(each)
                else:
                    proved.append((each, receipt))
            self._archive_files(live, proved, now)
            self._unsettle(changed, now, CHANGED_ON_THE_WAY, ours=True)
            self._end_travel(live, [each.file_id for each, _ in proved])
            self._take_out(live, changed)
        return ProveResult(len(proved), [each.path for each in changed])

    def end_batch(
        self,
        batch_id: str,
        after: BatchState,
        now: datetime,
        *,
        reason: str,
        retry_at: datetime | None = None,
        needs_person: str | None = None,
        never_sent: bool = False,
    ) -> list[Moved]:
        """End a batch as PROVED or FAILED. What is not proved goes back, and every dataset in it is concluded for.

        `retry_at` is when what came back is tried again, `needs_person` why that would be of no use. What travels
        in a batch of another direction than to the archive is its owner's: only the batch itself ends here.
        `never_sent` takes back what `reserve_batch` noted: its mover knows nothing of it, so that what the archive holds
        under these names is not ours by this batch.
        """
        if after not in (BatchState.PROVED, BatchState.FAILED):
            raise ValueError(f"no batch ends as {after}")
        with self._door.write():
            live = self._live(batch_id)
            if live is None:
                return []
            files = self._travelling(live)
            owners = self._datasets_of(batch_id)
            self._set_batch(batch_id, list(LIVE_BATCHES), after, now, reason=to_text(reason))
            self._end_travel(live, [each.file_id for each in files])
            self._unsettle([each for each in files if each.changed], now, CHANGED_ON_THE_WAY)
            self._door.many(
                "UPDATE file SET state = ? WHERE id = ?",
                [(FileState.PENDING, each.file_id) for each in files if not each.changed],
            )
            if never_sent:
                self._door.many(
                    "UPDATE file SET submitted = submitted - 1 WHERE id = ? AND submitted > 0",
                    [(each.file_id,) for each in files],
                )
            return self._conclude(
                owners,
                now,
                setbacks=frozenset(each.dataset_id for each in files),
                reason=reason,
                retry_at=retry_at,
                needs_person=needs_person,
            )

    def _live(self, batch_id: str) -> _Live | None:
        row = self._door.row(
            "SELECT id, location FROM batch WHERE name = ? AND rig_id = ? "
            f"AND state IN ({marks(list(LIVE_BATCHES))})",
            batch_id,
            self._rig_id,
            *LIVE_BATCHES,
        )
        return None if row is None else _Live(row[0], row[1])

    def _travelling(self, live: _Live) -> list[_Travelling]:
        rows = self._door.rows(
            "SELECT p.file_id, f.dataset_id, d.path, f.name, p.size, p.mtime_ns, p.ctime_ns, p.inode, "
            "f.size, f.mtime_ns, f.ctime_ns, f.inode, f.settled, f.archived_size, d.revision "
            "FROM batch_file p JOIN file f ON f.id = p.file_id JOIN dataset d ON d.id = f.dataset_id "
            "WHERE p.batch_id = ? AND p.live_file_id IS NOT NULL ORDER BY p.file_id",
            live.number,
        )
        return [
            _Travelling(
                row[0],
                row[1],
                joined(from_text(row[2]), from_text(row[3])),
                tuple(row[4:8]),
                tuple(row[8:12]),
                bool(row[12]),
                row[13],
                row[14],
            )
            for row in rows
        ]

    def _datasets_of(self, batch_id: str) -> list[int]:
        rows = self._door.rows(
            "SELECT DISTINCT f.dataset_id FROM batch b JOIN batch_file p ON p.batch_id = b.id "
            "JOIN file f ON f.id = p.file_id WHERE b.name = ? ORDER BY f.dataset_id",
            batch_id,
        )
        return [row[0] for row in rows]

    def _archive_files(
        self, live: _Live, proved: Sequence[tuple[_Travelling, Receipt]], now: datetime
    ) -> None:
        self._door.many(
            "INSERT INTO receipt (file_id, batch_id, revision, size, mtime_ns, algorithm, checksum, source, "
            "at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    each.file_id,
                    live.number,
                    each.revision,
                    receipt.size,
                    each.planned[1],
                    *to_checksum(receipt.checksum),
                    receipt.source,
                    to_time(now),
                )
                for each, receipt in proved
            ],
        )
        self._door.many(
            "UPDATE file SET state = ?, reason = '', fault = '', overwrite = 0, archived_size = ?, "
            "archived_mtime_ns = ? WHERE id = ?",
            [
                (FileState.ARCHIVED, receipt.size, each.planned[1], each.file_id)
                for each, receipt in proved
            ],
        )
        first = [each for each, _ in proved if each.archived_size is None]
        self._add_to_total(
            live.location,
            len(first),
            sum(receipt.size - (each.archived_size or 0) for each, receipt in proved),
        )

    def _unsettle(
        self, files: Sequence[_Travelling], now: datetime, reason: str, *, ours: bool = False
    ) -> None:
        """Files that are not what was planned: they settle again, or wait for a person where one was archived."""
        # Of a store that was put back nobody knows whether what lies there was called safe meanwhile.
        overwrite = OVER_OUR_OWN if ours and self.restored() is None else 0
        to_accept = f"{CHANGED_ON_THE_WAY}; {ACCEPT_HINT}"
        self._door.many(
            "UPDATE file SET state = ?, reason = ?, fault = '', settled = 0, "
            "overwrite = CASE WHEN overwrite = ? THEN overwrite ELSE ? END WHERE id = ?",
            [
                (FileState.PENDING, to_text(reason), OVER_OUR_OWN, overwrite, each.file_id)
                if each.archived_size is None
                else (FileState.CHANGED, to_accept, OVER_OUR_OWN, 0, each.file_id)
                for each in files
            ],
        )
        self._door.many(
            "UPDATE dataset SET changed_at = ? WHERE id = ?",
            [(to_time(now), each) for each in {file.dataset_id for file in files}],
        )

    def _take_out(self, live: _Live, files: Sequence[_Travelling]) -> None:
        self._end_travel(live, [each.file_id for each in files])
        self._door.many(
            "UPDATE batch_file SET released = 1 WHERE batch_id = ? AND file_id = ?",
            [(live.number, each.file_id) for each in files],
        )
        self._door.change(
            "UPDATE batch SET files = files - ?, bytes = bytes - ? WHERE id = ?",
            len(files),
            sum(each.planned[0] for each in files),
            live.number,
        )

    def _end_travel(self, live: _Live, file_ids: Iterable[int]) -> None:
        for ids in chunks(file_ids):
            self._door.change(
                f"UPDATE batch_file SET live_file_id = NULL WHERE batch_id = ? AND file_id IN ({marks(ids)})",
                live.number,
                *ids,
            )
