"""A booted machine with the service installed as `packaging/systemd/README.md` says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from demo import rig as programs
from tests.booted.box import Box, missing

REPOSITORY = Path(__file__).parents[2]
UNITS = REPOSITORY / "packaging" / "systemd"
PYTHON = "/usr/bin/python3"
"""The system's own, which the service's user may run, with Debian's package for systemd."""

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


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as pip installs it, for the system's Python; made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "booted"
    folder.mkdir(exist_ok=True)
    made = folder / "archived"
    with FileLock(f"{made}.lock"):
        if not (folder / "made").exists():
            _install(made)
            (folder / "made").touch()
    return made


def _install(made: Path) -> None:
    subprocess.run([PYTHON, "-m", "venv", "--system-site-packages", made], check=True)
    pip = [made / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, f"{REPOSITORY}[metrics,simulator,systemd]"], check=True)
    for script in ("archived", "archivedctl"):
        file = made / "bin" / script
        file.write_text(file.read_text().replace(str(made), "/opt/archived"))


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
            "/opt/archived/bin/archivedctl",
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


@pytest.fixture
def machine(environment: Path, tmp_path: Path) -> Iterator[Machine]:
    """A machine on which the service is installed, and not started."""
    if why := missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    for folder in ("data", "archive/ephys", "archive/video"):
        (tmp_path / folder).mkdir(parents=True)
    box = Box(
        {environment: "/opt/archived", tmp_path / "data": "/data", tmp_path / "archive": "/archive"}
    )
    try:
        for name, place in (
            ("archived.sysusers.conf", "/usr/lib/sysusers.d/archived.conf"),
            ("archived.tmpfiles.conf", "/usr/lib/tmpfiles.d/archived.conf"),
            ("archived.service", "/usr/lib/systemd/system/archived.service"),
            ("archived@.service", "/usr/lib/systemd/system/archived@.service"),
            ("archived-metrics.service", "/usr/lib/systemd/system/archived-metrics.service"),
            ("archived.catalog", "/usr/lib/systemd/catalog/archived.catalog"),
        ):
            box.write(place, (UNITS / name).read_text())
        box.type("systemd-sysusers", "archived.conf")
        box.type("systemd-tmpfiles", "--create", "archived.conf")
        box.type("journalctl", "--update-catalog")
        box.write("/etc/archived/archived.ini", SETTINGS)
        box.write("/etc/systemd/system/archived.service.d/rig.conf", DROP_IN)
        box.type("chown", "-R", "archived:", "/archive")
        box.type("systemctl", "daemon-reload")
        yield Machine(box, tmp_path)
    finally:
        box.down()
