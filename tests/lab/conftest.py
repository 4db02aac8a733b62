"""A lab's database on real servers, under a prefix of its own for every test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archived.store import Store
from tests.builders import NOON
from tests.lab.catalogue import Catalogue
from tests.lab.environments import end_servers
from tests.lab.labs import Lab
from tests.store.servers import SERVERS, Server

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`backend` is any kind of server that DataJoint has its data on."""
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", list(SERVERS))


@pytest.fixture(scope="session")
def lab_database(server_of: Callable[[str], Server]) -> Callable[[str], Server]:
    """A server with the database of the lab; on MySQL each schema is a database of its own."""
    made: set[str] = set()

    def lab_database(kind: str) -> Server:
        server = server_of(kind)
        if kind == "postgresql" and kind not in made:
            server.new_database(Lab.DATABASE)
        made.add(kind)
        return server

    return lab_database


@pytest.fixture(scope="session", autouse=True)
def _no_server_is_left() -> Iterator[None]:
    yield
    end_servers()


@pytest.fixture
def lab(backend: str, lab_database: Callable[[str], Server]) -> Lab:
    """A lab without a single schema."""
    return Lab(lab_database(backend), f"p{os.getpid()}_{next(_numbers)}_")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "archived.db"), rig="rig-1", create=True, now=NOON) as opened:
        yield opened


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    return Catalogue(store)
