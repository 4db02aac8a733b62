"""A power cut at any moment: what the local mover said is in place is whole, and a torn file is never taken for whole."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from archived.core.model import Direction
from archived.ports import TransferOrder
from archived.transfer.copying import SUFFIX
from archived.transfer.local import LocalTransfers
from tests.power import stories
from tests.power.cutting import disks, needs_strace, noted, recorded, seeds
from tests.power.disk import Disk, store

pytestmark = [pytest.mark.timeout(600), needs_strace]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    made = tmp_path / "disk"
    for name in ("rig", "archive", "back"):
        (made / name).mkdir(parents=True)
    write(made / "rig")
    return made


def write(rig: Path) -> None:
    """The recordings, as they lie on the rig."""
    for path, size in {**stories.SENT, **stories.LATER}.items():
        (rig / path).parent.mkdir(parents=True, exist_ok=True)
        (rig / path).write_bytes(stories.content(path, size))


def place_of(folder: Path, order: TransferOrder) -> Path:
    return folder / ("back" if order.direction is Direction.RETRIEVE else "archive")


def test_what_the_mover_said_is_in_place_outlasts_a_power_cut(base: Path, tmp_path: Path) -> None:
    disk = Disk(base)
    operations = recorded("mover", base)
    acknowledged = set()
    for number, (name, tree, before) in enumerate(disks(operations, disk, seeds())):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        store(tree, base, folder)
        said = noted(before)
        for order in stories.orders(folder)[:said]:
            for item in order.items:
                found = place_of(folder, order) / item.path
                assert found.exists(), f"{name}: {item.path} of order {order.submission_id}"
                whole = stories.content(item.path, item.size)
                assert found.read_bytes() == whole, f"{name}: {item.path}"
        acknowledged.add(said)
        go_on(folder, name, said)
    assert acknowledged == {0, 1, 2, 3}


def go_on(folder: Path, name: str, said: int) -> None:
    """The same orders are given again, as after a restart: they end with whole files, or say which differ."""
    write(folder / "rig")
    for order in stories.orders(folder)[: said + 1]:
        mover = LocalTransfers(stories.location(folder, order.direction), threads=1)
        mover.submit(order)
        pause = threading.Event()
        while mover.poll(order.submission_id).state not in stories.ENDED:
            pause.wait(0.002)
        proved = {each.path for each in mover.receipts(order.submission_id)}
        faults = {each.path: each.code for each in mover.poll(order.submission_id).faults}
        mover.close()
        for item in order.items:
            found = place_of(folder, order) / item.path
            whole = found.read_bytes() == stories.content(item.path, item.size)
            assert whole == (item.path in proved), f"{name}: {item.path}"
            if not whole:
                # Only what a person copied there can be torn: what the mover names is whole.
                assert item.path.endswith("copied.bin"), f"{name}: {item.path}"
                assert faults[item.path] == "DESTINATION_DIFFERS", f"{name}: {item.path}"
        left = [
            each.name for each in place_of(folder, order).rglob(f".{order.submission_id}.*{SUFFIX}")
        ]
        assert not left, f"{name}: {left}"


def test_a_file_is_named_only_when_its_bytes_are_on_the_disk(base: Path) -> None:
    disk = Disk(base)
    named = 0
    for operation in recorded("mover", base):
        disk.take(operation)
        if operation.kind not in ("link", "rename") or "/archive/" not in operation.to:
            continue
        path = Path(operation.to)
        order = path.relative_to(base / "archive").as_posix()
        size = {**stories.SENT, **stories.LATER}[order]
        chance = random.Random(named)
        for _ in range(5):
            tree = disk.after_power_cut(chance)
            if str(path) in tree:
                assert tree[str(path)] == stories.content(order, size)
        named += 1
    assert named == len(stories.SENT) + len(stories.LATER) - 1


def test_an_order_that_is_given_again_looks_at_the_bytes(base: Path) -> None:
    """As on a disk that keeps names and sizes over a power cut, and not what was written."""
    path, size = next(iter(stories.SENT.items()))
    target = base / "archive" / path
    target.parent.mkdir(parents=True)
    target.write_bytes(stories.content(path, size)[:-512] + bytes(512))
    order = replace(stories.orders(base)[0], items=stories.orders(base)[0].items[:1])

    mover = LocalTransfers(stories.location(base, Direction.ARCHIVE))
    mover.submit(order)
    pause = threading.Event()
    while (report := mover.poll("first")).state not in stories.ENDED:
        pause.wait(0.01)

    assert [each.code for each in report.faults] == ["DESTINATION_DIFFERS"]
    assert list(mover.receipts("first")) == []
    assert target.read_bytes().endswith(bytes(512)), "nothing is replaced without consent"
    mover.close()
