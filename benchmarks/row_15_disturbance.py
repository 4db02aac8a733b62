"""Row 15: what a recorder notices of the daemon at work on the same disk.

A writer at a rig's speed, alone and with the daemon beside it: the local mover copies, and files are read for their
checksums, once as while nothing is known of a recording and once as while one is known to be under way.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.disks import read_speed, scheduler, settle, write_speed
from benchmarks.measuring import program
from benchmarks.values import Bench, Claim, Outcome, Sample

NUMBER = 15
TITLE = "a recorder, with the daemon at work on its disk"
AGAINST = "the same recorder alone"
SIZES = (10_000,)

RIG_SPEED = 400e6
SECONDS = 20
LARGE = 8_000_000_000
PARTS = 4

CONFIGURATION = """\
[archived]
rig = bench
store = {folder}/archived.db
[globus]
local_endpoint_local_path = {folder}/rig
[location:raw]
archive = {folder}/archive
conventions = spikeglx
"""

ALONE, UNKNOWN, KNOWN = (
    "the recorder alone",
    "with the daemon",
    "with the daemon, which knows of it",
)


def measure(bench: Bench) -> Outcome:
    """Turns of the three, one after the other."""
    folder = bench.where / "row-15"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "archive").mkdir(parents=True)
    try:
        disk = write_speed(folder, 64 if bench.quick else 2048)
        read_speed(folder)
        rate = min(RIG_SPEED, disk / 2)
        configuration = _rig(folder, bench)
        found: dict[str, list[Mapping[str, Any]]] = {ALONE: [], UNKNOWN: [], KNOWN: []}
        worked: dict[str, list[Mapping[str, Any]]] = {UNKNOWN: [], KNOWN: []}
        for _ in range(bench.runs):
            found[ALONE].append(_recorded(folder, rate, bench))
            for name, known in ((UNKNOWN, "unknown"), (KNOWN, "known")):
                with _at_work(configuration, known) as done:
                    found[name].append(_recorded(folder, rate, bench))
                worked[name].append(done)
                shutil.rmtree(folder / "archive")
                (folder / "archive").mkdir()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _outcome(bench, rate, disk, found, worked, scheduler(bench.where))


def _outcome(
    bench: Bench,
    rate: float,
    disk: float,
    found: Mapping[str, list[Mapping[str, Any]]],
    worked: Mapping[str, list[Mapping[str, Any]]],
    schedulers: str,
) -> Outcome:
    def speed(name: str) -> float:
        rates = sorted(each["rate"] for each in found[name])
        return float(rates[len(rates) // 2])

    notes = [
        f"the disk takes {disk / 1e6:.0f} MB/s past the cache, the recorder writes {rate / 1e6:.0f} MB/s; the "
        f"scheduler is {schedulers}"
    ]
    for name, each in found.items():
        stall = max(one["longest"] for one in each)
        note = f"{name}: {speed(name) / 1e6:.1f} MB/s, longest write {1000 * stall:.0f} ms"
        if name in worked:
            copied, read = (
                sum(one[what] for one in worked[name]) / sum(one["wall"] for one in each) / 1e6
                for what in ("copied", "read")
            )
            note += f"; the daemon copied {copied:.0f} MB/s and read {read:.0f} MB/s for checksums"
        notes.append(note)
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        {name: [Sample(one["wall"], 0.0) for one in each] for name, each in found.items()},
        [
            Claim(
                f"its speed {name}, against alone", speed(name) / speed(ALONE), 0.97, at_least=True
            )
            for name in (UNKNOWN, KNOWN)
        ],
        notes,
    )


def _recorded(folder: Path, rate: float, bench: Bench) -> Mapping[str, Any]:
    settle()
    return program("writer", folder / "recording", rate, 1 if bench.quick else SECONDS)


@contextmanager
def _at_work(configuration: Path, known: str) -> Iterator[dict[str, Any]]:
    """The daemon's work, for as long as the block lasts; what it did is there afterwards."""
    done: dict[str, Any] = {}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.programs.work", configuration, known],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield done
    finally:
        output, _ = process.communicate()
        done.update(json.loads(output))


def _rig(folder: Path, bench: Bench) -> Path:
    """Recordings that are large enough to keep the daemon busy all the time."""
    noise = os.urandom(1 << 20)
    (folder / "rig").mkdir()
    size = (LARGE // 100 if bench.quick else LARGE) // PARTS
    for part in range(PARTS):
        with (folder / "rig" / f"run_g{part}_t0.imec0.ap.bin").open("wb") as file:
            for number in range(size // len(noise)):
                file.write(noise[number % len(noise) :] + noise[: number % len(noise)])
    path = folder / "archived.ini"
    path.write_text(CONFIGURATION.format(folder=folder))
    path.chmod(0o600)
    return path
