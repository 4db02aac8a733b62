"""Subjects: which animal has which number, by whom that is said, and which animals nobody says anything of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from archived.core.subjects import Subject
from archived.store.base import Verbs
from archived.store.connection import Row
from archived.store.fields import (
    from_fields,
    from_text,
    moment,
    to_fields,
    to_text,
    to_time,
)
from archived.store.results import KnownSubject, SubjectChanges, SubjectConflict, SubjectSaid
from archived.store.subject_changes import Comparison, compare

HAND, FILE, DATAJOINT = "hand", "file", "datajoint"

PRECEDENCE: Mapping[str, int] = {HAND: 0, FILE: 1, DATAJOINT: 2}
"""Who is believed first."""


class SubjectVerbs(Verbs):
    """What is known of animals. Rows belong to the rig that wrote them; every rig reads them all."""

    def replace_subjects(
        self,
        source: str,
        subjects: Iterable[Subject],
        now: datetime,
        *,
        complete: bool = True,
    ) -> SubjectChanges:
        """Let a source ("file" or "datajoint") say this from now on, as one transaction.

        What it no longer says goes, unless the list is not `complete`: then nothing goes. What other sources say
        stays. Raises `ValueError` for what is no such source.
        """
        if source not in (FILE, DATAJOINT):
            raise ValueError(f"{source!r} is no source that is read again and again")
        with self._door.write():
            known = self._said_by(source)
            changes = compare(known, subjects, removes=complete)
            self._note_said(source, changes, now)
        return changes.told(self.subject_conflicts())

    def add_subject(
        self, subject: Subject, now: datetime, *, replace: bool = False
    ) -> SubjectChanges:
        """Note what a person says of one animal; see `import_subjects`."""
        return self.import_subjects((subject,), now, replace=replace)

    def import_subjects(
        self,
        subjects: Iterable[Subject],
        now: datetime,
        *,
        replace: bool = False,
        dry_run: bool = False,
    ) -> SubjectChanges:
        """Note what a person says of animals, as one transaction; it counts more than what any file says.

        What a person said otherwise before is refused, one by one, unless it is to `replace` that. With `dry_run`
        nothing is written, and the conflicts are those of before.
        """
        with self._door.write():
            known = self._said_by(HAND)
            changes = compare(known, subjects, removes=False)
            if not replace:
                changes.refuse_changes()
            if not dry_run:
                self._note_said(HAND, changes, now)
        return changes.told(self.subject_conflicts())

    def remove_subject(self, h2o: str) -> bool:
        """Forget what a person said of an animal; return whether anything was."""
        return bool(
            self._door.change(
                "DELETE FROM subject WHERE source = ? AND h2o = ?", HAND, to_text(h2o)
            )
        )

    def subjects(self, *, subject: str | None = None, h2o: str | None = None) -> list[KnownSubject]:
        """The animals that are known, or some of them, with what the catalogue of all rigs has of them; by h2o."""
        rows = self._door.rows(
            "SELECT s.h2o, s.subject, s.source, g.name, s.details, s.at FROM subject s "
            "JOIN rig g ON g.id = s.rig_id ORDER BY s.h2o, s.precedence, s.rig_id"
        )
        by_h2o: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_h2o[from_text(row[0])].append(row)
        wanted = {
            name: group
            for name, group in by_h2o.items()
            if h2o in (None, name) and subject in (None, from_text(group[0][1]))
        }
        amounts = self.amounts() if wanted else {}
        return [_known(name, group, amounts.get(name, (0, 0))) for name, group in wanted.items()]

    def subject_of(self, h2o: str) -> str | None:
        """The number of an animal, or None where nobody says one."""
        row = self._door.row(
            "SELECT s.subject FROM subject s WHERE s.h2o = ? ORDER BY s.precedence, s.rig_id LIMIT 1",
            to_text(h2o),
        )
        return None if row is None else from_text(row[0])

    def says_anything(self, source: str) -> bool:
        """Whether a source of this rig says anything."""
        row = self._door.row(
            "SELECT 1 FROM subject WHERE rig_id = ? AND source = ? LIMIT 1", self._rig_id, source
        )
        return row is not None

    def subject_conflicts(self) -> list[SubjectConflict]:
        """The animals that have several numbers, in order of their names."""
        rows = self._door.rows(
            "SELECT s.h2o, s.subject, s.source, g.name FROM subject s JOIN rig g ON g.id = s.rig_id "
            "WHERE s.h2o IN (SELECT t.h2o FROM subject t GROUP BY t.h2o HAVING count(DISTINCT t.subject) > 1) "
            "ORDER BY s.h2o, s.precedence, s.rig_id"
        )
        by_h2o: defaultdict[str, list[SubjectSaid]] = defaultdict(list)
        for row in rows:
            said = SubjectSaid(from_text(row[1]), row[2], from_text(row[3]))
            by_h2o[from_text(row[0])].append(said)
        return [SubjectConflict(h2o, tuple(said)) for h2o, said in by_h2o.items()]

    def amounts(self) -> dict[str, tuple[int, int]]:
        """By h2o, how many datasets the catalogue of all rigs has, and their bytes."""
        rows = self._door.rows(
            "SELECT h2o, count(*), sum(bytes) FROM dataset WHERE h2o IS NOT NULL GROUP BY h2o"
        )
        return {from_text(row[0]): (int(row[1]), int(row[2])) for row in rows}

    def _said_by(self, source: str) -> dict[str, Subject]:
        """What a source of this rig says; what persons say is one, wherever they typed it."""
        rows = self._door.rows(
            "SELECT h2o, subject, details FROM subject WHERE source = ? AND (rig_id = ? OR source = ?) "
            "ORDER BY rig_id DESC",
            source,
            self._rig_id,
            HAND,
        )
        found = (Subject(from_text(row[1]), from_text(row[0]), from_fields(row[2])) for row in rows)
        return {each.h2o: each for each in found}

    def _note_said(self, source: str, changes: Comparison, now: datetime) -> None:
        where = "source = ? AND h2o = ?"
        own: tuple[int, ...] = ()
        if source != HAND:
            where, own = f"{where} AND rig_id = ?", (self._rig_id,)
        self._door.many(
            f"DELETE FROM subject WHERE {where}",
            [(source, to_text(h2o), *own) for h2o in changes.outdated()],
        )
        self._door.many(
            "INSERT INTO subject (rig_id, source, h2o, subject, precedence, details, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    self._rig_id,
                    source,
                    to_text(each.h2o),
                    to_text(each.subject),
                    PRECEDENCE[source],
                    to_fields(each.details),
                    to_time(now),
                )
                for each in changes.written()
            ],
        )


def _known(h2o: str, rows: Sequence[Row], amount: tuple[int, int]) -> KnownSubject:
    """One animal from all that is said of it, the row that counts first."""
    _, subject, source, _, details, at = rows[0]
    return KnownSubject(
        h2o=h2o,
        subject=from_text(subject),
        source=source,
        details=from_fields(details),
        since=moment(at),
        datasets=amount[0],
        bytes=amount[1],
        others=tuple(
            SubjectSaid(from_text(row[1]), row[2], from_text(row[3]))
            for row in rows[1:]
            if row[1] != subject
        ),
    )
