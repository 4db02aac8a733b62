"""One look of the daemon at its root, turn after turn until it has ended: `look CONFIGURATION deep|ordinary`."""

from __future__ import annotations

import json
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

from archived import clock, config, logs
from archived.app import assembled
from benchmarks.measuring import section


def main(path: str, kind: str) -> None:
    """Look once so that the daemon is as it is when it rests, for an ordinary look; then look and measure."""
    configuration = config.load(Path(path), os.environ)
    logs.configure("json")
    wake = threading.Event()
    with assembled(
        configuration, logs.get(), stop=threading.Event(), wake=wake, pid=os.getpid()
    ) as application:
        daemon, now = application.daemon, clock.now()

        def whole_look() -> None:
            daemon.tick(now)
            while not daemon.sighting.seen_everything():
                wake.wait(0.5)
                wake.clear()
                daemon.tick(now)

        (watch,) = daemon.sighting._watches.values()
        if kind == "ordinary":
            watch.deep_due = now + timedelta(hours=1)
        with section() as figures:
            whole_look()
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
