"""The first look at a tree until all of it is ready to be sent: `first_look CONFIGURATION`; the store must be new.

The turns are the daemon's own, and so is what wakes it. Only the wait for quiet time is left out: the clock is put
forward once everything is registered.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from archived import clock, config, logs
from archived.app import Application, assembled, look_for_garbage_seldom
from archived.config import Configuration
from archived.core.lifecycle import State
from benchmarks.measuring import section


def main(path: str) -> None:
    """Look, settle, and measure both; nothing is sent meanwhile."""
    configuration = config.load(Path(path), os.environ)
    wake = threading.Event()
    with Path(os.devnull).open("w") as nowhere:
        logs.configure("json", stream=nowhere)
        figures = first_look(configuration, wake)
    json.dump(figures, sys.stdout)


def first_look(configuration: Configuration, wake: threading.Event) -> dict[str, Any]:
    """What a daemon with this configuration takes."""
    with assembled(
        configuration, logs.get(), stop=threading.Event(), wake=wake, pid=os.getpid()
    ) as application:
        look_for_garbage_seldom()
        application.store.pause("measured", clock.now())
        interval = configuration.tick.total_seconds()
        with section() as figures:
            begun, skipped = clock.monotonic(), timedelta()
            while True:
                wake.clear()
                application.daemon.tick(clock.now() + skipped)
                if _all_ready(application):
                    break
                if not skipped and application.daemon.sighting.seen_everything():
                    figures["registered"] = clock.monotonic() - begun
                    skipped = configuration.quiet_time
                else:
                    wake.wait(interval)
        counts = application.store.counts()
        figures["datasets"] = counts[State.READY]
    return figures


def _all_ready(application: Application) -> bool:
    """Whether everything was seen and judged. Raises `RuntimeError` for what a judgement refused."""
    counts = application.store.counts()
    if refused := sum(counts.values()) - counts[State.READY] - counts[State.SETTLING]:
        raise RuntimeError(f"{refused} datasets are not fit to be sent")
    return application.daemon.sighting.seen_everything() and not counts[State.SETTLING]


if __name__ == "__main__":
    main(*sys.argv[1:])
