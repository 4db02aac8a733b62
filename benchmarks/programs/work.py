"""The daemon at work until it is ended: the local mover copies, and files are read for checksums: `work CONFIGURATION`.

Says "ready" when it begins, and at its end, which comes with standard input, how many bytes it copied and read.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

from archived import clock, config
from archived.core.model import Direction
from archived.courtesy import Recording
from archived.daemon.pacing import EndedError, Pace
from archived.movers import opened
from archived.ports import TransferItem, TransferOrder
from archived.rig.reader import checksum
from archived.rig.root import Root
from benchmarks.rigs import walked


def main(path: str, recording_is_known: str) -> None:
    """Copy and read what is there, again and again; each copy has a folder of its own."""
    configuration = config.load(Path(path), os.environ)
    recording = Recording(clock.now)
    if recording_is_known == "known":
        recording.note(clock.now() + timedelta(days=1))
    ended = threading.Event()
    location = configuration.locations[0].location
    read = [0]
    with opened(configuration, recording) as movers:
        mover = movers.of(location)
        paths = [
            (each.path.removeprefix(f"{location.root}/"), each.stat().st_size)
            for each in walked(Path(location.root))
        ]
        items = [TransferItem(name, size) for name, size in paths]
        deadline = clock.now() + timedelta(days=1)
        task = mover.submit(
            TransferOrder(mover.reserve(), "bench", Direction.ARCHIVE, items, deadline)
        )
        reading = threading.Thread(
            target=_read, args=(location.root, paths, ended, recording, read)
        )
        reading.start()
        print("ready", flush=True)
        sys.stdin.read()
        ended.set()
        reading.join()
        json.dump({"copied": mover.poll(task).bytes_done, "read": read[0]}, sys.stdout)


def _read(
    root: str,
    paths: list[tuple[str, int]],
    ended: threading.Event,
    recording: Recording,
    read: list[int],
) -> None:
    """Read for checksums as the daemon does it, when it is told to read while something is recorded."""
    pace = Pace(ended, clock.monotonic, rests=True)
    try:
        for name, size in itertools.cycle(paths):
            checksum(Root(root), name, "SHA256", going_on=pace)
            read[0] += size
    except EndedError:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
