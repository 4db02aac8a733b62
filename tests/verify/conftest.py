"""An archive in a directory, and one behind the simulated Globus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verify.world import World, world


@pytest.fixture(params=["directory", "globus"])
def rig(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Each kind of archive."""
    with world(tmp_path, request.param, monkeypatch) as made:
        yield made


@pytest.fixture
def globus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An archive behind the simulated Globus."""
    with world(tmp_path, "globus", monkeypatch) as made:
        yield made


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An archive that is a directory."""
    with world(tmp_path, "directory", monkeypatch) as made:
        yield made
