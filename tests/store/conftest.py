"""Every test of the store that asks for a store or for its address runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.store import Store
from archived.store.schema import TABLES
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.servers import (
    drop_database,
    empty,
    new_database,
    postgresql,
    server_programs,
)

KINDS = ["sqlite", "postgresql"] if server_programs() else ["sqlite"]

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", KINDS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a server, what is about servers alone is left out; one test says so (test_opening)."""
    if "postgresql" in KINDS:
        return
    about_servers = [
        each for each in items if "shared_database" in getattr(each, "fixturenames", ())
    ]
    config.hook.pytest_deselected(items=about_servers)
    items[:] = [each for each in items if each not in about_servers]


@pytest.fixture(scope="session")
def socket() -> Iterator[Path]:
    """The server's socket; it is started by the first test that needs it."""
    programs = server_programs()
    assert programs is not None
    with postgresql(programs) as folder:
        yield folder


@pytest.fixture(scope="session")
def shared_database(socket: Path) -> str:
    """Creating a database takes longer than most tests, so most of them share one."""
    address = new_database(socket, "shared")
    Store.open(address, rig="rig-1", create=True, now=NOON).close()
    return address


@pytest.fixture
def server_address(socket: Path, shared_database: str) -> str:
    """The address of a server's database without a single row, for tests of what only servers do."""
    empty(socket, "shared", [table._meta.table_name for table in TABLES])
    return shared_database


@pytest.fixture
def address(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store without a single row is, or where one will be."""
    if kind == "sqlite":
        return str(tmp_path / "archived.db")
    there: str = request.getfixturevalue("server_address")
    return there


@pytest.fixture
def empty_address(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where no store has ever been."""
    if kind == "sqlite":
        yield str(tmp_path / "archived.db")
        return
    socket = request.getfixturevalue("socket")
    name = f"archived_{next(_numbers)}"
    yield new_database(socket, name)
    drop_database(socket, name)


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with Store.open(address, rig="rig-1", create=True, now=NOON) as opened:
        yield opened


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)
