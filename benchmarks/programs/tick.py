"""Turns of a daemon that has nothing to do, one after the other: `tick CONFIGURATION TURNS`."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archived import clock, config, logs
from archived.app import Application, assembled
from benchmarks.measuring import section

STEP = timedelta(seconds=2)
"""As far apart as the turns of a real daemon."""


def main(path: str, turns: str) -> None:
    """Look at everything first, so that it is as it is when it rests."""
    configuration = config.load(Path(path), os.environ)
    logs.configure("json")
    wake = threading.Event()
    with assembled(
        configuration, logs.get(), stop=threading.Event(), wake=wake, pid=os.getpid()
    ) as application:
        now = rested(application, wake)
        walls = []
        with section() as figures:
            for _ in range(int(turns)):
                now += STEP
                begun = time.perf_counter()
                application.turn(now)
                walls.append(time.perf_counter() - begun)
        figures["median"] = statistics.median(walls)
        figures["statements"] = statements(application, now, int(turns))
    json.dump(figures, sys.stdout)


def rested(application: Application, wake: threading.Event) -> datetime:
    """Let the daemon look at everything, and do what comes of it; the time at which it had."""
    now = clock.now()
    while not application.daemon.sighting.seen_everything():
        application.turn(now)
        wake.wait(0.5)
        wake.clear()
    return now


def statements(application: Application, now: datetime, turns: int) -> float:
    """How many statements a turn has."""
    database: Any = application.store._door.database
    execute, seen = database.execute_sql, Counter[str]()

    def noting(sql: str, *rest: Any, **more: Any) -> Any:
        seen[sql] += 1
        return execute(sql, *rest, **more)

    database.execute_sql = noting
    for _ in range(turns):
        now += STEP
        application.turn(now)
    database.execute_sql = execute
    if "-v" in sys.argv:
        for sql, number in seen.most_common():
            sys.stderr.write(f"{number / turns:6.2f} {sql}\n")
    return seen.total() / turns


if __name__ == "__main__":
    main(*sys.argv[1:3])
