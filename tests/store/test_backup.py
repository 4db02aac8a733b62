"""A copy of the store, and its way back: of one moment, proved, never over anything, and nothing is lost on the way."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from archived.errors import (
    StoreDamagedError,
    StoreError,
    StoreMissingError,
    StoreTooNewError,
)
from archived.store import Store, backup
from archived.store.backup import copy_of, examine
from archived.store.backups import all_backups, backups_in, name_of, prune
from archived.store.opening import HISTORY
from archived.store.restoring import put_back
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.story import Story, dump

LATER = NOON + timedelta(hours=1)


def opened(path: Path, rig: str = "rig-1") -> Store:
    return Store.open(str(path), rig=rig, create=True, now=NOON)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "archived.db"
    path.parent.mkdir()
    with opened(path) as filled:
        for verb in Story(filled).verbs():
            verb()
    return path


def test_a_copy_holds_the_same_and_only_its_owner_may_read_it(store: Path, tmp_path: Path) -> None:
    made = copy_of(store, tmp_path / "copy.db", NOON)
    with opened(store) as one, Store.open(str(made.path), rig="rig-1") as other:
        assert dump(one) == dump(other)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert (made.datasets, made.rigs, made.made_at) == (2, ("rig-1",), NOON)
    assert made.bytes == made.path.stat().st_size


def test_a_copy_is_of_one_moment_whoever_writes_meanwhile(store: Path, tmp_path: Path) -> None:
    with opened(store) as writing:
        before = len(writing.events())
        bench = Bench(writing)

        def write() -> None:
            bench.write("more.bin", dataset="SC099/catgt_SC099_022319_g0")
            bench.sight("SC099/catgt_SC099_022319_g0")

        made = copy_of(store, tmp_path / "copy.db", NOON, going_on=write)
        assert len(writing.events()) > before
        assert made.events == before
        writing.count("it is not locked")


def test_a_copy_holds_what_is_still_in_the_log(store: Path, tmp_path: Path) -> None:
    with opened(store) as writing:
        writing.count("in the log")
        assert store.with_name("archived.db-wal").stat().st_size > 0
        copy_of(store, tmp_path / "copy.db", NOON)
    with opened(tmp_path / "copy.db") as copy:
        assert copy.counters()["in the log"] == 1


def test_a_copy_is_never_written_over_anything(store: Path, tmp_path: Path) -> None:
    there = tmp_path / "copy.db"
    there.write_bytes(b"precious")
    with pytest.raises(StoreError, match="never written over"):
        copy_of(store, there, NOON)

    def somebody_is_faster() -> None:
        (tmp_path / "other.db").write_bytes(b"precious")

    with pytest.raises(StoreError, match="never written over"):
        copy_of(store, tmp_path / "other.db", NOON, going_on=somebody_is_faster)
    assert there.read_bytes() == (tmp_path / "other.db").read_bytes() == b"precious"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "other.db", "state"]


def test_a_copy_that_is_stopped_leaves_nothing_behind(store: Path, tmp_path: Path) -> None:
    def stop() -> None:
        raise StoreError("stopped")

    with pytest.raises(StoreError, match="stopped"):
        copy_of(store, tmp_path / "copy.db", NOON, going_on=stop)
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


def test_what_killed_processes_left_is_removed_a_day_later(store: Path, tmp_path: Path) -> None:
    left = tmp_path / ".copy.db.0123abcd.archived-part"
    young = tmp_path / ".copy.db.4567abcd.archived-part"
    other = tmp_path / ".other.db.0123abcd.archived-part"
    for each in (left, young, other):
        each.write_bytes(b"half")
    for each in (left, other):
        os.utime(each, (1_000, 1_000))
    copy_of(store, tmp_path / "copy.db", NOON)
    assert not left.exists()
    assert young.exists()
    assert other.exists()


def test_a_place_that_cannot_be_written_is_said_to_be_so(store: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        copy_of(store, tmp_path / "nowhere" / "copy.db", NOON)
    with pytest.raises(StoreMissingError, match="no store at"):
        copy_of(tmp_path / "nothing.db", tmp_path / "copy.db", NOON)
    assert not (tmp_path / "nothing.db").exists()


def test_a_damaged_store_gives_no_copy(store: Path, tmp_path: Path) -> None:
    with store.open("r+b") as file:
        for page in range(3, store.stat().st_size // 4096, 2):
            file.seek(page * 4096)
            file.write(b"\xff" * 100)
    with pytest.raises(StoreDamagedError, match=r"archived\.db is damaged") as damaged:
        copy_of(store, tmp_path / "copy.db", NOON)
    assert "archivedctl restore" in damaged.value.what_to_do
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


def test_a_torn_copy_is_recognised(store: Path, tmp_path: Path) -> None:
    whole = copy_of(store, tmp_path / "copy.db", NOON).path.read_bytes()
    torn = tmp_path / "torn.db"
    for damage in (
        whole[: len(whole) // 2],
        whole[: len(whole) - 4096],
        whole[:8192] + bytes(8192) + whole[16384:],
        b"no database",
        b"",
    ):
        torn.write_bytes(damage)
        with pytest.raises((StoreDamagedError, StoreError)):
            put_back(torn, store, LATER)
    with opened(store) as kept:
        assert len(kept.events()) > 10


def test_backups_in_a_folder_are_told_by_what_they_say_of_themselves(
    store: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for hour in range(5):
        now = NOON + timedelta(hours=hour)
        copy_of(store, folder / name_of("rig-1", now), now)
    with opened(tmp_path / "other.db", "rig-2"):
        pass
    foreign = folder / name_of("rig-2", NOON)
    copy_of(tmp_path / "other.db", foreign, NOON)
    disguised = folder / name_of("rig-1", NOON - timedelta(days=9))
    copy_of(tmp_path / "other.db", disguised, NOON - timedelta(days=9))
    torn = folder / name_of("rig-1", NOON + timedelta(days=1))
    torn.write_bytes(foreign.read_bytes()[:-4096])
    renamed = folder / name_of("rig-1", NOON - timedelta(days=1))
    shutil.copy(folder / name_of("rig-1", NOON), renamed)
    (folder / "archived-rig-1-20260101T000000Z.db").symlink_to(store)
    (folder / "notes.txt").write_text("mine")
    others = {foreign, disguised, torn, renamed, folder / "notes.txt"}

    found = backups_in(folder, "rig-1")
    assert [each.made_at for each in found] == [NOON + timedelta(hours=4 - n) for n in range(5)]
    removed = prune(folder, "rig-1", 2)

    assert [each.name for each in removed] == [
        name_of("rig-1", NOON + timedelta(hours=hour)) for hour in (2, 1, 0)
    ]
    assert len(backups_in(folder, "rig-1")) == 2
    assert all(each.exists() for each in others), "what is not ours is neither counted nor removed"
    assert store.exists()
    kept_at_upgrade = store.with_name("archived.db.before-0003")
    copy_of(store, kept_at_upgrade, NOON - timedelta(days=2))
    listed = [each.path for each in all_backups(store, folder, "rig-1")]
    assert listed[-1] == kept_at_upgrade
    assert len(listed) == 3


def test_what_was_in_its_place_is_kept_and_what_was_put_back_says_so(
    store: Path, tmp_path: Path
) -> None:
    copy = copy_of(store, tmp_path / "copy.db", NOON).path
    with opened(store) as later:
        later.count("after the copy")
    done = put_back(copy, store, LATER, rig="rig-1")
    [aside] = done.aside
    assert aside.name == "archived.db.replaced-20260314T130000Z"
    assert copy.exists()
    with opened(store) as back:
        assert "after the copy" not in back.counters()
        restored = back.restored()
        assert restored is not None
        assert restored.made_at == NOON
    with opened(aside) as old:
        assert old.counters()["after the copy"] == 1
    again = put_back(copy, store, LATER)
    assert again.aside[0].name == "archived.db.replaced-20260314T130000Z-2"


def test_a_copy_made_by_other_means_is_marked_as_well(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    connection = apsw.Connection(str(store))
    connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    put_back(copy, store, LATER)
    with opened(store) as back:
        restored = back.restored()
        assert restored is not None
        assert restored.made_at is None
    resting = tmp_path / "resting.db"
    shutil.copy(store, resting)
    assert resting.read_bytes()[18:20] == b"\x02\x02", "it was in use with a log"
    put_back(resting, store, LATER)
    with opened(store) as back:
        assert back.restored() is not None


def test_a_store_comes_back_where_there_is_none(store: Path, tmp_path: Path) -> None:
    copy = copy_of(store, tmp_path / "copy.db", NOON).path
    fresh = tmp_path / "elsewhere" / "archived.db"
    fresh.parent.mkdir()
    assert put_back(copy, fresh, LATER).aside == ()
    with opened(fresh) as back:
        assert len(list(back.events())) > 10
    with pytest.raises(StoreMissingError, match="does not exist"):
        put_back(copy, tmp_path / "nowhere" / "archived.db", LATER)


def test_what_must_not_be_put_back_changes_nothing(store: Path, tmp_path: Path) -> None:
    copy = copy_of(store, tmp_path / "copy.db", NOON).path
    before = store.read_bytes()
    with pytest.raises(StoreError, match="is of rig rig-1, and this is rig-2"):
        put_back(copy, store, LATER, rig="rig-2")
    with pytest.raises(StoreMissingError, match="no file"):
        put_back(tmp_path / "nothing.db", store, LATER)
    newer = copy_of(store, tmp_path / "newer.db", NOON).path
    connection = apsw.Connection(str(newer))
    connection.execute(f"INSERT INTO {HISTORY} (name, applied) VALUES ('0999_later', '')")
    connection.close()
    with pytest.raises(StoreTooNewError, match="0999_later"):
        put_back(newer, store, LATER)
    other = tmp_path / "other.db"
    connection = apsw.Connection(str(other))
    connection.execute("CREATE TABLE places (url)")
    connection.close()
    with pytest.raises(StoreDamagedError, match="another program"):
        put_back(other, store, LATER)
    (tmp_path / "copy.db-wal").write_bytes(b"x")
    with pytest.raises(StoreError, match="has a log beside it"):
        put_back(copy, store, LATER)
    assert store.read_bytes() == before
    assert not list(store.parent.glob("*replaced*"))
    assert not list(store.parent.glob(".*archived-part"))


def test_nothing_is_put_back_under_the_feet_of_a_daemon(store: Path, tmp_path: Path) -> None:
    copy = copy_of(store, tmp_path / "copy.db", NOON).path
    with opened(store) as running, running.claim_daemon(1, NOON):
        refused: list[str] = []

        def try_it() -> None:
            try:
                put_back(copy, store, LATER)
            except StoreError as error:
                refused.append(str(error))

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        assert "in use by a daemon" in refused[0]
    put_back(copy, store, LATER)


def test_a_damaged_store_and_its_log_are_kept_as_they_are(store: Path, tmp_path: Path) -> None:
    copy = copy_of(store, tmp_path / "copy.db", NOON).path
    damaged = b"SQLite format 3\x00" + os.urandom(40_000)
    store.write_bytes(damaged)
    log = store.with_name("archived.db-wal")
    log.write_bytes(b"what was written last")
    done = put_back(copy, store, LATER)
    assert [each.name for each in done.aside if not each.name.endswith("-shm")] == [
        "archived.db.replaced-20260314T130000Z",
        "archived.db.replaced-20260314T130000Z-wal",
    ]
    assert [each.read_bytes() for each in done.aside[:2]] == [damaged, b"what was written last"]
    with opened(store) as back:
        assert len(back.events()) > 10


@pytest.mark.parametrize("state", ["sound", "damaged"])
def test_killed_at_any_moment_the_store_is_the_old_or_the_new_one(
    state: str, store: Path, tmp_path: Path
) -> None:
    copy = copy_of(store, tmp_path / "copy.db", NOON).path
    events = examine(copy).events
    with opened(store) as later:
        later.count("after the copy")
    old = {store.name: store.read_bytes()}
    if state == "damaged":
        old = {store.name: b"SQLite format 3\x00" + bytes(9_000), f"{store.name}-wal": b"log"}
    for name, content in old.items():
        (tmp_path / name).write_bytes(content)
    told = subprocess.run(
        [sys.executable, "-m", "tests.store.killed", copy, tmp_path, *old],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    number, outcomes = int(told.stdout), set()
    for each in range(1, number + 1):
        folder = tmp_path / f"killed-{each}"
        path = folder / store.name
        outcomes.add(outcome(path, old, events))
        put_back(copy, path, LATER + timedelta(minutes=1))
        assert outcome(path, old, events) == "new", f"killed at {each}"
        kept = [part.read_bytes() for part in folder.glob("*replaced*")]
        assert all(content in kept for content in old.values()), "nothing that was there is gone"
    assert number > 10
    assert outcomes == ({"old", "new"} if state == "sound" else {"old", "told", "new"})


def outcome(path: Path, old: dict[str, bytes], events: int) -> str:
    """Which store it is; "told" where whoever opens it is told that there is none."""
    if {name: content_of(path.with_name(name)) for name in old} == old:
        return "old"
    try:
        with Store.open(str(path), rig="rig-1", now=NOON) as found:
            if "after the copy" in found.counters():
                return "old"
            assert len(found.events()) == events
            return "new"
    except (StoreMissingError, StoreDamagedError):
        return "told"


def content_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def test_a_copy_that_its_disk_spoiled_says_nothing_of_the_store(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = backup._copy

    def spoiled(source: Path, temporary: Path, *more: Any) -> dict[str, int]:
        counts = whole(source, temporary, *more)
        with temporary.open("r+b") as file:
            file.seek(4096)
            file.write(bytes(8 * 4096))
        return counts

    monkeypatch.setattr(backup, "_copy", spoiled)
    with pytest.raises(StoreError, match="the store itself is sound") as told:
        copy_of(store, tmp_path / "copy.db", NOON)
    assert not isinstance(told.value, StoreDamagedError)
    assert not (tmp_path / "copy.db").exists()
