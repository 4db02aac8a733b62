"""Machines to bring recordings back to, with a real store and a real mover between directories."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archived.movers import Movers, opened
from tests.retrieve.world import Machine, OneMover, fake
from tests.store.servers import SERVERS, Server

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`shared` is the address of a store that several machines share, on each kind of server there is."""
    if "shared" in metafunc.fixturenames:
        metafunc.parametrize("shared", list(SERVERS), indirect=True)


@pytest.fixture
def shared(request: pytest.FixtureRequest, server_of: Callable[[str], Server]) -> str:
    """A database of its own."""
    address: str = server_of(request.param).new_database(f"retrieve_{next(_numbers)}")
    return address


@pytest.fixture
def desk_mover() -> Callable[[Machine], Movers]:
    """A mover that keeps no times, and writes over whatever is there, as Globus does."""
    return lambda machine: OneMover(fake(machine))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """One whose archive is a directory."""
    made = Machine(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def movers(machine: Machine) -> Iterator[Movers]:
    """The real movers of that machine."""
    with opened(machine.configuration) as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Machine]:
    """One whose archive is a Globus collection."""
    made = Machine(tmp_path, globus=True)
    yield made
    made.store.close()
