"""A whole turn of a daemon costs as much as there is to do, however many files are archived."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from archived.daemon.resting import LONGEST
from tests.daemon.world import World
from tests.store.test_plans import GROWING, SMALL

MINUTE = timedelta(minutes=1)


@pytest.fixture
def archived(world: World) -> World:
    """A rig with some recordings, all archived."""
    world.record_video()
    world.record_run()
    world.until(lambda: world.all_archived(2))
    return world


def plans(world: World, act: Callable[[], object]) -> Iterator[tuple[str, str]]:
    """The statements that are run meanwhile, each with every line of its plan."""
    database: Any = world.store._door.database
    execute, found = database.execute_sql, set()

    def noting(sql: str, *values: Any) -> Any:
        found.add(sql)
        return execute(sql, *values)

    database.execute_sql = noting
    act()
    database.execute_sql = execute
    connection = database.connection()
    for sql in sorted(found):
        if sql.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            numbers = (None,) * sql.count("?")
            for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", numbers):
                yield sql, row[3]


def scans(world: World, act: Callable[[], object]) -> list[str]:
    """The plans that read a whole table of those that grow with what is archived."""
    asked = list(plans(world, act))
    assert asked
    return [
        f"{line}: {sql}"
        for sql, line in asked
        if (scan := GROWING.match(line)) and table_of(scan[1], sql) not in SMALL
    ]


def table_of(name: str, sql: str) -> str:
    """The table that a name in a plan stands for."""
    named = re.search(rf"\b(?:FROM|JOIN) (\w+) {name}\b", sql)
    return named[1] if named else name


def test_no_statement_of_a_turn_with_nothing_to_do_reads_everything(archived: World) -> None:
    # In so long every step has its turn, and none of them a look to see to.
    step = LONGEST / 2
    assert scans(archived, lambda: archived.pass_time(4 * step, step=step)) == []


def test_no_statement_of_a_daemon_that_begins_reads_everything(archived: World) -> None:
    archived.restart()
    assert scans(archived, lambda: archived.pass_time(MINUTE, step=MINUTE)) == []


def test_no_statement_of_a_turn_in_which_a_look_ends_reads_everything(archived: World) -> None:
    """It reads the folders of its root, of each of which there are hundreds of files."""
    assert scans(archived, lambda: archived.pass_time(6 * MINUTE, step=MINUTE)) == []


def test_no_statement_of_a_whole_recordings_way_reads_everything(archived: World) -> None:
    archived.record_run(seed=1)
    (archived.root / "SC011" / "more").mkdir()

    def whole_way() -> None:
        archived.pass_time(timedelta(minutes=20))

    assert scans(archived, whole_way) == []


def test_a_statement_that_reads_everything_would_be_noticed(archived: World) -> None:
    door = archived.store._door
    assert scans(archived, lambda: door.rows("SELECT f.name FROM file f WHERE f.size > 1"))
