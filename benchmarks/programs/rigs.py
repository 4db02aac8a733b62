"""Daemons of many rigs in one process, each at its own pace: `rigs FOLDER ADDRESS FIRST LAST`.

Says "ready" once all have looked around; then each line of standard input, "go" or "rest", is obeyed and answered.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from archived import clock, config, logs
from archived.app import Application, assembled
from benchmarks.rigs import put, video

INTERVAL = 2.0
"""Seconds between two turns of a daemon."""
NEW_RECORDING = 300.0
"""Seconds between two recordings of a rig; a session takes longer."""
TRIALS = 5
FIRST_DAY, DAYS = date(2000, 1, 1), 9_000

CONFIGURATION = """\
[archived]
rig = bench-{number}
store = {address}
quiet_time = 1s
records = no
[globus]
local_endpoint_local_path = {folder}/rig
[transfer]
batch_wait = 1s
[location:ephys]
archive = {folder}/archive/ephys
conventions = spikeglx
[location:video]
archive = {folder}/archive/video
conventions = tracking-video
"""


@dataclass
class Rig:
    """One daemon, and when its next turn and its next recording are due."""

    application: Application
    root: Path
    turn_due: float = 0.0
    recording_due: float = 0.0


def main(folder: str, address: str, first: str, last: str) -> None:
    """Run until standard input ends."""
    logs.configure("json", level="critical")
    going, stop = threading.Event(), threading.Event()
    numbers = range(int(first), int(last) + 1)
    with ExitStack() as stack:
        rigs = [begun(stack, Path(folder) / f"rig-{each}", address, each) for each in numbers]
        while not all(each.application.daemon.sighting.seen_everything() for each in rigs):
            for each in rigs:
                each.application.daemon.tick(clock.now())
            stop.wait(0.1)
        worker = threading.Thread(target=turn, args=(rigs, going, stop))
        worker.start()
        print("ready", flush=True)
        for line in sys.stdin:
            going.set() if line.strip() == "go" else going.clear()
            print(line.strip(), flush=True)
        stop.set()
        going.set()
        worker.join()


def begun(stack: ExitStack, folder: Path, address: str, number: int) -> Rig:
    """A daemon that has not had a turn yet, of a rig without any files."""
    shutil.rmtree(folder, ignore_errors=True)
    for each in ("rig", "archive/ephys", "archive/video"):
        (folder / each).mkdir(parents=True)
    settings = folder / "archived.ini"
    settings.write_text(CONFIGURATION.format(number=number, address=address, folder=folder))
    settings.chmod(0o600)
    application = stack.enter_context(
        assembled(
            config.load(settings, os.environ),
            logs.get(),
            stop=threading.Event(),
            wake=threading.Event(),
            pid=os.getpid(),
        )
    )
    return Rig(application, folder / "rig")


def turn(rigs: list[Rig], going: threading.Event, stop: threading.Event) -> None:
    """Let each have its turns."""
    content, run = video(), itertools.count(int(clock.now().timestamp()))
    while not stop.is_set():
        if not going.is_set():
            going.wait()
            spread(rigs)
        now = time.monotonic()
        for each in rigs:
            if each.recording_due <= now:
                each.recording_due = now + NEW_RECORDING
                record(each.root, next(run), content)
            if each.turn_due <= now:
                each.turn_due = max(each.turn_due + INTERVAL, now)
                each.application.daemon.tick(clock.now())
        next_due = min(each.turn_due for each in rigs)
        stop.wait(max(0.0, next_due - time.monotonic()))


def spread(rigs: list[Rig]) -> None:
    """Let what is due come one after the other, as with rigs that nobody started together."""
    now = time.monotonic()
    for number, each in enumerate(rigs):
        each.turn_due = now + INTERVAL * number / len(rigs)
        each.recording_due = now + NEW_RECORDING * number / len(rigs)


def record(root: Path, run: int, content: bytes) -> None:
    """A few videos, of an animal and a day that nobody had before."""
    animal, day = f"SC{run // DAYS % 1_000:03}", FIRST_DAY + timedelta(days=run % DAYS)
    folder = root / f"videos/side/{animal}/{day:%Y_%m_%d}"
    folder.mkdir(parents=True)
    for trial in range(1, TRIALS + 1):
        put(folder / f"{animal}_side_{trial:03}-0000.avi", content)


if __name__ == "__main__":
    main(*sys.argv[1:])
