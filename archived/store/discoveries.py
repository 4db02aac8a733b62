"""What the archive lists becomes rows: datasets and files found there, and files that it does not hold any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from archived.core.discovery import CLAIMED, Claim, Comparison, Finding, Kind, compare
from archived.core.lifecycle import State
from archived.core.model import Dataset, FileState, Recording
from archived.core.progress import after_discovery
from archived.core.sighting import LOST
from archived.core.verifying import DAMAGED_CONTENTS
from archived.store.fields import below, from_time, to_text
from archived.store.looked import LookedVerbs
from archived.store.missing import MissingVerbs
from archived.store.overwrite import ACCEPTED
from archived.store.registering import ListedFile, RegisterVerbs
from archived.store.rows import DATASET_COLUMNS, KNOWN_COLUMNS, dataset_of, known_of
from archived.store.walks import AGAIN, DONE, TO_DO, Discovery, WalkVerbs, ancestors

_AFTER_SLASH = chr(ord("/") + 1)

UNRECOGNISED_KEPT = 1_000
"""How many unrecognised names of one walk are kept: a report for people, not a catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFolder:
    """One folder of the archive, listed whole and without errors.

    `listed_at` is when the listing was asked for. `recording` is what the folder belongs to, `subfolders` are paths
    that are to be listed too, and `strange` names what else is in it that no convention knows, with the reasons.
    `again` says that it is the second listing. With `believed` false nothing changes but what is told.
    """

    folder: str
    listed_at: datetime
    root_key: str
    recording: Recording | None = None
    files: Sequence[ListedFile] = ()
    subfolders: Sequence[str] = ()
    strange: Sequence[tuple[str, str]] = ()
    again: bool = False
    believed: bool = True


@dataclass
class _Taken:
    """What becomes of one listing."""

    comparison: Comparison
    new: list[ListedFile] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)
    """The rows, by path, of those among the new that left the rig before they were archived by us."""
    strange: list[tuple[str, str]] = field(default_factory=list)


class DiscoveryVerbs(WalkVerbs, RegisterVerbs, MissingVerbs, LookedVerbs):
    """Taking listings of the archive into the catalogue."""

    def knows_below(self, location: str, folder: str) -> bool:
        """Whether a dataset of this rig is the folder itself or lies in it."""
        path = to_text(folder)
        return (
            self._door.row(
                "SELECT 1 FROM dataset WHERE rig_id = ? AND location = ? "
                "AND (path = ? OR (path > ? AND path < ?)) LIMIT 1",
                self._rig_id,
                to_text(location),
                path,
                path + "/",
                path + _AFTER_SLASH,
            )
            is not None
        )

    def take_listing(self, discovery: Discovery, seen: ListedFolder, now: datetime) -> bool:
        """Hold a folder against the catalogue, and register, note and remember what that tells, at one stroke.

        Where files seem to be missing or different for the first time, the folder is only put down to be listed
        again. Return False where the walk has done with the folder already.
        """
        with self._door.write():
            self._one_rig_at_a_time()
            self.insist_on_walk(discovery)
            dataset = self._owner(discovery.location, seen)
            ours = dataset is not None and self._read(dataset.id) is not None
            if discovery.audit:
                taken = self._only_claimed(dataset if ours else None, seen)
            else:
                taken = self._compare(dataset, seen, ours=ours)
            second_look = ours and taken.comparison.doubtful and not seen.again
            if not self._set_folder(discovery.id, seen.folder, AGAIN if second_look else DONE):
                return False
            self._add_folders(discovery.id, seen.subfolders, TO_DO)
            if second_look:
                lost = sum(each.after in LOST for each in taken.comparison.changes)
                self._add_doubts(discovery.id, lost)
                return True
            if not discovery.dry_run and seen.believed and (dataset is None or ours):
                self._write(discovery, dataset, seen, taken, now)
                self._note_looks(taken.comparison.looked, seen.listed_at)
            self._note_findings(discovery, taken)
        return True

    def _one_rig_at_a_time(self) -> None:
        """Two rigs that discover one archive at once must not both register what they find.

        Whoever writes holds the row of its own rig; the first rig's row is held on top of it, by one at a time.
        """
        if not self._door.is_sqlite:
            self._door.row("SELECT id FROM rig ORDER BY id LIMIT 1 FOR UPDATE")

    def _owner(self, location: str, seen: ListedFolder) -> Dataset | None:
        """The dataset that the folder belongs to: of this rig, or else of another that shares the store."""
        paths = [*ancestors(seen.folder), seen.folder]
        marks = ", ".join("?" * len(paths))
        rows = self._door.rows(
            f"SELECT {DATASET_COLUMNS} FROM dataset d WHERE d.location = ? AND d.path IN ({marks}) "
            "ORDER BY CASE WHEN d.rig_id = ? THEN 0 ELSE 1 END, d.id",
            to_text(location),
            *(to_text(each) for each in paths),
            self._rig_id,
        )
        found = [dataset_of(row) for row in rows]
        wanted = seen.recording.path if seen.recording else None
        return next((each for each in found if each.path == wanted), next(iter(found), None))

    def _compare(self, dataset: Dataset | None, seen: ListedFolder, *, ours: bool) -> _Taken:
        listed = {each.listed.path: each for each in seen.files}
        claims = [] if dataset is None else self._claims(dataset, seen.folder)
        comparison = compare(
            claims,
            {path: each.listed for path, each in listed.items()},
            listed_at=seen.listed_at,
        )
        taken = _Taken(comparison, strange=list(seen.strange))
        limit = self._door.kind.longest_name
        for each in comparison.new:
            file = listed[each.path]
            why = file.why_not or _too_long(seen.recording, file, limit)
            if why:
                taken.strange.append((each.path, why))
            else:
                taken.new.append(file)
        new = {each.listed.path for each in taken.new}
        taken.gone = {
            each.file.path: each.file.id
            for each in claims
            if each.file.state is FileState.GONE and each.file.path in new
        }
        unregistered = {path for path, _ in taken.strange}
        told = (
            each
            for each in comparison.findings
            if each.path not in unregistered and (ours or each.kind is not Kind.CATALOGUE)
        )
        taken.comparison = replace(comparison, findings=tuple(told))
        return taken

    def _only_claimed(self, dataset: Dataset | None, seen: ListedFolder) -> _Taken:
        """What the listing tells of files that the archive was proved to hold, and nothing of any others."""
        claims = [] if dataset is None else self._claims(dataset, seen.folder)
        comparison = compare(
            [each for each in claims if each.file.state in CLAIMED],
            {each.listed.path: each.listed for each in seen.files},
            listed_at=seen.listed_at,
        )
        told = [each for each in comparison.findings if each.kind is not Kind.ARCHIVE]
        return _Taken(replace(comparison, new=(), findings=tuple(told)))

    def _claims(self, dataset: Dataset, folder: str) -> list[Claim]:
        """What is known of the files in one folder of a dataset, not of those in folders below it."""
        inside = to_text(below(dataset.path, folder + "/"))
        condition, values = "f.name NOT LIKE ?", ["%/%"]
        if folder != dataset.path and inside:
            condition, values = "f.name > ? AND f.name < ?", [inside, inside[:-1] + _AFTER_SLASH]
        claims = self._claims_where(dataset, condition, *values)
        return [each for each in claims if each.file.path.rpartition("/")[0] == folder]

    def _claims_where(self, dataset: Dataset, condition: str, *values: object) -> list[Claim]:
        rows = self._door.rows(
            f"SELECT {KNOWN_COLUMNS}, f.overwrite, f.submitted, f.fault, f.found_size, "
            "(SELECT max(r.at) FROM receipt r WHERE r.file_id = f.id), "
            "(SELECT v.content_at FROM verification v WHERE v.file_id = f.id AND v.content IN (?, ?)) "
            f"FROM file f WHERE f.dataset_id = ? AND {condition}",
            *DAMAGED_CONTENTS,
            dataset.id,
            *values,
        )
        return [
            Claim(
                known_of(row, dataset.path),
                accepted=row[-6] == ACCEPTED,
                submitted=row[-5],
                fault=row[-4],
                found_size=row[-3],
                proved_at=from_time(row[-2]),
                damaged_at=from_time(row[-1]),
            )
            for row in rows
        ]

    def _write(
        self,
        discovery: Discovery,
        dataset: Dataset | None,
        seen: ListedFolder,
        taken: _Taken,
        now: datetime,
    ) -> None:
        if dataset is None:
            if not taken.new or seen.recording is None:
                return
            dataset = self._register(discovery.location, seen.recording, seen.root_key, now)
        self._register_files(dataset, taken.new, taken.gone, now)
        found_after_all = bool(taken.gone)
        changes = taken.comparison.changes
        self._change_files(dataset, changes, now)
        if changes or found_after_all:
            cured = found_after_all or any(each.after not in LOST for each in changes)
            self._follow_discovery(dataset, now, cured=cured)

    def _follow_discovery(self, dataset: Dataset, now: datetime, *, cured: bool) -> None:
        """Move the dataset to where its files belong now; a held one only goes on elsewhere once it is released."""
        if dataset.state is State.HELD:
            self._door.change(
                "UPDATE dataset SET held_from = ? WHERE id = ?", State.SETTLING, dataset.id
            )
            return
        if dataset.state is State.FAILED and not cured:
            # It stays; what it is about need not be counted for each of very many folders.
            return
        standing = self._standing(dataset, setback=False)
        step = after_discovery(standing, cured=cured)
        if step is not None:
            self._take(dataset, (step,), now)
        elif dataset.state is State.FAILED and cured and standing.trouble:
            # What it was about is over, and something else is left.
            self._door.change(
                "UPDATE dataset SET reason = ? WHERE id = ?", to_text(standing.trouble), dataset.id
            )

    def _note_findings(self, discovery: Discovery, taken: _Taken) -> None:
        room = UNRECOGNISED_KEPT
        if taken.strange:
            current = self.discovery(discovery.id)
            room = max(0, UNRECOGNISED_KEPT - current.unrecognised)
        strange = [
            Finding(Kind.UNRECOGNISED, path, reason=why) for path, why in taken.strange[:room]
        ]
        self._add_findings(discovery.id, [*taken.comparison.findings, *strange])
        if taken.comparison.agreed or taken.strange:
            self._door.change(
                "UPDATE discovery SET in_both = in_both + ?, unrecognised = unrecognised + ? WHERE id = ?",
                taken.comparison.agreed,
                len(taken.strange),
                discovery.id,
            )


def _too_long(recording: Recording | None, file: ListedFile, limit: int | None) -> str:
    """Why this kind of database cannot index a file's name; "" where it can."""
    path = file.listed.path
    # A character takes up to six bytes as it is stored, and none of the parts is longer than the path.
    if limit is None or recording is None or (len(path) + 1) * 6 <= limit:
        return ""
    parts = (recording.path, below(recording.path, path), path)
    if max(len(to_text(each).encode()) for each in parts) <= limit:
        return ""
    return f"its path is longer than the {limit} bytes that this kind of store can hold"
