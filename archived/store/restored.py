"""A store that was put back from a copy does not know what happened since: what that means until somebody has looked.

Whatever way the copy took to its place, it says itself that it is one (`backup.COPY_MARK`). What it believes to be under
way may have ended long ago, and what it believes to be unsent may lie in the archive, archived and accepted, in a
version that it has never heard of. So nothing is sent to a location before its archive was looked through.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from archived.core.model import LIVE_BATCHES, Direction
from archived.store.backup import COPY_MARK
from archived.store.base import Verbs
from archived.store.fields import from_time, to_text

RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """Since when the store knows nothing (None: nobody noted it), and whose archives were looked through since."""

    made_at: datetime | None
    looked_through: frozenset[str]


class RestoredVerbs(Verbs):
    """What is closed because the store was put back, and how it is opened again."""

    def restored(self) -> Restored | None:
        """None for a store that nobody put back, or of which all was looked through since."""
        if (text := self._noted(COPY_MARK)) is not None:
            return Restored(from_time(json.loads(text)["made_at"]), frozenset())
        if (text := self._noted(RESTORED)) is None:
            return None
        noted = json.loads(text)
        return Restored(from_time(noted["made_at"]), frozenset(noted["looked_through"]))

    def is_closed(self, location: str) -> bool:
        """Whether nothing may be sent there: its archive was not looked through since the store was put back.

        What was under way at that moment has to have ended as well, as it is judged with less knowledge.
        """
        restored = self.restored()
        if restored is None:
            return False
        return location not in restored.looked_through or self._is_under_way(location)

    def _is_under_way(self, location: str) -> bool:
        # While it is closed nothing is planned for it, so that these are all from before.
        return (
            self._door.row(
                "SELECT 1 FROM batch WHERE rig_id = ? AND location = ? AND direction = ? "
                f"AND state IN ({', '.join('?' for _ in LIVE_BATCHES)}) LIMIT 1",
                self._rig_id,
                to_text(location),
                Direction.ARCHIVE,
                *LIVE_BATCHES,
            )
            is not None
        )

    def end_restored(self) -> None:
        """All that the configuration has was looked through: the store is like any other from now on."""
        self._door.change(
            "DELETE FROM setting WHERE rig_id = ? AND name = ?", self._rig_id, RESTORED
        )

    def _looked_through(self, location: str) -> None:
        """A walk over the whole archive of a location has ended; one that began before would not be there any more."""
        if (text := self._noted(RESTORED)) is not None:
            noted = json.loads(text)
            found = sorted({*noted["looked_through"], location})
            self._upsert(
                "setting",
                {"rig_id": self._rig_id, "name": RESTORED},
                {"text": json.dumps({**noted, "looked_through": found})},
            )

    def _noted(self, name: str) -> str | None:
        row = self._door.row(
            "SELECT text FROM setting WHERE rig_id = ? AND name = ?", self._rig_id, name
        )
        return None if row is None else str(row[0])
