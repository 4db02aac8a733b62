"""restored: of a store that was put back, what must be done before anything is sent again, and when that is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archived.daemon.surroundings import Surroundings
from archived.errands import Finished


class Restoring:
    """Tells of the locations that are closed, and of their being open again (see `store.restored`)."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Raise and end the alarms; with the last of them the store is like any other."""
        store = self._around.store
        restored = store.restored()
        if restored is None:
            return
        closed = [each for each in self._around.locations if not store.open_again(each)]
        for location in self._around.locations:
            if location in closed:
                self._tell(location, restored.made_at, now)
            else:
                store.clear_alarm(key_of(location))
        if not closed:
            store.end_restored()
            self._around.log.info(
                "archives were looked through; all goes on", since=restored.made_at
            )

    def _tell(self, location: str, made_at: datetime | None, now: datetime) -> None:
        since = "" if made_at is None else f" of {made_at:%Y-%m-%d %H:%M} UTC"
        self._around.store.raise_alarm(
            key_of(location),
            f"the store was put back from a copy{since} and does not know what the archive of {location} was sent "
            "since; nothing is sent there until that is known. Recordings wait on the rig",
            "wait until no transfer of this rig is under way any more (the activity page of Globus tells), then type: "
            f"archivedctl discover -l {location}",
            now,
        )


def key_of(location: str) -> str:
    """The alarm of one location."""
    return f"restored:{location}"
