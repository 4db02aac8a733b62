"""A rig with the real, installed programs on it, and an archive at its other end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from archived import config
from archived.errors import StoreError
from archived.simulator import SimulatedGlobus, running
from archived.store import Store
from tests.forks import forks_for

REPOSITORY = Path(__file__).parents[2]
RIG_COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE_COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"

SETTINGS = """\
[archived]
rig = test-rig
store = {base}/state/archived.db
quiet_time = 1s
rescan = 1s
tick = 0.1s

[transfer]
poll = 0.2s
batch_wait = 0.3s
retry_first = 0.3s
retry_longest = 2s

[location:raw-ephys]
archive = {ephys}
conventions = catgt, spikeglx

[location:raw-video]
archive = {video}
conventions = tracking-video

[globus]
local_endpoint_local_path = {base}/rig
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel installs it, apart from the source tree."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder / "wheel", REPOSITORY], check=True)
    [wheel] = (folder / "wheel").glob("archived-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    return folder / "site"


class TestRig:
    """The folders, the configuration and the processes of one rig."""

    __test__ = False

    def __init__(self, base: Path, installed: Path) -> None:
        self.base = base
        self.root = base / "rig"
        self.archive = base / "archive"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
            "PYTHONPATH": str(installed),
        }
        self.configuration = base / "archived.ini"
        self.processes: list[subprocess.Popen[str]] = []
        self.globus: SimulatedGlobus | None = None
        self.prefix: list[str] = []
        for folder in (self.root, base / "state", self.archive / "ephys", self.archive / "video"):
            folder.mkdir(parents=True)

    def take_own_mounts(self) -> None:
        """From here on the programs, and `mount`, see mounts of their own, which end with the test."""
        keeper = subprocess.Popen(["unshare", "--mount", "sleep", "600"], text=True)
        self.processes.append(keeper)
        mounts = Path(f"/proc/{keeper.pid}/ns/mnt")
        ours = Path("/proc/self/ns/mnt").readlink()
        self.wait_for("mounts of our own", lambda: mounts.readlink() != ours, within=10)
        self.prefix = ["nsenter", "--target", str(keeper.pid), "--mount", "--"]

    def mount(self, *words: str) -> None:
        """Type `mount …` (or `umount`), for the programs of this rig alone."""
        program = [] if words[0] == "umount" else ["mount"]
        subprocess.run([*self.prefix, *program, *words], check=True)

    def configure(self, ephys: str, video: str, globus: str = "") -> None:
        """Write the INI."""
        self.configuration.write_text(
            SETTINGS.format(base=self.base, ephys=ephys, video=video) + globus
        )

    def start(self, *words: str, under: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start the daemon, `under` another program that becomes it (such as `strace -D`)."""
        log = (self.base / "daemon.log").open("a")
        with log:
            process = subprocess.Popen(
                [
                    *self.prefix,
                    *under,
                    sys.executable,
                    "-m",
                    "archived",
                    "-c",
                    str(self.configuration),
                    *words,
                ],
                env=self.environment,
                cwd=self.base,
                stderr=log,
                text=True,
            )
        self.processes.append(process)
        return process

    def control(self, *words: str, expect: int | None = 0) -> str:
        """Type `archivedctl …`."""
        words = ("-c", str(self.configuration), *words)
        if self.prefix:
            done = subprocess.run(
                [*self.prefix, sys.executable, "-m", "archived.cli", *words],
                env=self.environment,
                cwd=self.base,
                capture_output=True,
                text=True,
                check=False,
            )
            code, said, complained = done.returncode, done.stdout, done.stderr
        else:
            code, said, complained = self._typed(words)
        if expect is not None:
            assert code == expect, (words, said, complained, self.log())
        return said

    def _typed(self, words: Sequence[str]) -> tuple[int, str, str]:
        with (
            tempfile.TemporaryDirectory(dir=self.base) as folder,
            forks_for(self.environment) as forks,
        ):
            child = forks.start(
                "archivedctl",
                words,
                environment=self.environment,
                folder=self.base,
                log=Path(folder) / "log",
                answer=Path(folder) / "answer",
            )
            return child.wait(120), child.said(), child.complained()

    def json(self, *words: str) -> Any:
        """Type `archivedctl … --json`."""
        return json.loads(self.control(*words, "--json", expect=None))

    def status(self) -> Any:
        """`archivedctl status --json`, once the daemon has begun its store."""
        answers: list[Any] = []

        def begun() -> bool:
            answers.append(self.json("status"))
            return "error" not in answers[-1]

        self.wait_for("a store", begun, within=30)
        return answers[-1]

    def log(self) -> str:
        """What the daemons said so far, the end of it."""
        path = self.base / "daemon.log"
        return path.read_text()[-6000:] if path.exists() else ""

    def wait_for(self, what: str, condition: Callable[[], bool], *, within: float = 60) -> None:
        """Wait until the condition holds, or fail with what the daemon said."""
        pause = threading.Event()
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"not within {within} s: {what}\n{self.log()}"
            pause.wait(0.2)

    def wait_until_archived(self, datasets: int, *, within: float = 60) -> None:
        """Wait until so many datasets are archived, and no other is there."""

        self.wait_for(
            f"{datasets} archived datasets",
            lambda: self.counts() == {"archived": datasets},
            within=within,
        )
        counts = self.status()["counts"]
        assert counts["archived"] == datasets == sum(counts.values()), counts

    def counts(self) -> dict[str, int]:
        """How many datasets the catalogue has in each state that has some, read without another process."""
        if self.prefix:
            return {state: number for state, number in self.status()["counts"].items() if number}
        configuration = config.load(self.configuration, self.environment)
        try:
            with Store.open(configuration.store, rig=configuration.rig) as store:
                return {str(state): number for state, number in store.counts().items() if number}
        except StoreError:
            return {}  # not begun yet, or away; whoever waits asks again

    def end(self) -> None:
        """End every process that was started."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)

    def assert_nothing_was_lost(self, below: str = "*") -> None:
        """Every byte of the rig is in the archive, under its own path."""
        here = {
            path.relative_to(self.root).as_posix(): content(path)
            for path in self.root.rglob("*")
            if path.is_file()
        }
        there = {
            path.relative_to(self.archive).as_posix().partition("/")[2]: content(path)
            for path in self.archive.rglob("*")
            if path.is_file() and ".archived" not in path.parts
        }
        assert here
        assert here == there


def content(path: Path) -> str:
    """A checksum to compare by."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=["directory", "globus"])
def rig(request: pytest.FixtureRequest, tmp_path: Path, installed: Path) -> Iterator[TestRig]:
    """A rig whose archive is a directory, and one whose archive is a Globus collection."""
    made = TestRig(tmp_path, installed)
    try:
        if request.param == "directory":
            made.configure(f"{made.archive}/ephys", f"{made.archive}/video")
            yield made
            return
        with running({RIG_COLLECTION: made.root, ARCHIVE_COLLECTION: made.archive}) as globus:
            made.globus = globus
            made.environment.update(globus.environment)
            made.environment["ARCHIVED_GLOBUS_CLIENT_SECRET"] = globus.client_secret
            made.configure(
                f"{ARCHIVE_COLLECTION}:/ephys",
                f"{ARCHIVE_COLLECTION}:/video",
                f"local_endpoint = {RIG_COLLECTION}\nlocal_endpoint_subdir = /\n"
                f"client_id = {globus.client_id}\n",
            )
            yield made
    finally:
        made.end()
