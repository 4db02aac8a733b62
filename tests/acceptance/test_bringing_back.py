"""`kill -9` in the middle of bringing a large file back, with the installed programs on real processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.simulator import running
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION, TestRig, content

pytestmark = pytest.mark.timeout(240)

ANALYSIS_COLLECTION = "7a1cbd3e-5b9b-4f39-8f0e-2f4f4b0c9a11"
LARGE = "SC011/02232019/video/SC011_side_001-0000.avi"
PORTION = 64 * 1024


class Desk:
    """The machine of an analyst, and an archive with one video that is large for its network."""

    def __init__(self, machine: TestRig, archive: Path, *, size: int) -> None:
        self.machine, self.archive = machine, archive
        self.source = archive / "video" / LARGE
        self.source.parent.mkdir(parents=True)
        with self.source.open("wb") as file:
            for number in range(size // PORTION):
                file.write(number.to_bytes(8, "big") * (PORTION // 8))
        self.target = machine.root / LARGE

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `archivedctl retrieve`."""
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "archived.cli",
                "-c",
                str(self.machine.configuration),
                "retrieve",
                *words,
            ],
            env=self.machine.environment,
            cwd=self.machine.base,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.machine.processes.append(process)  # type: ignore[arg-type]
        return process

    def begun(self) -> bool:
        """Whether bytes of it have come, under whatever name."""
        folder = self.target.parent
        return folder.is_dir() and any(each.stat().st_size for each in folder.iterdir())

    def kill_on_the_way(self) -> None:
        """Begin, and kill it in the middle of the file."""
        process = self.start("--all", "--yes")
        self.machine.wait_for("some bytes", self.begun)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        whole = self.source.stat().st_size
        assert not self.target.exists() or self.target.stat().st_size < whole

    def arrived(self) -> None:
        """Everything is there as it was archived, and nothing else is."""
        files = [path for path in self.machine.root.rglob("*") if path.is_file()]
        assert files == [self.target]
        assert content(self.target) == content(self.source)


@pytest.fixture
def copying(tmp_path: Path, installed: Path) -> Iterator[Desk]:
    """The archive is a directory."""
    machine = TestRig(tmp_path / "analysis", installed)
    archive = tmp_path / "archive"
    try:
        machine.configure(f"{archive}/ephys", f"{archive}/video", "writable = yes\n")
        (archive / "ephys").mkdir(parents=True)
        desk = Desk(machine, archive, size=400_000_000)
        machine.control("discover")
        yield desk
    finally:
        machine.end()


@pytest.fixture
def globus(tmp_path: Path, installed: Path) -> Iterator[Desk]:
    """The archive is a Globus collection, far away."""
    machine = TestRig(tmp_path / "analysis", installed)
    archive = tmp_path / "archive"
    archive.mkdir()
    collections = {
        RIG_COLLECTION: tmp_path,
        ANALYSIS_COLLECTION: machine.base,
        ARCHIVE_COLLECTION: archive,
    }
    try:
        with running(collections) as simulated:
            machine.globus = simulated
            machine.environment.update(simulated.environment)
            machine.environment["ARCHIVED_GLOBUS_CLIENT_SECRET"] = simulated.client_secret
            machine.configure(
                f"{ARCHIVE_COLLECTION}:/ephys",
                f"{ARCHIVE_COLLECTION}:/video",
                f"local_endpoint = {ANALYSIS_COLLECTION}\nlocal_endpoint_subdir = rig\n"
                f"writable = yes\nclient_id = {simulated.client_id}\n",
            )
            (archive / "ephys").mkdir()
            desk = Desk(machine, archive, size=4_000_000)
            machine.control("discover")
            simulated.set_rate(500_000)
            yield desk
    finally:
        machine.end()


def test_a_copy_that_was_killed_is_made_anew_and_leaves_nothing_behind(copying: Desk) -> None:
    copying.kill_on_the_way()

    copying.machine.control("retrieve", "--continue")

    copying.arrived()


def test_a_task_that_goes_on_without_us_is_found_again(globus: Desk) -> None:
    globus.kill_on_the_way()
    simulated = globus.machine.globus
    assert simulated is not None
    shown = [each["direction"] for each in globus.machine.status()["transfers"]]
    assert shown == ["retrieve"]

    planned = json.loads(globus.machine.control("retrieve", "--all", "--dry-run", "--json"))
    assert (planned["files"], planned["differing"]) == (0, [])
    assert [each["path"] for each in planned["left"]] == [LARGE]
    again = globus.start("--all", "--yes")
    simulated.set_rate(None)
    assert again.wait(120) == 0

    globus.arrived()
    assert len(simulated.tasks()) == 1


def test_what_is_given_up_stops_at_globus_and_can_be_asked_for_again(globus: Desk) -> None:
    globus.kill_on_the_way()
    simulated = globus.machine.globus
    assert simulated is not None

    globus.machine.control("retrieve", "--cancel")

    assert [each["status"] for each in simulated.tasks()] == ["FAILED"]
    assert globus.machine.status()["transfers"] == []
    partial = globus.target.stat().st_size
    assert partial < globus.source.stat().st_size
    simulated.set_rate(None)
    globus.machine.control("retrieve", "--all", "--yes")
    globus.arrived()


def test_a_file_of_somebody_elses_that_came_there_meanwhile_stays(globus: Desk) -> None:
    globus.kill_on_the_way()
    simulated = globus.machine.globus
    assert simulated is not None
    globus.machine.control("retrieve", "--cancel")
    globus.target.write_bytes(b"edited by hand")

    simulated.set_rate(None)
    said = globus.machine.control("retrieve", "--all", "--yes", expect=3)

    assert globus.target.name in said
    assert globus.target.read_bytes() == b"edited by hand"
