"""`python -m demo.record FOLDER`: one session of one animal, written as the programs of a rig write it.

Told to end (Ctrl-C, SIGTERM), the programs do the rest at once and close their files, as when a person stops them.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from demo import rig

STEPS = 40
"""About how many small things the programs do at a time; `--seconds` is spread over so many."""


def main() -> None:
    """Record, and say what was recorded."""
    parser = argparse.ArgumentParser(prog="python -m demo.record", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that archived watches; must exist")
    parser.add_argument("--h2o", default="SC011", help="the animal")
    parser.add_argument("--date", default="2019-02-23", help="the day, as YYYY-MM-DD")
    parser.add_argument("--seconds", type=float, default=0.0, help="about how long it takes")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    year, month, day = options.date.split("-")
    run = f"{options.h2o}_{month}{day}{year[2:]}_g0"
    session = options.folder / options.h2o
    hurry = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: hurry.set())
    record(session, run, f"{month}{day}{year}", options.h2o, options.seconds / STEPS, hurry)
    print(f"recorded {session / run} and {session / (month + day + year) / 'video'}")


def record(
    session: Path, run: str, day: str, h2o: str, pause: float, hurry: threading.Event
) -> None:
    """Both programs write at the same time, with pauses in seconds until there is a hurry."""
    programs = [
        rig.spikeglx(session / run, run, probes=1, blocks=10),
        rig.tracking_video(session / day / "video", h2o, "side", trials=3),
    ]
    while programs:
        programs = [each for each in programs if next(each, None) is not None]
        hurry.wait(pause)


if __name__ == "__main__":
    main()
