"""Programs whose writes are recorded. Each notes what the store had acknowledged, in the order in which it did."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from archived.store import Store
from archived.store.backup import copy_of
from tests.builders import NOON
from tests.store.story import Story

RIG = "rig-1"
COUNTED = 25
CHECKPOINT = 12
"""Pages after which SQLite brings the WAL into the store; so few that it happens again and again in a story."""

OLD = (3, 40, 1)


@contextmanager
def notes(base: Path, name: str = "notes") -> Iterator[Callable[[], object]]:
    """What is called whenever something was acknowledged."""
    with open(base / name, "wb", buffering=0) as file:
        yield lambda: file.write(b".")


def opened(base: Path) -> Store:
    """The store of a story, which brings its WAL in often."""
    store = Store.open(str(base / "store" / "archived.db"), rig=RIG, create=True, now=NOON)
    store._door.row(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    return store


def verbs(base: Path) -> None:
    """Every verb that writes, in a store that begins here."""
    with notes(base) as note, opened(base) as store:
        note()
        for verb in Story(store).verbs():
            verb()
            note()


def old(base: Path) -> None:
    """The same with the journal that an old SQLite is used with."""
    with mock.patch("archived.store.address.sqlite_version", lambda: OLD):
        verbs(base)


def together(base: Path) -> None:
    """The same while another process writes as well."""
    with notes(base) as note, opened(base) as store:
        note()
        other = subprocess.Popen([sys.executable, "-m", "tests.power.stories", "counting", base])
        for verb in Story(store).verbs():
            verb()
            note()
        assert other.wait() == 0


def counting(base: Path) -> None:
    """What the other process does."""
    with notes(base, "counted") as note, opened(base) as store:
        for _ in range(COUNTED):
            store.count("other")
            note()


def upgrade(base: Path) -> None:
    """A store of the first release is brought up to date."""
    with notes(base) as note, opened(base):
        note()


def backup(base: Path) -> None:
    """A store is copied while it is written to, twice."""
    with notes(base) as note, opened(base) as store:
        for number in range(2):
            copied: list[Any] = []

            def write_meanwhile(number: int = number, copied: list[Any] = copied) -> None:
                store.count(f"during {number}")
                copied.append(number)

            copy_of(
                base / "store" / "archived.db",
                base / "copies" / f"{number}.db",
                NOON,
                going_on=write_meanwhile,
            )
            assert copied
            note()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
