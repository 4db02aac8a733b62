"""Killed at any place, telling the archive goes on: nothing is lost, and no dataset is ever moved for it.

As `test_crashes`, with places at every write of the store that is about records, at every file of the spool, and at
every call of the mover that carries them.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.records import RecordState
from archived.records import load, spool
from tests.daemon.record_world import RUN, VIDEO, RecordWorld
from tests.daemon.test_crashes import CALLS
from tests.dying import Killed, Places

WRITES = frozenset(
    {
        "begin_batch",
        "end_batch",
        "keep_records",
        "load_records",
        "move_batch",
        "note_digests",
        "postpone_batch",
        "records_are_ours",
        "reopen_records",
        "reserve_batch",
        "sent_batch",
        "set_record",
        "start_batch",
        "unload_records",
        "update_batch",
    }
)
NAMES = (f"raw-ephys/{RUN}", f"raw-video/{VIDEO}")


def archived(folder: Path) -> RecordWorld:
    """A rig that has archived everything, and told the archive nothing about it."""
    world = RecordWorld(folder)
    world.records = None
    world.daemon = world._build()
    world.record_video(trials=1)
    world.record_run()
    world.mover.leave_out_of_lists(*world.on_rig())
    world.until(lambda: world.all_archived(2))
    return world


def mortal(world: RecordWorld, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the daemon anew, with places to die at."""
    store, mover = world.store, world.record_mover
    world.store = places.around(store, WRITES)
    world.record_mover = places.around(mover, CALLS)
    world.keep(mover_of=_moving(world, places, mover))
    world.store, world.record_mover = store, mover
    for module, name in ((spool, "write_small"), (load, "remove_record")):
        monkeypatch.setattr(module, name, getattr(places.around(module, frozenset({name})), name))


def _moving(world: RecordWorld, places: Places, mover: object) -> object:
    """As `RecordWorld.spool_mover_of`, with a mover to die in."""
    dying = places.around(mover, CALLS)

    def mover_of(location: object) -> object:
        world.record_mover.files = Path(location.root)  # type: ignore[attr-defined]
        return dying

    return mover_of


@pytest.mark.timeout(240)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_place_the_archive_is_told_in_the_end(
    tmp_path: Path, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fatal = 0
    world = archived(tmp_path)
    events = world.store.last_event()
    restore = world.save()
    while True:
        fatal += 1
        restore()
        places = Places(fatal, after=after)
        died = False
        with monkeypatch.context() as patched:
            try:
                mortal(world, places, patched)
                world.until(lambda: world.told(*NAMES))
                world.pass_time(timedelta(minutes=3))
            except Killed:
                died = True
        world.keep()
        world.restart()
        world.until(lambda: world.told(*NAMES))
        world.pass_time(timedelta(minutes=5))
        assert {**world.manifest(RUN), **world.manifest(VIDEO)} == world.sums(), places.where
        assert world.data() == world.on_rig(), places.where
        assert world.in_spool() == [], places.where
        assert world.store.last_event() == events, places.where
        assert set(world.states().values()) == {State.ARCHIVED}, places.where
        assert world.store.batches(*world.live()) == [], places.where
        assert not any(
            number
            for state, number in world.store.count_records().items()
            if state is not RecordState.PROVED
        )
        if not died:
            break
    world.store.close()
    assert fatal > 15, "there are this many places at the least"
