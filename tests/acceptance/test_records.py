"""The archive explains itself: what installed programs leave in it is checked with `sha256sum` and read back."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.core.record_json import from_json
from archived.simulator import running
from demo import rig as programs
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION, TestRig, content

pytestmark = pytest.mark.timeout(240)

RUN = "SC011_022319_g0"
READ = """
    import json, os, threading
    from pathlib import Path
    from archived import clock, config
    from archived.movers import opened
    from archived.records.reading import read_records

    configuration = config.load(Path("archived.ini"), os.environ)
    found = {}
    with opened(configuration) as movers:
        for each in configuration.locations:
            for record in read_records(
                each.location, movers.of, configuration.spool, now=clock.now, stop=threading.Event()
            ):
                found[record.dataset] = {file.path: file.sha256 for file in record.files}
    print(json.dumps(found))
"""


@pytest.fixture(params=["directory", "globus"])
def rig(request: pytest.FixtureRequest, tmp_path: Path, installed: Path) -> Iterator[TestRig]:
    """A rig with a spool that its collection exports, and an archive."""
    made = TestRig(tmp_path, installed)
    spool = f"\n[archived]\nspool = {tmp_path}/spool\n"
    try:
        if request.param == "directory":
            made.configure(f"{made.archive}/ephys", f"{made.archive}/video")
            _with_spool(made, spool)
            yield made
            return
        with running({RIG_COLLECTION: tmp_path, ARCHIVE_COLLECTION: made.archive}) as globus:
            made.globus = globus
            made.environment.update(globus.environment)
            made.environment["ARCHIVED_GLOBUS_CLIENT_SECRET"] = globus.client_secret
            made.configure(
                f"{ARCHIVE_COLLECTION}:/ephys",
                f"{ARCHIVE_COLLECTION}:/video",
                f"local_endpoint = {RIG_COLLECTION}\nlocal_endpoint_subdir = /rig\n"
                f"client_id = {globus.client_id}\n",
            )
            _with_spool(made, spool)
            yield made
    finally:
        made.end()


def _with_spool(rig: TestRig, spool: str) -> None:
    text = rig.configuration.read_text()
    line = spool.strip().partition("\n")[2]
    rig.configuration.write_text(text.replace("[archived]\n", f"[archived]\n{line}\n", 1))


def session(rig: TestRig) -> None:
    """A run and videos."""
    animal = rig.root / "SC011"
    for _ in programs.spikeglx(animal / RUN, RUN, probes=1, blocks=2):
        pass
    for _ in programs.tracking_video(animal / "02232019" / "video", "SC011", "side", trials=2):
        pass


def told(rig: TestRig) -> bool:
    """Whether the archive knows of everything."""
    return bool(rig.status()["records"] == {"outstanding": 0, "kept": 0})


def assert_it_explains_itself(rig: TestRig, datasets: int) -> dict[str, str]:
    """Every manifest is right, whoever checks it; the SHA-256 of every file, by path."""
    sums: dict[str, str] = {}
    manifests = sorted(rig.archive.rglob("manifest-sha256.txt"))
    assert len(manifests) == datasets
    for manifest in manifests:
        root = rig.archive / manifest.relative_to(rig.archive).parts[0]
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", manifest.relative_to(root)],
            cwd=root,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        record = from_json(manifest.with_name("record.json").read_bytes())
        assert record.rig == "test-rig"
        sums |= {file.path: file.sha256 or "" for file in record.files}
    assert sums == {
        path.relative_to(rig.root).as_posix(): content(path)
        for path in rig.root.rglob("*")
        if path.is_file()
    }
    rig.assert_nothing_was_lost()
    return sums


def test_what_is_archived_can_be_checked_without_this_program(rig: TestRig) -> None:
    session(rig)
    rig.start()
    rig.wait_until_archived(2)
    rig.wait_for("records", lambda: told(rig), within=150)
    assert_it_explains_itself(rig, 2)
    assert [path for path in (rig.base / "spool").rglob("*") if path.is_file()] == []


def test_until_idle_tells_the_archive_too(rig: TestRig) -> None:
    session(rig)
    assert rig.start("--until-idle").wait(120) == 0, rig.log()
    assert told(rig)
    sums = assert_it_explains_itself(rig, 2)
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(READ)],
        cwd=rig.base,
        env=rig.environment,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    read = json.loads(found.stdout)
    assert set(read) == {f"raw-ephys/SC011/{RUN}", "raw-video/SC011/02232019/video"}
    assert {path: each for files in read.values() for path, each in files.items()} == sums


def test_killed_again_and_again_the_archive_is_told_in_the_end(rig: TestRig) -> None:
    chance = random.Random()
    session(rig)
    for _ in range(12):
        daemon = rig.start("--until-idle")
        try:
            daemon.wait(chance.uniform(0.8, 3.5))
            break
        except subprocess.TimeoutExpired:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait(10)
    assert rig.start("--until-idle").wait(120) == 0, rig.log()
    assert_it_explains_itself(rig, 2)
    assert rig.json("check", "--offline")["exit_code"] in (0, 3)
