"""Reading a store that this user may not write: with a daemon, without one, and while daemons come and go."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from archived.core.catalogue import About, Question
from archived.errors import (
    StoreDamagedError,
    StoreError,
    StoreMissingError,
    StoreTooNewError,
)
from archived.store import Store
from archived.store.catalogue import Catalogue
from archived.store.reading import open_to_read
from tests.builders import NOON
from tests.interface.lab import see

EVERYTHING = Question(About.DATASETS)
NOBODY = 65534
ROOT = Path(__file__).parents[2]

COUNT = f"""
import os, sys
from archived.core.catalogue import About, Question
from archived.store.catalogue import Catalogue
everything = Question(About.DATASETS)
# Once with all rights, so that nothing is left to import for a user who cannot read this Python.
Catalogue.open(sys.argv[2]).count(everything)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
catalogue = None
for _ in sys.stdin:
    try:
        catalogue = catalogue or Catalogue.open(sys.argv[1])
        print(catalogue.count(everything), flush=True)
    except Exception as error:
        print(repr(error), flush=True)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """In a folder that anybody may enter, and only its owner may write; pytest keeps others out of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "archived.db"


@pytest.fixture
def reader(place: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that counts the datasets whenever a line is written to it, as a user who may only read."""
    other = tmp_path / "other.db"
    filled(other)
    with subprocess.Popen(
        [sys.executable, "-c", COUNT, str(place), str(other)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as program:
        yield program
        assert program.stdin is not None
        program.stdin.close()


def ask(program: subprocess.Popen[str], place: Path) -> int:
    """How many datasets the program counts now, while nobody may write what is there."""
    assert program.stdin is not None
    assert program.stdout is not None
    there = [place.parent, *place.parent.iterdir()]
    before = [each.stat().st_mode for each in there]
    for each in there:
        each.chmod(0o555)
    program.stdin.write("\n")
    program.stdin.flush()
    answer = program.stdout.readline()
    for each, mode in zip(there, before, strict=True):
        each.chmod(mode)
    return int(answer)


def filled(place: Path, *names: str) -> None:
    """A store with these datasets, which nobody has open."""
    with Store.open(str(place), rig="rig-1", create=True, now=NOON) as store:
        for name in names:
            see(store, name, [("a.bin", 1)])


def test_a_store_that_nobody_has_open_is_read_without_permission_to_write(
    place: Path, reader: subprocess.Popen[str]
) -> None:
    filled(place, "SC011/a", "SC011/b")

    assert ask(reader, place) == 2
    assert os.listdir(place.parent) == ["archived.db"]


def test_what_a_daemon_writes_is_read_while_it_comes_and_goes(
    place: Path, reader: subprocess.Popen[str]
) -> None:
    filled(place, "SC011/a")
    assert ask(reader, place) == 1

    with Store.open(str(place), rig="rig-1", now=NOON) as store:
        see(store, "SC011/b", [("a.bin", 1)])
        assert ask(reader, place) == 2
        see(store, "SC011/c", [("a.bin", 1)])
        assert ask(reader, place) == 3
    assert ask(reader, place) == 3

    filled(place, "SC011/d")
    assert ask(reader, place) == 4


def test_what_a_killed_daemon_left_is_read(place: Path, reader: subprocess.Popen[str]) -> None:
    filled(place, "SC011/a")
    code = (
        "import os, sys; from archived.store import Store; from tests.interface.lab import see; "
        "from tests.builders import NOON; store = Store.open(sys.argv[1], rig='rig-1', now=NOON); "
        "see(store, 'SC011/b', [('a.bin', 1)]); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(place)], cwd=ROOT, check=False)

    assert place.with_name("archived.db-wal").exists()
    assert ask(reader, place) == 2


def test_a_store_that_changes_while_it_is_read_is_read_again(place: Path) -> None:
    """Whoever opens the store here comes and goes between two looks at the file."""
    filled(place, "SC011/a")
    catalogue = Catalogue.open(str(place))
    door = catalogue._door
    usual = door._execute
    others = ["SC011/b", "SC011/c"]

    def interrupted(sql: str, values: object) -> object:
        found = usual(sql, values)  # type: ignore[arg-type]
        if others:
            filled(place, others.pop())
        return found

    door._execute = interrupted  # type: ignore[method-assign]

    assert catalogue.count(EVERYTHING) == 3
    catalogue.close()


def test_a_store_that_never_rests_is_an_error_that_says_so(place: Path) -> None:
    filled(place, "SC011/a")
    catalogue = Catalogue.open(str(place))
    door = catalogue._door
    usual = door._execute

    def disturbed(sql: str, values: object) -> object:
        found = usual(sql, values)  # type: ignore[arg-type]
        now = place.stat().st_mtime_ns
        os.utime(place, ns=(now, now + 1))
        return found

    door._execute = disturbed  # type: ignore[method-assign]

    with pytest.raises(StoreError, match="keep changing it"):
        catalogue.count(EVERYTHING)
    catalogue.close()


def test_a_store_that_took_the_place_of_another_is_read_instead(place: Path) -> None:
    """A notebook stays open for weeks; meanwhile a store is restored, or made anew from the archive."""
    aside = place.with_name("aside")
    aside.mkdir()
    with Store.open(str(place), rig="rig-1", create=True) as before:
        see(before, "SC011/a", [("a", 1)])
        catalogue = Catalogue.open(str(place))
        assert catalogue.count(EVERYTHING) == 1
        for each in list(place.parent.glob("archived.db*")):
            each.rename(aside / each.name)
        with pytest.raises(StoreMissingError):
            catalogue.count(EVERYTHING)

        with Store.open(str(place), rig="rig-1", create=True) as after:
            for name in ("SC011/b", "SC011/c"):
                see(after, name, [("a", 1)])
            assert catalogue.count(EVERYTHING) == 2
    assert catalogue.count(EVERYTHING) == 2
    catalogue.close()


def test_several_threads_read_at_once(place: Path) -> None:
    filled(place, *(f"SC011/{number}" for number in range(20)))
    catalogue = Catalogue.open(str(place))
    counts: list[int] = []

    def read() -> None:
        counts.extend(catalogue.count(EVERYTHING) for _ in range(20))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    catalogue.close()

    assert counts == [20] * 80


def test_reading_leaves_no_file_behind(place: Path) -> None:
    filled(place, "SC011/a")
    before = place.read_bytes()

    catalogue = Catalogue.open(str(place))
    catalogue.count(EVERYTHING)

    assert os.listdir(place.parent) == ["archived.db"]
    catalogue.close()
    assert place.read_bytes() == before


def test_a_store_that_is_not_there_is_not_begun(place: Path) -> None:
    with pytest.raises(StoreMissingError):
        Catalogue.open(str(place))

    assert not place.exists()


def test_what_is_no_store_is_left_alone(place: Path) -> None:
    place.write_text("not a database, by far, and long enough to be looked at")

    with pytest.raises(StoreDamagedError):
        Catalogue.open(str(place))


def test_a_store_that_may_not_be_read_is_an_error_that_says_so(
    place: Path, reader: subprocess.Popen[str]
) -> None:
    filled(place, "SC011/a")
    place.parent.chmod(0o000)
    assert reader.stdin is not None

    reader.stdin.write("\n")
    reader.stdin.flush()
    assert reader.stdout is not None
    answer = reader.stdout.readline()
    place.parent.chmod(0o755)

    assert "cannot be read: Permission denied" in answer
    assert "StoreError" in answer


def test_an_empty_file_is_no_store_yet(place: Path) -> None:
    place.touch()

    with pytest.raises(StoreMissingError):
        Catalogue.open(str(place))


def test_a_store_of_a_newer_release_is_not_read(place: Path) -> None:
    with Store.open(str(place), rig="rig-1", create=True, now=NOON) as store:
        store._door.change(
            "INSERT INTO archived_schema (name, applied) VALUES ('9999_later', '2030-01-01')"
        )

    with pytest.raises(StoreTooNewError, match="9999_later"):
        Catalogue.open(str(place))


def test_a_store_of_an_older_release_is_not_changed_by_reading(place: Path) -> None:
    with Store.open(str(place), rig="rig-1", create=True, now=NOON) as store:
        store._door.change("DELETE FROM archived_schema WHERE name = '0002_catalogue'")
    before = place.read_bytes()

    with pytest.raises(StoreError, match="older release") as caught:
        Catalogue.open(str(place))

    assert "restart its daemon" in caught.value.what_to_do
    assert place.read_bytes() == before


def test_without_upgrade_a_store_of_an_older_release_is_left_so(tmp_path: Path) -> None:
    path = str(tmp_path / "archived.db")
    with Store.open(path, rig="rig-1", create=True, now=NOON) as store:
        newest = max(store._door.rows("SELECT name FROM archived_schema"))[0]
        store._door.change("DELETE FROM archived_schema WHERE name = ?", newest)

    with pytest.raises(StoreError, match="of an older release"):
        open_to_read(path, rig="rig-1", now=NOON, upgrade=False)

    with contextlib.closing(apsw.Connection(path)) as plain:
        names = {name for (name,) in plain.execute("SELECT name FROM archived_schema")}
    assert newest not in names
    assert [each.name for each in tmp_path.iterdir() if "before" in each.name] == []
