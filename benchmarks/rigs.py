"""A rig's disk and its store: as many files as asked for, shaped like recordings, made once and kept.

A session is 700 videos of one trial each with the map of trials, in the camera's folder of the animal and the day,
and a run of SpikeGLX of two probes. Everything is what its format says, and as small as it can be.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.values import Bench
from demo.rig import avi, spikeglx

TRIALS = 700
FILES_A_SESSION = TRIALS + 1 + 8
ANIMALS = 20
FIRST_DAY = date(2025, 1, 2)

CONFIGURATION = """\
[archived]
rig = bench
store = {store}
quiet_time = 1s
records = no
[globus]
local_endpoint_local_path = {root}
[location:ephys]
archive = {archive}/ephys
conventions = spikeglx
[location:video]
archive = {archive}/video
conventions = tracking-video
{more}
"""


@dataclass(frozen=True)
class Session:
    """One animal on one day."""

    h2o: str
    day: date

    @property
    def video(self) -> str:
        """The folder of its videos, from the root."""
        return f"videos/side/{self.h2o}/{self.day:%Y_%m_%d}"

    @property
    def run(self) -> str:
        """The folder of its electrophysiology, from the root."""
        return f"{self.h2o}/{self.run_name}"

    @property
    def run_name(self) -> str:
        """As SpikeGLX was told it."""
        return f"{self.h2o}_{self.day:%m%d%y}_g0"


def sessions(files: int) -> list[Session]:
    """So many sessions that they have about that many files, day after day."""
    number = max(1, round(files / FILES_A_SESSION))
    return [
        Session(f"SC{each % ANIMALS:03}", FIRST_DAY + timedelta(days=each // ANIMALS))
        for each in range(number)
    ]


def tree(bench: Bench) -> Path:
    """The root of a rig with `bench.files` files. It is kept; whoever changes it changes it back."""
    root = bench.where / f"rig-{bench.files}"
    if root.is_dir():
        return root
    unfinished = root.with_name(root.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with ProcessPoolExecutor(max_workers=2) as pool:
        for _ in pool.map(
            _write, *zip(*((unfinished, each) for each in sessions(bench.files)), strict=True)
        ):
            pass
    unfinished.rename(root)
    return root


def _write(root: Path, session: Session) -> None:
    """Write one session."""
    content = video()
    folder = root / session.video
    folder.mkdir(parents=True)
    for trial in range(1, TRIALS + 1):
        put(folder / f"{session.h2o}_side_{trial:03}-0000.avi", content)
    numbers = "".join(f"{trial}\t{trial}\n" for trial in range(1, TRIALS + 1))
    put(folder / f"{session.h2o}_{session.day:%Y_%m_%d}_side.txt", numbers.encode())
    for _ in spikeglx(root / session.run, session.run_name, blocks=1):
        pass


def video() -> bytes:
    """A whole AVI of some hundred bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "v.avi"
        for _ in avi(path, [bytes(range(1, 33)) * 4] * 2):
            pass
        return path.read_bytes()


def put(path: Path | str, content: bytes) -> None:
    """Write one file, as quickly as Python can."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def configuration(
    bench: Bench, store: Path | str, *, root: Path | None = None, more: str = ""
) -> Path:
    """Write the configuration of a rig with that store beside it; `more` are further lines of it."""
    folder = bench.where / "configurations"
    folder.mkdir(parents=True, exist_ok=True)
    archive = bench.where / "archive"
    for location in ("ephys", "video"):
        (archive / location).mkdir(parents=True, exist_ok=True)
    name = str(store).replace("/", "-").replace(":", "-")[-150:]
    path = folder / f"{name}.ini"
    text = CONFIGURATION.format(store=store, root=root or tree(bench), archive=archive, more=more)
    path.write_text(text)
    path.chmod(0o600)
    return path


def store_of(bench: Bench) -> Path:
    """A store in which everything of the rig is archived. It is kept: whoever writes to it takes a `copy_of` it."""
    from benchmarks.measuring import program

    folder = bench.where / f"store-{bench.files}"
    store = folder / "archived.db"
    if not store.exists():
        unfinished = bench.where / f"store-{bench.files}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        program("fill", configuration(bench, unfinished / "archived.db"))
        unfinished.rename(folder)
    return store


def copy_of(store: Path, name: str) -> Path:
    """A copy of a store, in a folder of its own beside it, that takes the place of an earlier one of that name."""
    folder = store.parent.with_name(f"{store.parent.name}-{name}")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(store.parent, folder)
    return folder / store.name


def walked(root: Path) -> Iterator[os.DirEntry[str]]:
    """Every file of a tree, for programs that need them all."""
    for entry in os.scandir(root):
        if entry.is_dir():
            yield from walked(Path(entry.path))
        else:
            yield entry
