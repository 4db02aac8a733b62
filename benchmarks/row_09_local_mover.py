"""Row 9: the local mover against copying and comparing with other programs: one large file and many small ones.

The files are in memory when a turn begins, as those are that were recorded just now. The other programs leave what
they wrote in memory, and compare what is there; ours has brought it to the disk and read it from there when it says
that a file is in place.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.disks import installed, read_speed, settle, warm, write_speed
from benchmarks.measuring import command, in_turn, program, sample_of
from benchmarks.rigs import put
from benchmarks.values import Bench, Claim, Outcome, Sample, Samples, median

NUMBER = 9
TITLE = "the local mover: a large file and many small ones, verified"
AGAINST = (
    "`cp` and `sha256sum` of both; `rclone copy` and `rclone check`; `rsync -a` and `rsync -nc`"
)
SIZES = (10_000,)

LARGE, MANY = "4 GB", "20,000 files"
BYTES = 4_000_000_000
FILES = 20_000
A_FOLDER = 700
QUICKLY = 100
"""How much less is copied when only is seen whether it works."""

Contestant = Callable[[Path, Path], Sample]


def measure(bench: Bench) -> Outcome:
    """Copies of both trees by each program in turn."""
    with _trees(bench) as (trees, targets):
        there = {name: each for name, each in _contestants().items() if name in _present()}
        samples: dict[str, Samples] = {}
        for what, tree in trees.items():
            contestants = {
                name: partial(_turn, each, tree, targets, keep=what == MANY)
                for name, each in there.items()
            }
            # None that does not count: what is copied is in memory, and each target is new.
            samples[what] = in_turn(contestants, bench.runs, first=False)
        disk, hashing = _disk(bench, targets), _hashing()
    ours = _sum(samples, "archived")
    claims = [
        Claim(f"time, against {name}", ours / _sum(samples, name), 1.0)
        for name in there
        if name != "archived" and name != "rsync -c alone"
    ]
    speed = _size(bench) / median(samples[LARGE]["archived"])
    claims.append(
        Claim(
            f"speed of the large file, against the slower of disk and hash ({min(disk, hashing) / 1e6:.0f} MB/s)",
            speed / min(disk, hashing),
            0.8,
            at_least=True,
        )
    )
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        {f"{name}, {what}": found for what in samples for name, found in samples[what].items()},
        claims,
        _notes(samples, speed, disk, hashing),
    )


def _notes(samples: Mapping[str, Samples], speed: float, disk: float, hashing: float) -> list[str]:
    notes = [
        f"the large file: {speed / 1e6:.0f} MB/s; the disk takes and gives back {disk / 1e6:.0f} MB/s, one core "
        f"computes SHA-256 of {hashing / 1e6:.0f} MB/s",
        "rclone compares MD5, and rsync xxh128 where it has it: each is faster than SHA-256, which ours computes of "
        "what it reads and of what it reads back",
        *(f"{each}: not installed" for each in ("rclone", "rsync") if each not in _present()),
    ]
    for what, found in samples.items():
        ours = median(found["archived"])
        against = ", ".join(
            f"{ours / median(each):.2f} × {name}"
            for name, each in found.items()
            if each is not found["archived"]
        )
        notes.append(f"{what}: {against}")
    return notes


def _contestants() -> Mapping[str, Contestant]:
    rclone = ("rclone", "--config", "", "--quiet")
    return {
        "archived": lambda tree, to: sample_of(program("copy", tree, to)),
        "cp": lambda tree, to: _both(
            ("cp", "-r", f"{tree}/.", to), ("sh", "-c", _SUMS, tree), ("sh", "-c", _SUMS, to)
        ),
        "rclone": lambda tree, to: _both((*rclone, "copy", tree, to), (*rclone, "check", tree, to)),
        "rsync": lambda tree, to: _both(
            ("rsync", "-a", f"{tree}/", to), ("rsync", "-anc", f"{tree}/", to)
        ),
        "rsync -c alone": lambda tree, to: _both(("rsync", "-ac", f"{tree}/", to)),
    }


_SUMS = 'find "$0" -type f -print0 | xargs -0 sha256sum > /dev/null'


def _present() -> set[str]:
    there = set(installed(("cp", "rclone", "rsync")))
    return {"archived", *there, *(["rsync -c alone"] if "rsync" in there else [])}


def _both(*commands: tuple[str | Path, ...]) -> Sample:
    samples = [command(each) for each in commands]
    return Sample(
        sum(each.wall for each in samples),
        sum(each.cpu for each in samples),
        max(each.peak for each in samples),
    )


def _turn(contestant: Contestant, tree: Path, targets: Iterator[Path], *, keep: bool) -> Sample:
    """One copy. Many files are kept: a file system looks long for a place where many were removed a moment ago."""
    target = next(targets)
    target.mkdir()
    warm(tree)
    settle()
    sample = contestant(tree, target)
    if not keep:
        shutil.rmtree(target)
    return sample


def _sum(samples: Mapping[str, Samples], name: str) -> float:
    return sum(median(each[name]) for each in samples.values())


def _size(bench: Bench) -> int:
    return BYTES // QUICKLY if bench.quick else BYTES


@contextmanager
def _trees(bench: Bench) -> Iterator[tuple[Mapping[str, Path], Iterator[Path]]]:
    """The files to be copied, and folders to copy them to."""
    top = bench.where / "row-9"
    shutil.rmtree(top, ignore_errors=True)
    trees = {LARGE: top / "large", MANY: top / "many"}
    for each in trees.values():
        each.mkdir(parents=True)
    noise = os.urandom(1 << 20)
    with (trees[LARGE] / "run_g0_t0.imec0.ap.bin").open("wb") as file:
        for number in range(_size(bench) // len(noise)):
            file.write(noise[number % len(noise) :] + noise[: number % len(noise)])
    _write_many(trees[MANY], FILES // QUICKLY if bench.quick else FILES, noise)
    try:
        yield trees, (top / f"copy-{number}" for number in itertools.count())
    finally:
        shutil.rmtree(top)


def _write_many(tree: Path, files: int, noise: bytes) -> None:
    for number in range(files):
        folder = tree / f"SC{number // A_FOLDER:03}" / "2025_01_02"
        if number % A_FOLDER == 0:
            folder.mkdir(parents=True)
        put(folder / f"side_{number % A_FOLDER:03}.avi", noise[number : number + 4000])


def _disk(bench: Bench, targets: Iterator[Path]) -> float:
    """Bytes a second that are written to the disk and read back from there, one after the other."""
    folder = next(targets)
    folder.mkdir()
    settle()
    write = write_speed(folder, max(16, _size(bench) >> 21))
    return 1 / (1 / write + 1 / read_speed(folder))


def _hashing() -> float:
    """Bytes a second that one core computes SHA-256 of."""
    data = bytes(1 << 24)
    begun = time.perf_counter()
    for _ in range(16):
        hashlib.sha256(data).digest()
    return 16 * len(data) / (time.perf_counter() - begun)
