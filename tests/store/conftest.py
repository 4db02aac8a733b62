"""Every test of the store that asks for a `store` or an `address` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.store import Store
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.servers import drop_database, new_database, postgresql, server_programs

KINDS = ["sqlite", "postgresql"] if server_programs() else ["sqlite"]

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "address" in metafunc.fixturenames:
        metafunc.parametrize("address", KINDS, indirect=True)


@pytest.fixture(scope="session")
def socket() -> Iterator[Path]:
    programs = server_programs()
    assert programs is not None
    with postgresql(programs) as folder:
        yield folder


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
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
