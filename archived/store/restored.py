"""A store that was put back from a copy does not know what happened since: what that means until somebody has looked.

Whatever way the copy took to its place, it says itself that it is one (`opening.COPY_MARK`). What it believes to be under
way may have ended long ago, and what it believes to be unsent may lie in the archive, archived and accepted, in a
version that it has never heard of. So nothing is sent to a location before its archive was looked through.
"""

from __future__ import annotations

import json
from datetime import datetime

from archived.core.dataclass import dataclass
from archived.core.model import LIVE_BATCHES, Direction
from archived.store.base import Verbs
from archived.store.fields import from_time, to_text
from archived.store.opening import COPY_MARK
from archived.store.rows import json_of

RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """Since when the store knows nothing (None: nobody noted it), and which locations are open again."""

    made_at: datetime | None
    open: frozenset[str]


class RestoredVerbs(Verbs):
    """What is closed because the store was put back, and how it is opened again."""

    def restored(self) -> Restored | None:
        """None for a store that nobody put back, or of which all was looked through since."""
        if (text := self._noted(COPY_MARK)) is not None:
            return Restored(from_time(json_of(text)["made_at"]), frozenset())
        if (text := self._noted(RESTORED)) is None:
            return None
        noted = json_of(text)
        return Restored(from_time(noted["made_at"]), frozenset(noted["open"]))

    def is_closed(self, location: str) -> bool:
        """Whether nothing may be sent there: `open_again` was not yet possible since the store was put back."""
        restored = self.restored()
        return restored is not None and location not in restored.open

    def open_again(self, location: str) -> bool:
        """Open a location whose archive was looked through, unless something of before is under way; whether it is.

        That is judged with less knowledge, and has to end first. While a location is closed nothing is planned for
        it, so that all that is under way is of before.
        """
        with self._door.write():
            if (text := self._noted(RESTORED)) is None:
                return self._noted(COPY_MARK) is None
            noted = json_of(text)
            if location in noted["open"]:
                return True
            if location not in noted["looked_through"] or self._is_under_way(location):
                return False
            self._note({**noted, "open": [*noted["open"], location]})
            return True

    def _is_under_way(self, location: str) -> bool:
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
            noted = json_of(text)
            found = sorted({*noted["looked_through"], location})
            self._note({**noted, "looked_through": found})

    def _note(self, noted: dict[str, object]) -> None:
        self._upsert(
            "setting",
            {"rig_id": self._rig_id, "name": RESTORED},
            {"text": json.dumps(noted)},
        )

    def _noted(self, name: str) -> str | None:
        row = self._door.row(
            "SELECT text FROM setting WHERE rig_id = ? AND name = ?", self._rig_id, name
        )
        return None if row is None else str(row[0])
