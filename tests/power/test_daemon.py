"""The real daemon, recorded, and the power cut: what it told is stored, what it stored is in the archive."""

from __future__ import annotations

import json
import os
import random
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from archived.core.lifecycle import State
from archived.core.model import BatchState, FileState
from archived.core.record_json import from_json
from archived.simulator import running
from archived.store import Selector, Store
from demo import rig as programs
from tests.builders import NOON
from tests.power.cutting import STATES, disks, needs_strace, seeds
from tests.power.disk import Disk, Tree, store
from tests.power.recording import Operation, record

pytestmark = [pytest.mark.timeout(900), needs_strace]

RIG_COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE_COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"
RUN = "SC011_022319_g0"
RESTARTS = 2 if STATES else 200
"""How often a daemon is started on a disk after a power cut; each takes two seconds."""

SETTINGS = """\
[archived]
rig = test-rig
store = {base}/state/archived.db
quiet_time = 1s
tick = 0.1s

[transfer]
poll = 0.2s
batch_wait = 0.3s
retry_first = 0.3s
retry_longest = 1s

[location:raw]
archive = {archive}
conventions = spikeglx, tracking-video

[globus]
local_endpoint_local_path = {rig}
"""

TOLD = {
    "batch planned": 0,
    "batch submitted": 2,
    "batch sent": 3,
    "batch verified": 4,
}
RANK = {
    BatchState.PLANNED: 0,
    BatchState.RESERVED: 1,
    BatchState.ACTIVE: 2,
    BatchState.SENT: 3,
    BatchState.PROVED: 4,
}
"""How far a batch is, as the log tells and as the store has it."""


class Rig:
    """The archive and the store of a rig in one folder, to be cut from its power."""

    def __init__(
        self, base: Path, root: Path, archive: str, globus: str, environ: Mapping[str, str]
    ) -> None:
        self.base = base
        self.root = root
        self.archive = archive
        self.globus = globus
        self.environ = {
            **{name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
            **environ,
        }

    def at(self, folder: Path) -> Rig:
        """The same in another folder; what is on the rig was recorded long ago, and stays."""
        return Rig(folder, self.root, self.archive, self.globus, self.environ)

    def words(self) -> list[str | Path]:
        """What starts the daemon, with its log in a file."""
        ini = self.base / "archived.ini"
        archive = self.archive.format(base=self.base)
        ini.write_text(
            SETTINGS.format(base=self.base, rig=self.root, archive=archive) + self.globus
        )
        daemon = [sys.executable, "-m", "archived", "-c", str(ini), "--until-idle"]
        command = shlex.join([*daemon, "--log-format", "json"])
        return ["sh", "-c", f"exec {command} 2> {shlex.quote(str(self.base / 'daemon.log'))}"]

    def store(self) -> Store:
        """The store, which must be there."""
        return Store.open(str(self.base / "state" / "archived.db"), rig="test-rig", now=NOON)


@pytest.fixture(params=["directory", "globus"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    base = tmp_path / "disk"
    for name in ("state", "archive"):
        (base / name).mkdir(parents=True)
    root = tmp_path / "rig"
    animal = root / "SC011"
    for written in (
        programs.spikeglx(animal / RUN, RUN, probes=1, blocks=1),
        programs.tracking_video(animal / "02232019" / "video", "SC011", "side", trials=2),
    ):
        for _ in written:
            pass
    if request.param == "directory":
        yield Rig(base, root, "{base}/archive", "", {})
        return
    collections = {RIG_COLLECTION: root, ARCHIVE_COLLECTION: base / "archive"}
    with running(collections) as globus:
        yield Rig(
            base,
            root,
            f"{ARCHIVE_COLLECTION}:/",
            f"local_endpoint = {RIG_COLLECTION}\nlocal_endpoint_subdir = /\n"
            f"client_id = {globus.client_id}\n",
            {**globus.environment, "ARCHIVED_GLOBUS_CLIENT_SECRET": globus.client_secret},
        )


def recordings(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_what_the_daemon_told_is_stored_and_what_it_stored_is_in_the_archive(
    rig: Rig, tmp_path: Path
) -> None:
    whole = recordings(rig.root)
    disk = Disk(rig.base)
    operations = record(rig.words(), rig.base, environ=rig.environ)
    by_mover = not rig.globus
    restarted, archived = 0, set()
    for number, (name, tree, before) in enumerate(disks(operations, disk, seeds())):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        store(tree, rig.base, folder)
        cut = rig.at(folder)
        told = told_by(before)
        if (folder / "state" / "archived.db").exists():
            safe = agrees(cut, told, whole if by_mover else None, name)
            archived.add(safe)
        else:
            assert not told, name
        if by_mover and restarted < RESTARTS and number % (len(whole) + 3) == 0:
            restarted += 1
            goes_on(cut, whole, name)
    assert len(archived) > 1, "nothing was archived in any of the moments"
    assert restarted or not by_mover


def told_by(operations: Sequence[Operation]) -> dict[str, int]:
    """How far the log says that each batch is."""
    log = b"".join(
        each.data
        for each in operations
        if each.kind == "write" and each.path.endswith("/daemon.log")
    )
    told: dict[str, int] = {}
    for line in log.splitlines():
        entry = json.loads(line)
        if entry["event"] in TOLD:
            told[entry["batch"]] = TOLD[entry["event"]]
    return told


def agrees(rig: Rig, told: Mapping[str, int], whole: Mapping[str, bytes] | None, name: str) -> int:
    """The store is sound, has what was told, and the archive has what it says; how many files it says to be safe."""
    with rig.store() as found:
        assert found._door.rows("PRAGMA integrity_check") == [("ok",)], name
        for batch, rank in told.items():
            there = found.batch(batch)
            assert there is not None, f"{name}: {batch} was told of"
            assert RANK[there.state] >= rank, f"{name}: {batch} is {there.state}"
        safe = 0
        for dataset in found.select(Selector()):
            files = found.files(dataset.id)
            if dataset.state is State.ARCHIVED:
                assert all(each.state is FileState.ARCHIVED for each in files), name
            for file in files:
                if file.archived_size is None:
                    continue
                safe += 1
                if whole is not None:
                    there_now = rig.base / "archive" / file.path
                    assert there_now.read_bytes() == whole[file.path], f"{name}: {file.path}"
    return safe


def goes_on(rig: Rig, whole: Mapping[str, bytes], name: str) -> None:
    """After the power cut a daemon archives everything, and tells the archive of it."""
    done = subprocess.run(rig.words(), env=rig.environ, check=False)
    log = (rig.base / "daemon.log").read_text()
    assert done.returncode == 0, f"{name}\n{log}"
    for path, content in whole.items():
        assert (rig.base / "archive" / path).read_bytes() == content, f"{name}: {path}"
    left = [each.name for each in (rig.base / "archive").rglob("*.archived-part")]
    assert not left, f"{name}: {left}"
    with rig.store() as found:
        datasets = list(found.select(Selector()))
        assert {each.state for each in datasets} == {State.ARCHIVED}, name
    records = list((rig.base / "archive" / ".archived").rglob("record.json"))
    assert len(records) == len(datasets), name
    for each in records:
        assert from_json(each.read_bytes()).files, name


@pytest.mark.parametrize("rig", ["globus"], indirect=True)
def test_an_order_is_sure_to_be_stored_before_the_network_sees_it(rig: Rig, tmp_path: Path) -> None:
    disk = Disk(rig.base)
    sent = 0
    for operation in record(rig.words(), rig.base, environ=rig.environ):
        disk.take(operation)
        if operation.kind != "send" or b'"submission_id"' not in operation.data:
            continue
        folder = tmp_path / f"sent-{sent}"
        folder.mkdir()
        store(disk.surely(), rig.base, folder)
        with rig.at(folder).store() as found:
            reserved = found.batches(BatchState.RESERVED)
            ids = [each.submission_id for each in reserved if each.submission_id is not None]
            assert any(each.encode() in operation.data for each in ids), "sent before it was stored"
        sent += 1
    assert sent, "nothing was submitted"


@pytest.mark.parametrize("rig", ["directory"], indirect=True)
def test_the_record_of_a_recording_is_whole_in_the_archive_or_not_there(
    rig: Rig,
) -> None:
    disk = Disk(rig.base)
    operations = record(rig.words(), rig.base, environ=rig.environ)
    chance = random.Random(seeds())
    seen = 0
    for number, operation in enumerate(operations):
        disk.take(operation)
        if "/.archived/" not in operation.path + operation.to:
            continue
        tree = disk.after_power_cut(chance)
        for path, content in named(tree):
            assert content is not None
            assert from_json(content).files, f"{path} after operation {number}"
            seen += 1
    assert seen


def named(tree: Tree) -> Iterator[tuple[str, bytes | None]]:
    return ((path, content) for path, content in tree.items() if path.endswith("/record.json"))
