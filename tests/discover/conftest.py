"""An archive in a directory, and one behind the simulated Globus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.discover.bench import Bench, bench


@pytest.fixture(params=["directory", "globus"])
def archive(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """Each kind of archive, empty but for a file at its root."""
    with bench(tmp_path, request.param, monkeypatch) as made:
        yield made


@pytest.fixture
def globus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An archive behind the simulated Globus."""
    with bench(tmp_path, "globus", monkeypatch) as made:
        yield made


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An archive that is a directory."""
    with bench(tmp_path, "directory", monkeypatch) as made:
        yield made
