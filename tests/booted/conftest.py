"""A booted machine with the package installed, as `make deb` makes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock

from demo import rig as programs
from tests.booted.box import Box, installed, missing

REPOSITORY = Path(__file__).parents[2]

SETTINGS = """\
[archived]
rig = rig-1
quiet_time = 1s
rescan = 2s
tick = 200ms
records = no

[globus]
local_endpoint_local_path = /data

[transfer]
batch_wait = 0s
poll = 500ms
retry_first = 1s

[location:ephys]
archive = /archive/ephys
conventions = catgt, spikeglx

[location:video]
archive = /archive/video
conventions = tracking-video
"""

DROP_IN = """\
[Unit]
RequiresMountsFor=/data

[Service]
ReadOnlyPaths=/data
NoExecPaths=/data
ReadWritePaths=/archive
RestartSec=1
"""


class Package(NamedTuple):
    """The package as `make deb` makes it, with what it is made of."""

    folder: Path

    @property
    def file(self) -> Path:
        """What dpkg installs."""
        [found] = (self.folder / "dist").glob("*.deb")
        return found

    @property
    def wheel(self) -> Path:
        """What pip installs."""
        [found] = (self.folder / "stage").glob("*.whl")
        return found

    @property
    def layer(self) -> Path:
        """What the package adds to a machine."""
        return self.folder / "layer"

    def newer(self) -> Path:
        """The same package under the number of a newer one."""
        taken, made = self.folder / "taken-apart", self.folder / "newer.deb"
        subprocess.run(["dpkg-deb", "--raw-extract", self.file, taken], check=True)
        control = taken / "DEBIAN" / "control"
        control.write_text(re.sub("(?m)^Version: .*$", "Version: 99-1", control.read_text()))
        subprocess.run(["dpkg-deb", "-Znone", "--build", taken, made], check=True)
        return made


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package, made once for all workers."""
    if why := missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "booted"
    folder.mkdir(exist_ok=True)
    made = Package(folder)
    with FileLock(folder / "lock"):
        if not (folder / "made").exists():
            shutil.rmtree(made.layer, ignore_errors=True)
            program = REPOSITORY / "packaging" / "deb" / "build.py"
            options = ["--stage", folder / "stage", "--into", folder / "dist"]
            words = [sys.executable, program, *options]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done
            installed(made.file, made.layer)
            (folder / "made").touch()
    return made


class Machine:
    """The booted machine, its recordings and its archive."""

    def __init__(self, box: Box, base: Path) -> None:
        self.box = box
        self.root = base / "data"
        self.archive = base / "archive"

    def record(self, animal: str = "SC011", *, blocks: int = 4) -> None:
        """A finished run."""
        run = f"{animal}_022319_g0"
        for _ in programs.spikeglx(self.root / animal / run, run, probes=1, blocks=blocks):
            pass

    def archived(self) -> int:
        """How many datasets are, as the store says to the service's user."""
        done = self.box.type(
            "runuser",
            "-u",
            "archived",
            "--",
            "archivedctl",
            "status",
            "--json",
            check=False,
        )
        found = done.stdout.partition('"archived": ')[2]
        return int("".join(found.partition(",")[0].split("}")[0].split())) if found else 0

    def until_archived(self, number: int) -> None:
        """Wait until so many datasets are archived, with all their files."""
        self.box.until(f"{number} archived datasets", lambda: self.archived() == number)
        ours = {
            each.relative_to(self.root): each.read_bytes()
            for each in self.root.rglob("*")
            if each.is_file()
        }
        theirs = {
            each.relative_to(self.archive / "ephys"): each.read_bytes()
            for each in (self.archive / "ephys").rglob("*")
            if each.is_file() and ".archived" not in each.parts
        }
        assert ours == theirs


def folders(base: Path) -> dict[Path, str]:
    """The disks of a rig, and where it has them."""
    for folder in ("data", "archive/ephys", "archive/video"):
        (base / folder).mkdir(parents=True)
    return {base / "data": "/data", base / "archive": "/archive"}


def configure(box: Box) -> None:
    """What a person does once the package is installed."""
    box.write("/etc/archived/archived.ini", SETTINGS)
    box.write("/etc/systemd/system/archived.service.d/rig.conf", DROP_IN)
    box.type("chown", "-R", "archived:", "/archive")
    box.type("systemctl", "daemon-reload")


@pytest.fixture
def machine(package: Package, tmp_path: Path) -> Iterator[Machine]:
    """A machine on which the package is installed and configured, and the service not started."""
    box = Box(folders(tmp_path), package.layer)
    try:
        configure(box)
        yield Machine(box, tmp_path)
    finally:
        box.down()
