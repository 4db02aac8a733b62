"""A store whose file is moved, deleted or replaced while it is in use says so, and nothing is told to a ghost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archived.errors import StoreError, StoreMissingError, StoreReplacedError
from archived.store import Store
from tests.builders import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archived.db"


def opened(path: Path, *, create: bool = True, anew: bool = False) -> Store:
    return Store.open(str(path), rig="rig-1", create=create, anew=anew, now=NOON)


def test_a_store_that_was_deleted_takes_nothing_more(path: Path) -> None:
    with opened(path) as store:
        path.unlink()
        with pytest.raises(StoreError, match="not there any more") as caught:
            store.put_setting("key", "text")
    assert not caught.value.permanent
    assert "put it back" in caught.value.what_to_do
    assert not path.exists()


def test_a_store_that_was_moved_away_goes_on_as_soon_as_it_is_back(path: Path) -> None:
    with opened(path) as store:
        store.put_setting("key", "before")
        path.rename(path.with_name("aside"))
        with pytest.raises(StoreError):
            store.put_setting("key", "lost")
        path.with_name("aside").rename(path)
        assert store.get_setting("key") == "before"
        store.put_setting("key", "after")
    with opened(path, create=False) as store:
        assert store.get_setting("key") == "after"


def test_another_file_in_its_place_is_not_mixed_with_it(path: Path) -> None:
    with opened(path) as store:
        store.put_setting("key", "mine")
        aside = path.with_name("aside")
        path.rename(aside)
        shutil.copyfile(aside, path)
        copied = path.read_bytes()
        with pytest.raises(StoreReplacedError, match="another file") as caught:
            store.put_setting("key", "whose")
        assert caught.value.permanent
    assert path.read_bytes() == copied


def test_where_a_daemon_had_a_store_no_empty_one_is_begun_in_silence(path: Path) -> None:
    with opened(path) as store, store.claim_daemon(1, NOON):
        pass
    for each in path.parent.glob("archived.db*"):
        if not each.name.endswith("lock"):
            each.unlink()
    with pytest.raises(StoreMissingError, match="any more") as caught:
        opened(path)
    assert "archivedctl discover" in caught.value.what_to_do
    assert not path.exists()
    with opened(path, anew=True) as store:
        assert not any(store.counts().values())
    with opened(path):
        pass
