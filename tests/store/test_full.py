"""A full disk, a locked store, a disk that fails: the verb fails as a whole, and later everything goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from archived.core.lifecycle import State
from archived.errors import StoreError
from archived.store import Store
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.story import dump

HERE = Path(__file__).parents[2]


def may_mount() -> bool:
    """Whether this user may mount something in a namespace of its own."""
    tried = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return tried.returncode == 0


@pytest.fixture
def sqlite(tmp_path: Path) -> Bench:
    store = Store.open(str(tmp_path / "archived.db"), rig="rig-1", create=True, now=NOON)
    return Bench(store)


def test_a_store_that_cannot_grow_keeps_what_it_has(sqlite: Bench) -> None:
    sqlite.ready("a.bin")
    before = dump(sqlite.store)
    door = sqlite.store._door
    pages = door.row("PRAGMA page_count")
    assert pages is not None
    door.row(f"PRAGMA max_page_count = {pages[0] + 1}")
    for number in range(500):
        sqlite.write(f"{number:05}-{'x' * 100}.bin", dataset="SC011/large")
    with pytest.raises(StoreError, match="disk is full") as full:
        sqlite.sight("SC011/large")
    assert not full.value.permanent
    assert "make room" in full.value.what_to_do
    assert dump(sqlite.store) == before
    door.row("PRAGMA max_page_count = 1000000")
    assert sqlite.sight("SC011/large").files_new == 500
    sqlite.store.close()


@pytest.mark.skipif(not may_mount(), reason="this user may not mount a small disk to fill")
def test_a_full_disk_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-ec"),
            'mount -t tmpfs -o size=1500k tmpfs "$1"; exec "$2" -m tests.store.full "$1"',
            *("sh", str(tmp_path), sys.executable),
        ],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert "disk is full" in done.stdout or "cannot be used just now" in done.stdout


def test_a_store_that_stays_locked_is_tried_again_later(sqlite: Bench, tmp_path: Path) -> None:
    sqlite.ready("a.bin")
    sqlite.store._door.row("PRAGMA busy_timeout = 50")
    other = apsw.Connection(str(tmp_path / "archived.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked") as locked:
        sqlite.store.count("turns")
    assert not locked.value.permanent
    assert sqlite.store.counts()[State.READY] == 1
    other.execute("COMMIT")
    other.close()
    sqlite.store.count("turns")
    assert sqlite.store.counters() == {"turns": 1}
    sqlite.store.close()


def test_a_disk_that_fails_at_the_commit_leaves_all_as_it_was(
    sqlite: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite.ready("a.bin")
    before = dump(sqlite.store)

    class Failing:
        """A connection whose disk fails at every commit."""

        def __init__(self, cursor: Any) -> None:
            self._cursor = cursor

        def __getattr__(self, name: str) -> Any:
            return getattr(self._cursor, name)

        def execute(self, sql: str, *values: Any) -> Any:
            if sql.startswith("commit"):
                raise apsw.IOError("IOError: disk I/O error")
            return self._cursor.execute(sql, *values)

    database = sqlite.store._door.database
    cursor = database.cursor
    with monkeypatch.context() as patched:
        patched.setattr(database, "cursor", lambda: Failing(cursor()))
        with pytest.raises(StoreError, match="disk I/O error") as failed:
            sqlite.plan()
    assert not failed.value.permanent
    assert dump(sqlite.store) == before
    sqlite.plan()
    assert sqlite.state() is State.TRANSFERRING
    sqlite.store.close()
