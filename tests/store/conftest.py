"""Every test of the store that asks for a store or for its address runs on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archived.store import Store
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.servers import SERVERS, Server

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`kind` is any kind of store, `server_kind` one that is a server's."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", ["sqlite", *SERVERS])
    elif "server_kind" in metafunc.fixturenames:
        metafunc.parametrize("server_kind", list(SERVERS))


@pytest.fixture
def server(server_kind: str, server_of: Callable[[str], Server]) -> Server:
    """A server, for tests of what only servers do."""
    return server_of(server_kind)


@pytest.fixture
def server_address(server_kind: str, emptied: Callable[[str], str]) -> str:
    """The address of a store without a single row on that server."""
    return emptied(server_kind)


@pytest.fixture
def address(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store without a single row is, or where one will be."""
    if kind == "sqlite":
        return str(tmp_path / "archived.db")
    there: str = request.getfixturevalue("emptied")(kind)
    return there


@pytest.fixture
def empty_address(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where no store has ever been."""
    if kind == "sqlite":
        yield str(tmp_path / "archived.db")
        return
    server: Server = request.getfixturevalue("server_of")(kind)
    name = f"archived_{next(_numbers)}"
    yield server.new_database(name)
    server.drop_database(name)


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with Store.open(address, rig="rig-1", create=True, now=NOON) as opened:
        yield opened


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)
