"""The Globus mover against the simulated Globus, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archived.core.model import CollectionArchive, StorageLocation
from archived.simulator import SimulatedGlobus, running
from archived.transfer.globus import GlobusTransfers
from archived.transfer.globus_session import GlobusSession
from tests.transfer.benches import DiskEnds

RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE = "5b875fda-4185-11e8-bb52-0ac6873fc732"

SUBMITTING = "POST /v0.10/transfer"
AS_OFTEN_AS_THE_LIBRARY_TRIES = 3


class GlobusBench(DiskEnds):
    """Both collections hold more than our folder, so that paths have to be mapped."""

    def __init__(self, base: Path, globus: SimulatedGlobus) -> None:
        super().__init__(base)
        self.globus = globus
        self.location = StorageLocation(
            name="raw",
            archive=CollectionArchive(ARCHIVE, f"/{base.name}/archive"),
            conventions=(),
            root=str(self.rig_folder),
            collection=RIG,
            collection_path=f"/{base.name}/rig",
        )
        self.session = self._log_in()
        self.mover = GlobusTransfers(self.location, self.session)

    def _log_in(self) -> GlobusSession:
        return GlobusSession(
            self.globus.client_id, client_secret=self.globus.client_secret, native=False
        )

    def restart(self) -> None:
        self.session.close()
        self.session = self._log_in()
        self.mover = GlobusTransfers(self.location, self.session)

    def lose_reply(self) -> None:
        self.globus.order("reset", route=SUBMITTING, times=AS_OFTEN_AS_THE_LIBRARY_TRIES)

    def hold(self) -> None:
        self.globus.pause()

    def go_on(self) -> None:
        self.globus.resume()

    def go_offline(self) -> None:
        self.globus.disconnect(ARCHIVE)

    def come_back(self) -> None:
        self.globus.connect(ARCHIVE)

    def fill_archive(self) -> None:
        self.globus.order("quota", collection=ARCHIVE)

    def forbid(self, path: str) -> None:
        self.globus.order("permission_denied", collection=RIG, path=f"*/{path}")

    def expire(self, task_id: str) -> None:
        self.globus.expire(task_id)

    def close(self) -> None:
        """Leave the simulator as it was found, for the next test."""
        self.session.close()
        self.globus.clear_faults()
        self.globus.resume()
        self.globus.connect(ARCHIVE)
        for task in self.globus.tasks():
            if task["status"] in ("ACTIVE", "INACTIVE"):
                self.globus.cancel_as_administrator(task["task_id"])
        self.globus.wait()


@contextmanager
def simulated(base: Path, **options: object) -> Iterator[SimulatedGlobus]:
    """A simulated Globus whose two collections are one folder, with the environment pointing at it."""
    with (
        pytest.MonkeyPatch.context() as patch,
        running({RIG: base, ARCHIVE: base}, **options) as globus,  # type: ignore[arg-type]
    ):
        for name, value in globus.environment.items():
            patch.setenv(name, value)
        yield globus
