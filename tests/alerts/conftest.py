"""A rig for the daemon, and somebody who takes messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.receivers import Receiver, web_service
from tests.daemon.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A rig without recordings, an empty archive, noon."""
    made = World(tmp_path)
    (made.root / "notes.txt").write_text("nothing to archive, and no empty disk either")
    yield made
    made.store.close()


@pytest.fixture
def service() -> Iterator[Receiver]:
    """A web service that takes messages."""
    with web_service() as found:
        yield found
