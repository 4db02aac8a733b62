"""One simulated Globus for all tests of this folder; each test works in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archived.simulator import SimulatedGlobus
from tests.transfer.globus_bench import simulated


@pytest.fixture(scope="session")
def globus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedGlobus]:
    """It stands for collections that hold everything which tests put into temporary folders."""
    with simulated(tmp_path_factory.getbasetemp()) as globus:
        yield globus
