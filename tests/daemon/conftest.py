"""The world that every test of the daemon begins with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty rig, an empty archive, noon."""
    made = World(tmp_path)
    yield made
    made.store.close()
