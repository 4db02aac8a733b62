"""It may be killed between any two steps: whatever was not stored is done again, and nothing is done twice.

Every write to the store and every call to the mover is a place to die at, before it happens and after. Each place
is tried: the process "dies" there, everything but the store and the world is forgotten, and a new daemon goes on.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.daemon.world import World
from tests.dying import Killed, Places

WRITES = frozenset(
    {
        "end_batch",
        "finish_look",
        "heartbeat",
        "move",
        "move_batch",
        "note",
        "plan_batch",
        "postpone_batch",
        "prove",
        "put_setting",
        "refresh",
        "release_files",
        "reserve_batch",
        "sent_batch",
        "set_external_checksums",
        "set_unrecognised",
        "sight",
        "start_batch",
        "update_batch",
    }
)
CALLS = frozenset({"reserve", "submit", "poll", "receipts", "list", "stat"})


def mortal(world: World, places: Places) -> None:
    """Build the daemon anew, with places to die at."""
    store, mover = world.store, world.mover
    world.store = places.around(store, WRITES)
    world.mover = places.around(mover, CALLS)
    world.daemon = world._build()
    world.store, world.mover = store, mover


def story(world: World) -> None:
    """Videos, and a run that is recorded a little later."""
    world.record_video(trials=2)
    world.pass_time(timedelta(minutes=1))
    world.record_run()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_place_it_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, after: bool
) -> None:
    fatal = 0
    while True:
        fatal += 1
        folder = tmp_path / str(fatal)
        folder.mkdir()
        world = World(folder)
        places = Places(fatal, after=after)
        mortal(world, places)
        died = False
        try:
            story(world)
            world.until(lambda world=world: world.all_archived(2), within=timedelta(hours=3))
        except Killed:
            died = True
            world.restart()
            if len(world.on_rig()) < 7:
                world.record_run()
            world.until(lambda world=world: world.all_archived(2), within=timedelta(hours=3))
        assert world.on_rig() == world.mover.archive, places.where
        assert world.mover.overwritten == [], places.where
        for path in world.on_rig():
            assert world.mover.tasks_of(path) == 1, (places.where, path)
        world.store.close()
        if not died:
            break
    assert fatal > 40, "there are this many places at the least"
