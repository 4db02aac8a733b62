"""A store that refuses, at any place and for a while: the same daemon goes on, loses nothing, and does nothing twice.

A server may be lost with any statement, and in the middle of a commit nobody knows whether it was made. Both are
tried at every call of the store that the daemon makes.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived.errors import StoreError
from tests.daemon.world import World

STRIDE = 17
"""So many calls lie between two that are tried; each test begins with another one."""


class Refusing:
    """A store whose server is lost at one call, before it was done or after, and is away for some more calls."""

    def __init__(self, store: Any, fatal: int, *, after: bool, away: int) -> None:
        self._store = store
        self.calls = 0
        self.refused = 0
        self.where = ""
        self._fatal = fatal
        self._after = after
        self._away = away

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if not callable(verb) or name == "close":
            return verb

        def call(*words: Any, **options: Any) -> Any:
            self.calls += 1
            lost = self.calls == self._fatal
            gone = self._fatal < self.calls <= self._fatal + self._away
            if gone or (lost and not self._after):
                self._refuse(name)
            result = verb(*words, **options)
            if lost:
                # A verb that reads has to be read through, or nothing was lost.
                result = list(result) if hasattr(result, "__next__") else result
                self._refuse(name)
            return result

        return call

    def _refuse(self, name: str) -> None:
        self.refused += 1
        self.where = self.where or f"{'after' if self._after else 'before'} {name}"
        raise StoreError("the store postgresql://db/archive cannot be used just now")


def turn(world: World) -> None:
    """A turn of the loop, which waits when the store refuses."""
    world.now += timedelta(minutes=1)
    with contextlib.suppress(StoreError):
        world.daemon.tick(world.now)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("after", "away"), [(False, 4), (True, 0)], ids=["before", "after"])
def test_lost_at_any_call_it_goes_on_when_the_store_is_back(
    tmp_path: Path, after: bool, away: int
) -> None:
    fatal, tried = 1 + 3 * int(after) + away, 0
    while True:
        folder = tmp_path / str(fatal)
        folder.mkdir()
        world = World(folder)
        store = world.store
        refusing = Refusing(store, fatal, after=after, away=away)
        world.store = refusing  # type: ignore[assignment]
        try:
            world.daemon = world._build()
        except StoreError:
            world.daemon = world._build()
        world.store = store
        world.record_video(trials=2)
        turn(world)
        world.record_run()
        end = world.now + timedelta(hours=3)
        while not world.all_archived(2):
            assert world.now < end, (refusing.where, world.states(), world.log.entries[-10:])
            turn(world)
        assert world.on_rig() == world.mover.archive, refusing.where
        assert world.mover.overwritten == [], refusing.where
        for path in world.on_rig():
            assert world.mover.tasks_of(path) == 1, (refusing.where, path)
        assert store.alarms() == [], (refusing.where, store.alarms())
        store.close()
        tried += 1
        if not refusing.refused:
            break
        fatal += STRIDE
    assert tried > 20, "there are this many places at the least"
