"""An archive with two animals, made by the store itself, and a lab's numbers for one of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archived import Archive
from archived.store import Store
from tests.interface.lab import fill
from tests.store.bench import Bench

SETTINGS = """\
[archived]
rig = rig-1
store = {base}/state/archived.db

[globus]
local_endpoint_local_path = {base}/rig
writable = yes

[location:raw-ephys]
archive = {base}/archive/ephys
conventions = catgt, spikeglx

[location:raw-video]
archive = {base}/archive/video
conventions = tracking-video
"""


@dataclass(frozen=True)
class Lab:
    """A configuration and its store."""

    base: Path
    configuration: Path
    store: Store

    @property
    def bench(self) -> Bench:
        """The store, to change it."""
        return Bench(self.store)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab with an empty store, or with what is there already."""
    for folder in ("rig", "archive/ephys", "archive/video", "state"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    configuration = tmp_path / "archived.ini"
    configuration.write_text(SETTINGS.format(base=tmp_path))
    address = str(tmp_path / "state" / "archived.db")
    with Store.open(address, rig="rig-1", create=True) as store:
        yield Lab(tmp_path, configuration, store)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of six datasets, see `tests/interface/lab.py`; to be copied."""
    path = tmp_path_factory.mktemp("filled") / "archived.db"
    with Store.open(str(path), rig="rig-1", create=True) as store:
        fill(store)
    return path


@pytest.fixture
def there(filled: Path, tmp_path: Path) -> None:
    """Put that store where the lab's is, before anybody opens it."""
    (tmp_path / "state").mkdir()
    shutil.copy(filled, tmp_path / "state" / "archived.db")


@pytest.fixture
def archive(there: None, lab: Lab) -> Iterator[Archive]:
    """An archive of those datasets."""
    with Archive(lab.configuration) as opened:
        yield opened
