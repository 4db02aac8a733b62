"""A daemon goes on with the batches that an older release left at the mover: it sends nothing twice and forgets nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.model import LIVE_BATCHES, Direction
from archived.ports import TaskState, TransferItem, TransferOrder
from archived.store import Selector, Store
from tests.builders import NOON
from tests.daemon.world import World
from tests.fakes import FakeTask
from tests.store.upgrades.loading import VERSIONS, load

AT_THE_MOVER = ("reserved", "active", "cancelling", "sent")
"""The batches that the mover knows, each of a dataset of the same name, and `planned`, which it does not."""


class OldWorld(World):
    """A daemon of today on a store of then; the rig and the mover have what the story says."""

    def __init__(self, base: Path, version: str) -> None:
        load(version, str(base / "archived.db"))
        super().__init__(base)
        self.now = NOON + timedelta(days=1)
        self.store.resume()
        self.at_the_rig()
        self.at_the_mover()

    def at_the_rig(self) -> None:
        """What is to be sent yet lies on the disk; its times differ, so that it settles anew."""
        for file in self.store.batch_files("rig-1-planned"):
            path = self.root / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(file.size))

    def at_the_mover(self) -> None:
        """What was submitted went well meanwhile, which nobody has noticed yet."""
        for name in AT_THE_MOVER:
            batch = self.store.batch(f"rig-1-{name}")
            assert batch is not None
            assert batch.submission_id == f"submission-rig-1-{name}"
            files = self.store.batch_files(batch.id)
            items = [TransferItem(each.path, each.size) for each in files]
            order = TransferOrder(batch.submission_id, batch.id, batch.direction, items, self.now)
            self.mover.tasks[f"task-rig-1-{name}"] = FakeTask(
                f"task-rig-1-{name}",
                order,
                TaskState.SUCCEEDED,
                moved={each.path: each.size for each in files},
            )
            self.mover.archive |= {each.path: bytes(each.size) for each in files}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_daemon_goes_on_with_what_an_older_release_left_at_the_mover(
    version: str, tmp_path: Path
) -> None:
    world = OldWorld(tmp_path, version)
    try:
        world.until(
            lambda: all(
                state_of(world.store, each) is State.ARCHIVED
                for each in ("reserved", "cancelling", "sent")
            )
        )
        # Of the last one a file had been taken out of the batch, for a person to look at.
        world.until(lambda: state_of(world.store, "active") is State.FAILED)
        for name in AT_THE_MOVER:
            batch = world.store.batch(f"rig-1-{name}")
            assert batch is not None
            assert batch.task_id == f"task-rig-1-{name}"
            for file in world.store.batch_files(batch.id):
                assert world.mover.tasks_of(file.path) == 1
        assert not {
            each.id for each in world.store.batches(*LIVE_BATCHES, direction=Direction.ARCHIVE)
        } & {f"rig-1-{name}" for name in (*AT_THE_MOVER, "planned")}
        receipts = {
            file.path: (file.archived_size, file.proof)
            for dataset in world.store.select(Selector(names=["raw-ephys/SC005/*"]))
            for file in world.store.files(dataset.id)
            if file.archived_size is not None
        }
        assert len(receipts) == 2 + 4 + 1 + 2
        assert {proof for _, proof in receipts.values()} == {"successful transfers"}
    finally:
        world.store.close()


def state_of(store: Store, name: str) -> State:
    """Of a dataset that travelled when the older release ended."""
    return store.dataset(f"raw-ephys/SC005/{name}").state
