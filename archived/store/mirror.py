"""What the mirror asks of the store: where each rig's locations are archived."""

from __future__ import annotations

from collections.abc import Mapping

from archived.store.base import Verbs
from archived.store.fields import from_text, to_text

_ARCHIVE = "archive:"


class MirrorVerbs(Verbs):
    """The archives of locations, by rig: one name may mean different places to different rigs."""

    def note_archives(self, archives: Mapping[str, str]) -> None:
        """Keep where this rig's locations are archived."""
        known = {
            location: text
            for (rig, location), text in self.archives().items()
            if rig == self.rig_name()
        }
        for location, text in archives.items():
            if known.get(location) != text:
                with self._door.write():
                    self._upsert(
                        "setting",
                        {"rig_id": self._rig_id, "name": to_text(_ARCHIVE + location)},
                        {"text": to_text(text)},
                    )

    def archives(self) -> dict[tuple[str, str], str]:
        """Where the locations of every rig are archived, by rig and location, as their daemons noted it."""
        rows = self._door.rows(
            "SELECT g.name, s.name, s.text FROM setting s JOIN rig g ON g.id = s.rig_id WHERE s.name LIKE ?",
            _ARCHIVE + "%",
        )
        return {
            (from_text(rig), from_text(name)[len(_ARCHIVE) :]): from_text(text)
            for rig, name, text in rows
        }

    def rig_name(self) -> str:
        """This rig as its datasets call it; a SQLite store keeps the name that it began with."""
        row = self._door.row("SELECT name FROM rig WHERE id = ?", self._rig_id)
        return from_text(row[0]) if row else self._rig
