"""Machines to bring recordings back to, with a real store and a real mover between directories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.movers import Movers, opened
from tests.retrieve.world import Machine


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
