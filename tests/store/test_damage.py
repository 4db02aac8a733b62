"""A damaged store: recognised, told with the way out, left as it is; and never anything but an error of ours."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from archived.errors import StoreDamagedError, StoreError
from archived.store import Selector, Store
from archived.store.backup import copy_of
from archived.store.restoring import put_back
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.story import Story, dump

PAGE = 4096
FLIPS = int(os.environ.get("FLIPS", "1"))
"""How many bits are turned in each page, one at a time."""


def opened(path: Path, *, create: bool = False) -> Store:
    return Store.open(str(path), rig="rig-1", create=create, now=NOON)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that rests: all of it in one file."""
    path = tmp_path_factory.mktemp("sound") / "archived.db"
    with opened(path, create=True) as filled:
        for verb in Story(filled).verbs():
            verb()
        bench = Bench(filled)
        for number in range(300):
            bench.write(f"{number:05}.bin", dataset="SC012/catgt_SC012_022319_g0")
        bench.sight("SC012/catgt_SC012_022319_g0")
    return path


def use(path: Path) -> None:
    """What a daemon does at its start, and much of what anybody asks."""
    with opened(path) as found, found.claim_daemon(1, NOON):
        found.counts()
        found.batches()
        found.alarms()
        dump(found)
        for each in found.select(Selector()):
            found.files(each.id)
        found.count("looks")
        found.heartbeat(NOON)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def a_page_shorter(path: Path) -> None:
    os.truncate(path, path.stat().st_size - PAGE)


def zeroed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: 5 * PAGE] + bytes(10 * PAGE) + content[15 * PAGE :])


def without_beginning(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes(PAGE) + content[PAGE:])


def all_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def shuffled(path: Path) -> None:
    content = path.read_bytes()
    pages = [content[start : start + PAGE] for start in range(0, len(content), PAGE)]
    rest = pages[1:]
    random.Random(1).shuffle(rest)
    path.write_bytes(b"".join([pages[0], *rest]))


DAMAGE: list[Callable[[Path], None]] = [
    truncated,
    a_page_shorter,
    zeroed,
    without_beginning,
    all_zeros,
    shuffled,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda each: str(each.__name__))
def test_damage_is_recognised_at_the_start_and_left_as_it_is(
    damage: Callable[[Path], None], sound: Path, tmp_path: Path
) -> None:
    path = tmp_path / "archived.db"
    shutil.copy(sound, path)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StoreDamagedError, match="is damaged") as told:
        use(path)
    for word in ("archivedctl restore", "archivedctl discover", "docs/BACKUP.md"):
        assert word in told.value.what_to_do
    assert told.value.permanent
    assert told.value.exit_code == 1
    assert path.read_bytes() == before


def test_a_bit_that_was_turned_anywhere_breaks_nothing_but_the_store(
    sound: Path, tmp_path: Path
) -> None:
    content = sound.read_bytes()
    seed = int(os.environ.get("FLIP_SEED", "1"))
    chance = random.Random(seed)
    path = tmp_path / "archived.db"
    told = quiet = 0
    for page in range(len(content) // PAGE):
        for _ in range(FLIPS):
            bit = page * PAGE * 8 + chance.randrange(PAGE * 8)
            turned = bytearray(content)
            turned[bit // 8] ^= 1 << bit % 8
            path.write_bytes(turned)
            for name in ("-wal", "-shm"):
                path.with_name(path.name + name).unlink(missing_ok=True)
            try:
                use(path)
                quiet += 1
            except StoreError:
                told += 1
            except BaseException as error:
                raise AssertionError(f"FLIP_SEED={seed}: bit {bit} of page {page}") from error
    assert told
    assert quiet, "most bits are free space, or the inside of a text"


def test_the_log_of_another_store_is_not_taken_for_its_own(sound: Path, tmp_path: Path) -> None:
    """SQLite itself takes any log that lies beside a store; so a restore never leaves one there."""
    other = tmp_path / "other.db"
    with opened(other, create=True) as writing:
        writing.count("of the other")
        log = other.with_name("other.db-wal").read_bytes()
        assert log
    path = tmp_path / "state" / "archived.db"
    path.parent.mkdir()
    shutil.copy(sound, path)
    path.with_name("archived.db-wal").write_bytes(log)
    copy = copy_of(sound, tmp_path / "copy.db", NOON).path
    with pytest.raises(StoreDamagedError):
        use(path)
    put_back(copy, path, NOON + timedelta(hours=1))
    assert not path.with_name("archived.db-wal").exists()
    with opened(path) as back:
        assert "of the other" not in back.counters()
        assert len(list(back.select(Selector()))) == 3


def test_a_log_of_nonsense_is_passed_over(sound: Path, tmp_path: Path) -> None:
    """As after a power cut: what was never synced of it may be anything."""
    path = tmp_path / "archived.db"
    shutil.copy(sound, path)
    path.with_name("archived.db-wal").write_bytes(os.urandom(50_000))
    path.with_name("archived.db-shm").write_bytes(os.urandom(32_768))
    use(path)


def test_damage_that_is_met_while_running_is_told_once_and_for_good(
    sound: Path, tmp_path: Path
) -> None:
    path = tmp_path / "archived.db"
    shutil.copy(sound, path)
    with opened(path) as running, running.claim_daemon(1, NOON):
        running._door.row("PRAGMA cache_size = 0")
        with path.open("r+b") as file:
            for page in range(1, path.stat().st_size // PAGE):
                file.seek(page * PAGE)
                file.write(b"\xff" * PAGE)
        with pytest.raises(StoreDamagedError) as told:
            dump(running)
        assert told.value.permanent, "the loop ends rather than trying again"
        assert "archivedctl restore" in told.value.what_to_do
