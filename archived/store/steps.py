"""What a step of the daemon does to one dataset: move it, note why it stays, note what was learnt of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from archived.core.lifecycle import Reason, State
from archived.core.model import Checksum, Dataset, FileState
from archived.core.paths import is_utf8
from archived.store.datasets import DatasetVerbs
from archived.store.fields import from_text, joined, to_checksum, to_text, to_time
from archived.store.moves import Moves
from archived.store.portions import chunks, marks
from archived.store.rows import file_state_of


class StepVerbs(DatasetVerbs, Moves):
    """Writing one dataset."""

    def move(
        self,
        dataset_id: int,
        before: State,
        after: State,
        reason: Reason,
        why: str,
        now: datetime,
        *,
        due: datetime | None = None,
        attempts: int | None = None,
        accepted: bool | None = None,
    ) -> bool:
        """Move one dataset if it still is in `before`; return whether it was.

        A move from SETTLING to READY settles its pending files: only those travel. None becomes ARCHIVED while one
        of its files is not (safety rule 1): somebody else may have learnt of that since it was judged. Raises
        `ValueError` for a move that the lifecycle does not have.
        """
        columns: dict[str, Any] = {"due": to_time(due)}
        if attempts is not None:
            columns["attempts"] = attempts
        if accepted is not None:
            columns["accepted"] = int(accepted)
        with self._door.write():
            dataset = self._read(dataset_id)
            if dataset is None or dataset.state is not before:
                return False
            if after is State.ARCHIVED and self._has_unarchived(dataset_id):
                return False
            return self._move(dataset, after, reason, why, now, **columns)

    def file_states(self, dataset_id: int) -> frozenset[FileState]:
        """The states that files of a dataset are in."""
        rows = self._door.rows("SELECT DISTINCT state FROM file WHERE dataset_id = ?", dataset_id)
        return frozenset(file_state_of(row[0]) for row in rows)

    def trouble_of(self, dataset: Dataset) -> str:
        """What is wrong with the first of its files with which something is; "" where nothing is."""
        return self._trouble(dataset)

    def not_utf8(self, dataset: Dataset) -> list[int]:
        """The ids of pending files whose paths are not valid UTF-8, so that not every machine can hold them."""
        rows = self._door.rows(
            "SELECT id, name FROM file WHERE dataset_id = ? AND state = ? AND name LIKE ? ESCAPE '!'",
            dataset.id,
            FileState.PENDING,
            # What is not valid is stored with a backslash (`core.escaping`).
            "%\\%" if is_utf8(dataset.path) else "%",
        )
        return [row[0] for row in rows if not is_utf8(joined(dataset.path, from_text(row[1])))]

    def _has_unarchived(self, dataset_id: int) -> bool:
        return (
            self._door.row(
                "SELECT 1 FROM file WHERE dataset_id = ? AND state NOT IN (?, ?) LIMIT 1",
                dataset_id,
                FileState.ARCHIVED,
                FileState.GONE,
            )
            is not None
        )

    def note(self, dataset_id: int, state: State, reason: str, due: datetime | None) -> None:
        """Note why a dataset stays in `state` and when to look again; nothing if it is in another state by now."""
        # Nothing is written where nothing differs: this is said again in every turn.
        row = self._door.row("SELECT state, reason, due FROM dataset WHERE id = ?", dataset_id)
        if row is None or row == (state, to_text(reason), to_time(due)):
            return
        self._door.change(
            "UPDATE dataset SET reason = ?, due = ? WHERE id = ? AND state = ?",
            to_text(reason),
            to_time(due),
            dataset_id,
            state,
        )

    def set_external_checksums(self, dataset_id: int, checksums: Mapping[str, Checksum]) -> None:
        """Note what the acquisition program itself said of the content of files, by their paths."""
        if not checksums:
            return
        with self._door.write():
            self._door.many(
                "UPDATE file SET external_algorithm = ?, external_checksum = ? WHERE id = ?",
                [
                    (*to_checksum(checksums[file.path]), file.id)
                    for file in self.files(dataset_id)
                    if file.path in checksums
                    and file.external_checksum != checksums[file.path]
                    and file.state is FileState.PENDING
                ],
            )

    def set_apart(self, file_ids: Sequence[int], reason: str, now: datetime, *, fault: str) -> None:
        """Take pending files out of what is to be sent, each with the reason and the kind of fault.

        A ready dataset that has nothing else to send goes to a person.
        """
        with self._door.write():
            owners: set[int] = set()
            for ids in chunks(file_ids):
                owners.update(
                    row[0]
                    for row in self._door.rows(
                        f"SELECT DISTINCT dataset_id FROM file WHERE id IN ({marks(ids)})", *ids
                    )
                )
            self._door.many(
                "UPDATE file SET state = ?, reason = ?, fault = ?, settled = 0 WHERE id = ? AND state = ?",
                [
                    (FileState.FAILED, to_text(reason), fault, file_id, FileState.PENDING)
                    for file_id in file_ids
                ],
            )
            self._conclude(owners, now)
