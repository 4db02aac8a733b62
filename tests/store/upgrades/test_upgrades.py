"""Stores of every schema that was ever released, full of what such stores hold: nothing of it changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playhouse.migrations import Runner

from archived.core.lifecycle import State
from archived.store import Store
from archived.store.address import database, parse
from archived.store.connection import Door
from archived.store.opening import HISTORY, MIGRATIONS
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.servers import SERVERS, Server
from tests.store.upgrades.loading import (
    RIGS,
    VERSIONS,
    Rows,
    everything,
    load,
    said_then,
    without_kept,
)
from tests.store.upgrades.saying import said

DROPPED = {("dataset", "subject"): "subjects have a table of their own since 0002"}
"""Columns that a migration took away, and where that is now. `subject` was never filled."""

NEW_ANSWERS = {"subject"}
"""What verbs say of themselves and not of what is stored, or what was told of an animal elsewhere."""

by_version = pytest.mark.parametrize("version", VERSIONS)


@dataclass
class Upgrade:
    """A store before and after."""

    version: str
    kind: str
    before: Rows
    after: Rows
    said: dict[str, Any]
    shape: dict[str, list[Any]]
    new_shape: dict[str, list[Any]]
    used: str
    """The state of a dataset that was archived with it afterwards."""


@pytest.fixture(
    scope="module",
    params=[(version, kind) for kind in ("sqlite", *SERVERS) for version in VERSIONS],
    ids=lambda param: f"{param[1]}-{param[0]}",
)
def upgrade(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgrade]:
    """Every kept store on every kind of database."""
    version, kind = request.param
    if kind == "sqlite":
        folder = tmp_path_factory.mktemp("kept")
        new = str(folder / "new.db")
        Store.open(new, rig="rig-1", create=True, now=NOON).close()
        yield upgraded(version, kind, str(folder / "kept.db"), new, None)
        return
    server: Server = request.getfixturevalue("server_of")(kind)
    name = f"kept_{version}"
    address = server.new_database(name)
    yield upgraded(version, kind, address, request.getfixturevalue("shared_address")(kind), server)
    server.drop_database(name)


def upgraded(version: str, kind: str, address: str, new: str, server: Server | None) -> Upgrade:
    """Load a kept store, upgrade it, look at it, and use it."""
    load(version, address, server)
    before = everything(address)
    Store.open(address, rig="rig-1", create=True, now=NOON).close()
    after = everything(address)
    answers = {}
    # A store in a file has one rig, whatever that is called.
    for rig in RIGS if server is not None else RIGS[:1]:
        with Store.open(address, rig=rig, create=True, now=NOON) as store:
            answers[rig] = said(store)
    shapes = shape(address), shape(new)
    with Store.open(address, rig="rig-1", create=True, now=NOON) as store:
        bench = Bench(store)
        bench.ready("a.bin", dataset="SC008/new")
        bench.archive("SC008/new")
        used = bench.state("SC008/new")
    return Upgrade(version, kind, before, after, answers, *shapes, used)


def test_every_schema_has_kept_data() -> None:
    missing = without_kept()
    assert not missing, (
        f"nothing was kept of stores with the schema of {', '.join(missing)}, so that nobody knows whether they can be "
        f"upgraded: write tests/store/upgrades/told_{missing[0][:4]}.py, run "
        f"`python -m tests.store.upgrades.make {missing[0][:4]}`, and read and commit what it makes"
    )


@by_version
def test_a_migration_that_was_released_stays_as_it_was(version: str, tmp_path: Path) -> None:
    load(version, str(tmp_path / "kept.db"))
    names = [path.stem for path in MIGRATIONS.glob("[0-9]*.py")]
    built = database(parse(str(tmp_path / "built.db")))
    built.connect()
    with closing(built):
        Runner(built, str(MIGRATIONS), table_name=HISTORY).up(
            next(each for each in names if each.startswith(version))
        )
    assert shape(str(tmp_path / "built.db")) == shape(str(tmp_path / "kept.db"))


def test_an_upgrade_changes_nothing_that_was_stored(upgrade: Upgrade) -> None:
    assert missing_rows(upgrade.before, upgrade.after) == {}
    assert added_rows(upgrade.before, upgrade.after) == owed_anew(upgrade.version, upgrade.before)


def test_an_upgraded_store_says_what_it_said_before(upgrade: Upgrade) -> None:
    for rig, answers in upgrade.said.items():
        for question, then in said_then(upgrade.version, rig).items():
            assert contains(answers[question], then), (rig, question)


def test_an_upgraded_store_is_built_like_a_new_one(upgrade: Upgrade) -> None:
    assert upgrade.shape == upgrade.new_shape


def test_an_upgraded_store_goes_on_being_used(upgrade: Upgrade) -> None:
    assert upgrade.used == State.ARCHIVED


# --- what is compared -------------------------------------------------------------------------------


def missing_rows(before: Rows, after: Rows) -> dict[str, list[dict[str, Any]]]:
    """What is not there any more as it was, by the columns that there were."""
    lost = {}
    for table, rows in before.items():
        columns = [each for each in (rows[0] if rows else {}) if (table, each) not in DROPPED]
        there = Counter(tuple(row[each] for each in columns) for row in after[table])
        there.subtract(tuple(row[each] for each in columns) for row in rows)
        if gone := [dict(zip(columns, key, strict=True)) for key in there if there[key] < 0]:
            lost[table] = gone
    return lost


def added_rows(before: Rows, after: Rows) -> dict[str, int]:
    """How many rows there are more."""
    more = {table: len(rows) - len(before.get(table, ())) for table, rows in after.items()}
    return {table: number for table, number in more.items() if number}


def owed_anew(version: str, before: Rows) -> dict[str, int]:
    """What upgrades add: migrations that were run, and since 0002 a record of each archived dataset."""
    expected = {HISTORY: len(list(MIGRATIONS.glob("[0-9]*.py"))) - int(version)}
    if version < "0002":
        expected["record"] = sum(row["state"] == "archived" for row in before["dataset"])
    return {table: number for table, number in expected.items() if number}


def contains(now: Any, then: Any) -> bool:
    """Whether everything that was said then is said now; newer releases may say more of a thing."""
    if isinstance(then, dict) and isinstance(now, dict):
        return all(
            key in NEW_ANSWERS or (key in now and contains(now[key], value))
            for key, value in then.items()
        )
    if isinstance(then, list) and isinstance(now, list):
        return len(then) == len(now) and all(map(contains, now, then))
    return bool(then == now)


def shape(address: str) -> dict[str, list[Any]]:
    """How the tables are built, in the words of the database."""
    asked = {
        "sqlite": _sqlite_shape,
        "postgresql": _postgresql_shape,
        "mysql": _mysql_shape,
    }[parse(address).kind]
    with closing(Door(parse(address))) as door:
        door.connect()
        tables = sorted(door.database.get_tables())
        return {table: asked(door, table) for table in tables}


def _sqlite_shape(door: Door, table: str) -> list[Any]:
    columns = sorted(row[1:] for row in door.rows(f"PRAGMA table_xinfo('{table}')"))
    references = sorted(row[2:] for row in door.rows(f"PRAGMA foreign_key_list('{table}')"))
    indexes = sorted(row[1:] for row in door.rows(f"PRAGMA index_list('{table}')"))
    inside = [sorted(door.rows(f"PRAGMA index_xinfo('{row[0]}')"), key=str) for row in indexes]
    return [columns, references, indexes, inside]


def _postgresql_shape(door: Door, table: str) -> list[Any]:
    columns = door.rows(
        "SELECT column_name, data_type, collation_name, is_nullable, character_maximum_length, column_default "
        "FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position",
        table,
    )
    indexes = door.rows("SELECT indexdef FROM pg_indexes WHERE tablename = ? ORDER BY 1", table)
    constraints = door.rows(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ?::regclass ORDER BY 1",
        table,
    )
    return [columns, indexes, constraints]


def _mysql_shape(door: Door, table: str) -> list[Any]:
    row = door.row(f"SHOW CREATE TABLE {table}")
    assert row is not None
    lines = [line.strip(" ,") for line in str(row[1]).splitlines()]
    # The counter is where the rows have brought it.
    return sorted(re.sub(r" AUTO_INCREMENT=\d+", "", line) for line in lines)
