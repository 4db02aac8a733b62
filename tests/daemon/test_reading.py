"""A daemon has its store read through beside the loop, and does nothing at all before that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archived.errors import StoreDamagedError
from tests.builders import NOON
from tests.daemon.world import World

PAGE = 4_096


def content(world: World) -> bytes:
    """All that is stored, wherever SQLite has it."""
    path = world.base / "archived.db"
    return path.read_bytes() + path.with_name("archived.db-wal").read_bytes()


def test_no_step_is_taken_and_nothing_is_written_before_the_store_was_read_through(
    world: World,
) -> None:
    world.record_video()
    with world.store.claim_daemon(4711, NOON, read_later=True) as world.claim:
        world.restart_with_the_same_store()
        before = content(world)

        world.daemon.tick(world.now)

        assert content(world) == before
        assert not world.daemon.begun
        assert not world.daemon.idle(world.now)
        assert world.store.daemon().pid is None

        world.daemon.tick(world.now)

        assert world.daemon.begun
        assert world.store.daemon().pid == 4711
        world.until(world.all_archived)


def test_a_daemon_ends_at_a_store_that_is_not_sound_and_leaves_it_as_it_is(world: World) -> None:
    world.record_video()
    world.until(world.all_archived)
    world.store.close()
    path = world.base / "archived.db"
    _damage_an_index(path)
    world.restart()
    with world.store.claim_daemon(4711, NOON, read_later=True) as world.claim:
        world.restart_with_the_same_store()
        before = content(world)
        world.daemon.tick(world.now)
        with pytest.raises(StoreDamagedError, match="is damaged"):
            world.daemon.tick(world.now)
    assert content(world) == before


def test_a_store_that_is_claimed_to_be_used_at_once_is_read_through_at_once(world: World) -> None:
    with world.store.claim_daemon(4711, NOON) as world.claim:
        world.restart_with_the_same_store()
        assert world.daemon.begun
        assert world.store.daemon().pid == 4711


def _damage_an_index(path: Path) -> None:
    """A page in which every name of a file is another one, as only a look at the whole store finds."""
    data = bytearray(path.read_bytes())
    name = b"SC011_side_001-0000.avi"
    at = data.find(name)
    assert at > 0
    while at > 0:
        data[at : at + 5] = b"SC012"
        at = data.find(name, at + PAGE - at % PAGE)
    path.write_bytes(data)
    assert not os.path.exists(f"{path}-wal") or os.path.getsize(f"{path}-wal") == 0
