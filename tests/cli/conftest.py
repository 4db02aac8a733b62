"""A rig for every test of the commands, in a time zone that is the same everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.rigs import CliRig
from tests.store.bench import Bench


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def rig(tmp_path: Path) -> CliRig:
    """A rig without a store."""
    return CliRig(tmp_path)


@pytest.fixture
def bench(rig: CliRig) -> Iterator[Bench]:
    """The store of that rig, and a disk in memory."""
    with rig.store() as store:
        yield Bench(store)
