"""A rig at rest: the store is asked whether it changed, and nothing else, until it did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from archived.core.lifecycle import State
from archived.daemon.loop import HEARTBEAT
from archived.daemon.resting import LONGEST
from archived.store import Selector, Store
from tests.daemon.world import VIDEO, World

SECOND = timedelta(seconds=1)


@pytest.fixture
def resting(world: World) -> World:
    """Everything is archived, and the first turn after that is over."""
    world.record_video()
    world.until(world.all_archived)
    world.pass_time(2 * SECOND, step=SECOND)
    return world


def statements(world: World, act: Callable[[], object]) -> list[str]:
    """What the store is asked meanwhile."""
    database: Any = world.store._door.database
    execute, found = database.execute_sql, []

    def noting(sql: str, *values: Any) -> Any:
        found.append(sql)
        return execute(sql, *values)

    database.execute_sql = noting
    act()
    database.execute_sql = execute
    return found


def test_a_turn_asks_nothing_but_whether_the_store_changed(resting: World) -> None:
    asked = statements(resting, lambda: resting.pass_time(SECOND))

    assert asked == ["PRAGMA data_version"]


def test_the_note_that_the_daemon_lives_ends_no_rest(resting: World) -> None:
    asked = statements(resting, lambda: resting.pass_time(2 * HEARTBEAT, step=HEARTBEAT))

    assert set(asked) == {
        "PRAGMA data_version",
        "UPDATE rig SET last_tick = ? WHERE id = ?",
    }


def test_what_is_written_in_the_turn_that_notes_it_is_taken_up_in_the_next(resting: World) -> None:
    def look_at_the_disk(*_: object) -> None:
        resting.daemon._at_rest = at_rest
        resting.store.raise_alarm("look", "a disk hangs", "see to it", resting.now)

    at_rest = resting.daemon._at_rest
    look_at_the_disk.kinds = ()  # type: ignore[attr-defined]
    resting.daemon._at_rest = (look_at_the_disk,)  # type: ignore[assignment]
    resting.pass_time(HEARTBEAT, step=HEARTBEAT)

    assert len(statements(resting, lambda: resting.pass_time(SECOND))) > 5


def test_what_another_process_changes_is_taken_up_in_the_next_turn(resting: World) -> None:
    with Store.open(str(resting.base / "archived.db"), rig="test-rig") as ctl:
        ctl.pause("service", resting.now)
    assert len(statements(resting, lambda: resting.pass_time(SECOND))) > 5


def test_what_the_daemon_sees_on_the_disk_is_taken_up(resting: World) -> None:
    resting.record_run()
    resting.until(lambda: resting.all_archived(2))


def test_nothing_rests_while_a_dataset_settles(resting: World) -> None:
    resting.record_run()
    resting.until(lambda: State.SETTLING in resting.states().values())
    for _ in range(3):
        asked = statements(resting, lambda: resting.pass_time(SECOND))
        assert len(asked) > 5


def test_what_a_person_holds_does_not_keep_the_rig_from_its_rest(resting: World) -> None:
    resting.record_run()
    resting.until(lambda: State.SETTLING in resting.states().values())
    held = Selector(states=(State.SETTLING,))
    with Store.open(str(resting.base / "archived.db"), rig="test-rig") as ctl:
        assert ctl.hold(held, resting.now, user="ada", why="not yet")
    resting.pass_time(3 * SECOND, step=SECOND)
    asked = statements(resting, lambda: resting.pass_time(SECOND))
    assert asked == ["PRAGMA data_version"]


def test_every_step_has_its_turn_now_and_then_all_the_same(resting: World) -> None:
    asked = statements(resting, lambda: resting.pass_time(LONGEST, step=SECOND))
    assert any("FROM dataset" in sql for sql in asked)
    assert VIDEO in resting.states()
