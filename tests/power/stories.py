"""Programs whose writes are recorded. Each notes what the store had acknowledged, in the order in which it did."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from archived.core.model import Direction, DirectoryArchive, StorageLocation
from archived.ports import TaskState, TransferItem, TransferOrder
from archived.records.files import write_small
from archived.store import Store
from archived.store.backup import copy_of
from archived.store.restoring import put_back
from archived.transfer.barrier import WORTH_IT
from archived.transfer.local import LocalTransfers
from archived.transfer.token_file import StoredToken, TokenFile
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
    with mock.patch("archived.store.address.sqlite_version", return_value=OLD):
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


def restore(base: Path) -> None:
    """A copy is put in the place of a store that has something in its log."""
    with notes(base) as note, ExitStack() as stack:
        for each in dir(shutil):
            if each.startswith("_USE_CP"):  # what the kernel copies by itself cannot be recorded
                stack.enter_context(mock.patch.object(shutil, each, new=False))
        put_back(base / "copies" / "0.db", base / "store" / "archived.db", NOON)
        note()


def own_files(base: Path) -> None:
    """A login is kept, and kept anew; a record is put into the spool, and another in its place."""
    (base / "spool").mkdir()
    with notes(base) as note:
        for number in range(2):
            tokens = TokenFile(str(base / "tokens.json"), client_id="client", environment="test")
            tokens.replace({"transfer": StoredToken(f"access-{number}" * 400, 1, "refresh", "all")})
            note()
            write_small(str(base / "spool"), "a/b/record.json", spooled(number))


def spooled(number: int) -> bytes:
    """What is in the spool."""
    return str(number).encode() * 20_000


def mover(base: Path) -> None:
    """Files are copied to an archive, some of which lie there already, and back; noted when the mover says so."""
    with notes(base) as note, large_from(250_000):
        for order in orders(base):
            mover = LocalTransfers(location(base, order.direction), threads=2)
            mover.submit(order)
            pause = threading.Event()
            while (report := mover.poll(order.submission_id)).state not in ENDED:
                pause.wait(0.01)
            assert report.state is TaskState.SUCCEEDED, report
            note()
            mover.close()
            if order.submission_id == "first":
                left_by_others(base)


@contextmanager
def large_from(size: int) -> Iterator[None]:
    """Files of that size are read back while they are still being written, some kilobytes at a time."""
    with ExitStack() as stack:
        for name in ("target.LARGE", "portions.LARGE"):
            stack.enter_context(mock.patch(f"archived.transfer.{name}", size))
        stack.enter_context(mock.patch("archived.transfer.streaming.PIECE", 1 << 16))
        yield


ENDED = (TaskState.SUCCEEDED, TaskState.FAILED)

SENT = {
    "SC011/run_g0/run_g0_imec0/t0.ap.bin": 300_000,
    "SC011/run_g0/run_g0_imec0/t0.ap.meta": 700,
    "SC011/run_g0/run_g0_imec1/t0.ap.bin": 5_000,
    "SC022/video/side.avi": 70_000,
    **{f"SC055/2026_03_14/SC055_side_{each}-0000.avi": 600 + each for each in range(WORTH_IT + 2)},
}
"""A large file, small ones of many folders, and a folder with so many that they are brought to the disk together."""
LATER = {"SC033/a/b/c/new.bin": 9_000, "SC011/run_g0/copied.bin": 20_000, "SC044/made/x.bin": 100}
"""Of the later ones, one was copied by a person, and the folder of one was made by a process that died."""


@cache
def content(path: str, size: int) -> bytes:
    """What is in a file of the rig: no zeros, so that a hole in a copy is one."""
    return bytes(random.Random(path).choices(range(1, 256), k=size))


def orders(base: Path) -> list[TransferOrder]:
    """To the archive, once more to the archive, and back."""
    return [
        order("first", Direction.ARCHIVE, SENT),
        order("second", Direction.ARCHIVE, LATER),
        order("back", Direction.RETRIEVE, SENT),
    ]


def order(name: str, direction: Direction, files: Mapping[str, int]) -> TransferOrder:
    """An order for these files."""
    return TransferOrder(
        submission_id=name,
        label=name,
        direction=direction,
        items=[TransferItem(path, size) for path, size in files.items()],
        deadline=NOON + timedelta(days=36_500),
    )


def location(base: Path, direction: Direction) -> StorageLocation:
    """From the rig to the archive, or from that to a folder for what comes back."""
    root = base / ("back" if direction is Direction.RETRIEVE else "rig")
    return StorageLocation("raw", DirectoryArchive(str(base / "archive")), (), str(root))


def left_by_others(base: Path) -> None:
    """What the mover finds in the archive, and nobody has brought to the disk."""
    path = "SC011/run_g0/copied.bin"
    (base / "archive" / path).write_bytes(content(path, LATER[path]))
    (base / "archive" / "SC044" / "made").mkdir(parents=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
