"""Row 7: a burst of files into a watched rig, half of them into folders that are there, half into new ones."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from archived.store import Store
from benchmarks.daemons import daemon, program, running
from benchmarks.measuring import in_turn
from benchmarks.measuring import program as ran
from benchmarks.programs.burst import FIRST_TRIAL
from benchmarks.rigs import FIRST_DAY, configuration, copy_of, sessions, store_of, tree
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio

NUMBER = 7
TITLE = "a burst of 20,000 files"
AGAINST = "a watchdog observer with its default handler and mask, at 5,000 files a second"
SIZES = (10_000, 100_000)
"""With more folders the observer's default mask never comes to rest at all."""

FILES = 20_000
RATE = 5_000
RESCAN = 300.0
"""Seconds between looks, as they usually are."""

FOLDERS = 14
"""How many sessions are there already that are written to, and how many are new."""

RESTED = 3.0
"""After how many seconds without CPU everything has come of it that will."""

SETTINGS = ("quiet_time = 1s", f"quiet_time = 1h\nrescan = {RESCAN:.0f}s")


def measure(bench: Bench) -> Outcome:
    """A rig of its own, as a burst changes it; each contestant has it to itself, and it is as before afterwards."""
    own = replace(bench, where=bench.where / "burst")
    own.where.mkdir(parents=True, exist_ok=True)
    files = 1_000 if bench.quick else FILES
    late: list[float] = []
    lost: list[int] = []
    heard: list[int] = []

    def archived(rate: int) -> Sample:
        sample, seconds, missing = with_daemon(own, files, rate)
        late.append(seconds)
        lost.append(missing)
        return sample

    def observer() -> Sample:
        sample, events = with_observer(own, files)
        heard.append(events)
        return sample

    contestants = {
        "archived, 5,000/s": lambda: archived(RATE),
        "watchdog, 5,000/s": observer,
        "archived, full speed": lambda: archived(0),
    }
    samples = in_turn(contestants, bench.runs)
    paced, peer, full = samples
    each_file = [
        f"{1e6 * median(samples[name], 'cpu') / files:.0f} µs of CPU a file: {name}"
        for name in (paced, peer, full)
    ]
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [
            Claim("files that were not registered", float(max(lost)), 0.0, " files"),
            Claim("from the last close to the last registered", max(late), RESCAN, " s"),
            Claim(
                "CPU at 5,000/s, against watchdog's", ratio(samples, paced, peer, what="cpu"), 1.0
            ),
        ],
        [*each_file, f"the observer's handler had {min(heard)} to {max(heard)} events"],
    )


def with_daemon(bench: Bench, files: int, rate: int) -> tuple[Sample, float, int]:
    """What the daemon used until it rests, how late the last file was registered, and how many never were."""
    root = tree(bench)
    path = copy_of(store_of(bench), "row-7")
    settings = configuration(bench, path, root=root)
    settings.write_text(settings.read_text().replace(*SETTINGS))
    with daemon(settings) as started, Store.open(str(path), rig="bench") as store:
        started.rest(RESTED)
        _, before = registered(store)
        with burst(root, bench, files, rate) as written:
            used = started.cpu()
            told = written()
            seen = 0
            while seen < files and time.monotonic() < told["ended"] + 2 * RESCAN:
                threading.Event().wait(0.1)
                seen, _ = registered(store, before)
            last = time.monotonic()
            started.rest(RESTED)
            sample = Sample(last - told["begun"], started.cpu() - used, started.resident())
    return sample, max(last - told["ended"], 0.0), files - seen


def with_observer(bench: Bench, files: int) -> tuple[Sample, int]:
    """The same for the bare observer, and how many events it handed to its handler."""
    root = tree(bench)
    with running(*program("observer", root, "default")) as started:
        assert started.process.stdout is not None
        started.process.stdout.readline()
        started.rest(RESTED)
        with burst(root, bench, files, RATE) as written:
            used = started.cpu()
            told = written()
            started.rest(RESTED)
            wall = time.monotonic() - RESTED - told["begun"]
            sample = Sample(wall, started.cpu() - used, started.resident())
        output, _ = started.process.communicate()
    return sample, int(output.partition(b'"events": ')[2].rstrip(b"}\n"))


def registered(store: Store, after: int = 0) -> tuple[int, int]:
    """How many files the store has with a higher number than this, and the highest number."""
    row = store._door.row("SELECT count(*), coalesce(max(id), 0) FROM file WHERE id > ?", after)
    assert row is not None
    return row[0], row[1]


@contextmanager
def burst(
    root: Path, bench: Bench, files: int, rate: int
) -> Iterator[Callable[[], Mapping[str, float]]]:
    """What writes the burst, and tells when it began and ended; the rig is as before when the block ends."""
    there = sessions(bench.files)[:FOLDERS]
    day = FIRST_DAY + timedelta(days=10_000)
    new = [replace(each, day=day + timedelta(days=number)) for number, each in enumerate(there)]
    try:
        yield lambda: ran("burst", files, rate, *(root / each.video for each in (*there, *new)))
    finally:
        for each in new:
            shutil.rmtree(root / each.video, ignore_errors=True)
        for each in there:
            for path in (root / each.video).glob("*_side_*-0000.avi"):
                if int(path.name.split("_")[2].partition("-")[0]) >= FIRST_TRIAL:
                    path.unlink()
