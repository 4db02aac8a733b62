"""What happens before a store of an older release is brought up to date: may it be now, and what is kept of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import StoreDamagedError, StoreError
from archived.store.backup import copy_of
from archived.store.connection import Door
from archived.store.fields import from_text
from archived.store.locks import daemon_lock
from archived.store.placing import sync_folder

ROOM = 2
"""How many times the size of a store has to be free: for the copy, and for what the migrations write."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was done to a store when it was opened. `kept` is what it was before; without one, `why_not` says why."""

    migrations: tuple[str, ...]
    kept: Path | None = None
    why_not: str = ""

    def __str__(self) -> str:
        done = f"the store was brought up to date ({', '.join(self.migrations)})"
        if self.kept is None:
            return f"{done}; what it was before was not kept: {self.why_not}"
        return f"{done}; what it was before is kept in {printable(str(self.kept))}"


class Preparation:
    """Called with the names of the migrations before the first of them runs, by the only process that will run them."""

    def __init__(self, door: Door, *, create: bool, now: datetime | None) -> None:
        self._door = door
        self._create = create
        self._now = now
        self.upgraded: Upgraded | None = None

    def __call__(self, migrations: Sequence[str]) -> None:
        """Raises `StoreError` where it must not be now, and `StoreDamagedError`; then nothing was changed."""
        path = self._door.address.path
        if path is None:
            self._insist_on_everybody()
            self.upgraded = Upgraded(
                tuple(migrations), None, "back up the database by its own means"
            )
        else:
            self.upgraded = self._kept(path, tuple(migrations))

    def _insist_on_everybody(self) -> None:
        """Older releases cannot use the tables of newer ones, so a shared store changes for all rigs at once."""
        shown = self._door.address.shown
        if not self._create:
            raise StoreError(
                f"the store {shown} is of an older release and is shared, so that looking at it does not bring it "
                "up to date; nothing was changed",
                what_to_do="start the daemon of this release on a rig (docs/UPGRADES.md), or use the older release "
                "here until then",
            )
        running = [
            from_text(name)
            for rig_id, name in self._door.rows("SELECT id, name FROM rig ORDER BY name")
            if daemon_lock(self._door, rig_id).held()
        ]
        if running:
            raise StoreError(
                f"the store {shown} must be brought up to date, but daemons of an older release use it: "
                f"{', '.join(map(printable, running))}; nothing was changed",
                what_to_do="stop them, or restart them in this release: whichever is the last one brings it up to "
                "date, and all go on",
            )

    def _kept(self, path: Path, migrations: tuple[str, ...]) -> Upgraded:
        """Copy the store as it is. A disk without room for that does not stand in the way of the upgrade."""
        needed, free = ROOM * _size(path), shutil.disk_usage(path.parent).free
        if free < needed:
            why = f"that takes {needed:,} bytes of room beside it, and {free:,} are free"
            return Upgraded(migrations, None, why)
        number = migrations[0].partition("_")[0]
        kept = path.with_name(f"{path.name}.before-{number}")
        unfinished = path.with_name(f"{kept.name}.unfinished")
        try:
            unfinished.unlink(missing_ok=True)
            copy_of(path, unfinished, self._now)
            # One that is there already is from an upgrade that was taken back, or did not come about.
            os.replace(unfinished, kept)
            sync_folder(path.parent)
        except StoreDamagedError:
            raise
        except (StoreError, OSError) as error:
            return Upgraded(migrations, None, str(error))
        return Upgraded(migrations, kept)


def _size(path: Path) -> int:
    """Of a store in a file, with what was written last and lies beside it."""
    log = path.with_name(path.name + "-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)
