"""A power cut at any moment: what the store acknowledged is there, the rest whole or not at all, and all of it sound."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from archived.store import Store
from archived.store.address import parse
from archived.store.backup import copy_of, examine
from archived.store.connection import Door
from archived.store.opening import HISTORY, MIGRATIONS
from tests.builders import NOON
from tests.power.cutting import disks, needs_strace, noted, recorded, seeds
from tests.power.disk import Disk, store
from tests.power.stories import RIG
from tests.store.story import Story, dump

pytestmark = [pytest.mark.timeout(600), needs_strace]

COUNTERS = 9
"""Where a dump of the store tells the counters."""


def chapters(folder: Path) -> list[list[object]]:
    """What the store holds after every verb, when nothing goes wrong."""
    with Store.open(str(folder / "whole.db"), rig=RIG, create=True, now=NOON) as whole:
        found = [dump(whole)]
        for verb in Story(whole).verbs():
            verb()
            found.append(dump(whole))
    return found


def insist_on_integrity(found: Store, name: str) -> None:
    assert found._door.rows("PRAGMA integrity_check") == [("ok",)], name
    assert found._door.rows("PRAGMA foreign_key_check") == [], name


def with_a_void_index(folder: Path, chance: random.Random) -> None:
    """What lies in the file that processes share is of no use after a power cut, whatever it is."""
    index = folder / "archived.db-shm"
    if index.exists() and chance.random() < 0.5:
        index.write_bytes(chance.randbytes(chance.choice((0, 100, 32_768))))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    made = tmp_path / "disk"
    (made / "store").mkdir(parents=True)
    return made


@pytest.mark.parametrize("story", ["verbs", "old", "together"])
def test_every_verb_that_returned_outlasts_a_power_cut(
    story: str, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(base)
    operations = recorded(story, base)
    expected = chapters(tmp_path)
    seed, seen = seeds(), set()
    if story == "old":
        monkeypatch.setattr("archived.store.address.sqlite_version", lambda: (3, 40, 1))
    for number, (name, tree, before) in enumerate(disks(operations, disk, seed)):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        store(tree, base, folder)
        with_a_void_index(folder / "store", random.Random(number))
        acknowledged = noted(before)
        path = folder / "store" / "archived.db"
        assert path.exists() or not acknowledged, name
        with Store.open(str(path), rig=RIG, create=not acknowledged, now=NOON) as found:
            insist_on_integrity(found, name)
            told, counters = dump(found), found.counters()
        counted = counters.pop("other", 0)
        told[COUNTERS] = counters
        assert noted(before, "counted") <= counted, name
        possible = expected[max(0, acknowledged - 1) : acknowledged + 1]
        assert told in possible, f"{name}, after {acknowledged} verbs"
        seen.add(expected.index(told))
    assert len(seen) > len(expected) / 2
    assert noted(operations) == len(expected)


def test_the_wal_was_brought_in_while_the_story_was_told(base: Path) -> None:
    operations = recorded("verbs", base)
    written = [each.path for each in operations if each.kind in ("write", "sync")]
    brought_in = [
        number
        for number, path in enumerate(written[1:])
        if path.endswith("archived.db") and written[number].endswith("-wal")
    ]
    assert len(brought_in) > 5, "otherwise nothing is said about a power cut during a checkpoint"


def test_a_power_cut_while_the_store_is_upgraded_costs_nothing(base: Path, tmp_path: Path) -> None:
    first_release(base / "store" / "archived.db", tmp_path)
    disk = Disk(base)
    operations = recorded("upgrade", base)
    upgraded = set()
    for number, (name, tree, before) in enumerate(disks(operations, disk, seeds())):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        store(tree, base, folder)
        path = folder / "store" / "archived.db"
        with closing(Door(parse(str(path)))) as door:
            door.connect()
            steps = door.rows(f"SELECT name FROM {HISTORY}")
        assert len(steps) in (1, len(list(MIGRATIONS.glob("0*.py")))), f"{name}: half an upgrade"
        assert len(steps) > 1 or not noted(before), name
        upgraded.add(len(steps))
        with Store.open(str(path), rig=RIG, now=NOON) as found:
            insist_on_integrity(found, name)
            assert found.get_setting("kept") == "from the first release", name
    assert len(upgraded) == 2


def first_release(path: Path, tmp_path: Path) -> None:
    """A store as the first release made it, with something in it."""
    only_first = tmp_path / "first"
    only_first.mkdir()
    [first] = MIGRATIONS.glob("0001_*.py")
    (only_first / first.name).write_text(first.read_text())
    with closing(Door(parse(str(path)))) as door:
        door.connect()
        Runner(door.database, str(only_first), table_name=HISTORY).up()
        door.change("INSERT INTO rig (id, name) VALUES (1, ?)", RIG)
        door.change(
            "INSERT INTO setting (rig_id, name, text) VALUES (1, 'kept', 'from the first release')"
        )


def test_a_backup_that_has_its_name_is_whole_whenever_the_power_is_cut(
    base: Path, tmp_path: Path
) -> None:
    (base / "copies").mkdir()
    with Store.open(str(base / "store" / "archived.db"), rig=RIG, create=True, now=NOON) as written:
        for verb in Story(written).verbs():
            verb()
        events = len(written.events())
    disk = Disk(base)
    operations = recorded("backup", base)
    there = set()
    for number, (name, tree, before) in enumerate(disks(operations, disk, seeds())):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        store(tree, base, folder)
        copies = sorted((folder / "copies").glob("[0-9].db"))
        assert len(copies) >= noted(before), name
        for copy in copies:
            found = examine(copy)
            assert (found.events, found.rigs, found.made_at) == (events, (RIG,), NOON), name
        there.add(len(copies))
    assert there == {0, 1, 2}


def test_a_power_cut_while_a_backup_is_put_back_leaves_the_old_store_or_the_new_one(
    base: Path, tmp_path: Path
) -> None:
    (base / "copies").mkdir()
    path = base / "store" / "archived.db"
    with Store.open(str(path), rig=RIG, create=True, now=NOON) as written:
        written.count("before the copy")
        copy_of(path, base / "copies" / "0.db", NOON)
        written.count("after the copy")
    disk = Disk(base)
    operations = recorded("restore", base)
    seen = set()
    for number, (name, tree, before) in enumerate(disks(operations, disk, seeds())):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        store(tree, base, folder)
        with Store.open(str(folder / "store" / "archived.db"), rig=RIG, now=NOON) as found:
            insist_on_integrity(found, name)
            assert found.counters()["before the copy"] == 1, name
            old = "after the copy" in found.counters()
            assert old == (found.restored() is None), name
        assert not (old and noted(before)), f"{name}: it was said to be put back"
        kept = (folder / "store").glob("archived.db.replaced-*")
        whole = [Store.open(str(each), rig=RIG, now=NOON) for each in kept if not old]
        assert old or len(whole) == 1, f"{name}: what was there before is gone"
        for each in whole:
            assert each.counters()["after the copy"] == 1, name
            each.close()
        seen.add(old)
    assert seen == {True, False}
