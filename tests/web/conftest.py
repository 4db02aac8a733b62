"""The lab of an afternoon with its pages, and a rig in which nothing has happened yet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.rigs import CliRig
from tests.web.lab import NOW, Lab, afternoon
from tests.web.site import Site, served


@pytest.fixture(scope="module")
def utc() -> Iterator[None]:
    """The same time zone everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, utc: None) -> Iterator[Site]:
    """The lab with its pages, made once for a module; tests leave it as they find it."""
    rig = CliRig(tmp_path_factory.mktemp("lab"), now=NOW)
    with rig.store() as store, afternoon(store) as lab, served(rig) as address:
        yield Site(rig, lab, address)


@pytest.fixture
def rig(tmp_path: Path, utc: None) -> CliRig:
    """A rig of one's own."""
    return CliRig(tmp_path, now=NOW)


@pytest.fixture
def lab(rig: CliRig) -> Iterator[Lab]:
    """Its store, in which nothing has happened yet."""
    with rig.store() as store:
        yield Lab(store)
