"""Any order of what rigs, movers, archives and people do: the rules of the store hold, on every kind of database alike."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from archived.store import Store
from archived.store.schema import TABLES
from tests.builders import NOON
from tests.effort import EFFORT, examples
from tests.store.machine import StoreMachine
from tests.store.servers import SERVERS, SHARED, Server
from tests.store.twin import Twin
from tests.store.upgrades.loading import everything

pytestmark = pytest.mark.timeout(600 * EFFORT)


def effort(number: int, steps: int) -> settings:
    return settings(
        max_examples=examples(number),
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a dataset; copying it is faster than building one."""
    path = tmp_path_factory.mktemp("empty") / "archived.db"
    Store.open(str(path), rig="rig-1", create=True, now=NOON).close()
    return path


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where one example after the other has its store."""
    made = Path(tempfile.mkdtemp(prefix="archived-machine-"))
    yield made
    shutil.rmtree(made)


def test_a_store_in_a_file_keeps_its_rules(empty_store: Path, folder: Path) -> None:
    class FileMachine(StoreMachine):
        def __init__(self) -> None:
            shutil.copy(empty_store, folder / "archived.db")
            super().__init__()

        def open(self) -> Store:
            return Store.open(str(folder / "archived.db"), rig="rig-1", create=True, now=NOON)

    run_state_machine_as_test(FileMachine, settings=effort(15, 40))


def test_the_same_verbs_make_the_same_tables_on_every_kind_of_store(
    empty_store: Path,
    folder: Path,
    server_of: Callable[[str], Server],
    shared_address: Callable[[str], str],
) -> None:
    kinds = list(SERVERS) if EFFORT > 1 else ["postgresql"]
    addresses = [str(folder / "archived.db"), *map(shared_address, kinds)]

    class TwinMachine(StoreMachine):
        def __init__(self) -> None:
            shutil.copy(empty_store, folder / "archived.db")
            for kind in kinds:
                begin_anew(server_of(kind), kind)
            super().__init__()

        def open(self) -> Any:
            return Twin(
                [Store.open(each, rig="rig-1", create=True, now=NOON) for each in addresses]
            )

        @property
        def store_to_look_at(self) -> Any:
            return self.bench.store.stores[0]

        def teardown(self) -> None:
            super().teardown()
            first, *others = (comparable(each) for each in addresses)
            for other in others:
                assert other == first

    run_state_machine_as_test(TwinMachine, settings=effort(3, 25))


def begin_anew(server: Server, kind: str) -> None:
    """An empty store with the rig in it; its numbers begin at 1 as in a new one."""
    tables = [table._meta.table_name for table in TABLES]
    with closing(server.connect(SHARED)) as connection:
        cursor = connection.cursor()
        if kind == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        else:
            cursor.execute("SET FOREIGN_KEY_CHECKS = 0")
            for each in tables:
                cursor.execute(f"TRUNCATE {each}")
        cursor.execute("INSERT INTO rig (name) VALUES ('rig-1')")


def comparable(address: str) -> dict[str, list[Any]]:
    """Every row, without the numbers that servers deal out once more after a refusal, or that only servers need."""
    found = everything(address)
    del found["archived_schema"]
    for row in found["rig"]:
        del row["changes"]
    for table in ("event", "receipt", "discovery"):
        for row in found[table]:
            del row["id"]
    for table in found:
        for row in found[table]:
            row.pop("discovery_id", None)
        found[table].sort(key=repr)
    return found
