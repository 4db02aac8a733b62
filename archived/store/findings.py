"""What a walk over an archive found out, path by path."""

from __future__ import annotations

from collections.abc import Sequence

from archived.core.discovery import Finding, Kind
from archived.store.base import Verbs
from archived.store.fields import from_text, to_text
from archived.store.portions import chunks, marks


class FindingVerbs(Verbs):
    """The findings of each discovery."""

    def finding_counts(self, number: int) -> dict[Kind, int]:
        """How many findings of each kind there are, every kind given."""
        rows = self._door.rows(
            "SELECT kind, count(*) FROM discovery_finding WHERE discovery_id = ? GROUP BY kind",
            number,
        )
        return {**dict.fromkeys(Kind, 0), **{Kind(kind): count for kind, count in rows}}

    def findings(self, number: int, kind: Kind, limit: int) -> list[Finding]:
        """The findings of a kind, by path."""
        rows = self._door.rows(
            "SELECT path, size, known_size, reason FROM discovery_finding "
            "WHERE discovery_id = ? AND kind = ? ORDER BY path LIMIT ?",
            number,
            kind,
            limit,
        )
        return [Finding(kind, from_text(row[0]), row[1], row[2], from_text(row[3])) for row in rows]

    def _add_findings(self, number: int, findings: Sequence[Finding]) -> None:
        """Note these; of one path what was found last."""
        limit = self._door.kind.longest_name
        rows = {
            path: (number, path, kind, size, known_size, to_text(reason))
            for kind, path, size, known_size, reason in (
                (each.kind, to_text(each.path), each.size, each.known_size, each.reason)
                for each in findings
            )
            if limit is None or len(path.encode()) <= limit
        }
        for paths in chunks(rows):
            self._door.change(
                f"DELETE FROM discovery_finding WHERE discovery_id = ? AND path IN ({marks(paths)})",
                number,
                *paths,
            )
        self._door.many(
            "INSERT INTO discovery_finding (discovery_id, path, kind, size, known_size, reason) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            rows.values(),
        )
