"""The SHA-256 of archived files, computed on the rig once."""

from __future__ import annotations

from collections.abc import Mapping

from archived.store.base import Verbs
from archived.store.fields import from_text, to_text
from archived.store.results import Digest


class DigestVerbs(Verbs):
    """What no receipt tells."""

    def digests(self, dataset_id: int) -> Mapping[int, Digest]:
        """What is known of the SHA-256 of a dataset's files, by the ids of the files."""
        rows = self._door.rows(
            "SELECT g.file_id, g.size, g.mtime_ns, g.sha256, g.why FROM digest g "
            "JOIN file f ON f.id = g.file_id WHERE f.dataset_id = ?",
            dataset_id,
        )
        return {row[0]: Digest(row[1], row[2], row[3], from_text(row[4])) for row in rows}

    def note_digests(self, digests: Mapping[int, Digest]) -> None:
        """Keep what was found out about files, by their ids."""
        with self._door.write():
            for file_id, digest in digests.items():
                self._upsert(
                    "digest",
                    {"file_id": file_id},
                    {
                        "size": digest.size,
                        "mtime_ns": digest.mtime_ns,
                        "sha256": digest.sha256,
                        "why": to_text(digest.why),
                    },
                )
