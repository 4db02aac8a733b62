"""One look of a daemon that rests, from the moment that it is due to its end: `look CONFIGURATION deep|ordinary`."""

from __future__ import annotations

import json
import os
import sys
import threading
from datetime import datetime
from pathlib import Path

from archived import clock, config, logs
from archived.app import Application, assembled
from benchmarks.measuring import section


def main(path: str, kind: str) -> None:
    """Let the daemon come to rest; before an ordinary look it has looked at everything, as every daemon has."""
    configuration = config.load(Path(path), os.environ)
    logs.configure("json")
    wake = threading.Event()
    with assembled(
        configuration, logs.get(), stop=threading.Event(), wake=wake, pid=os.getpid()
    ) as application:
        resting = _Resting(application, wake, clock.now())
        if kind == "ordinary":
            resting.look(deep=True)
        with section() as figures:
            resting.look(deep=kind == "deep")
    json.dump(figures, sys.stdout)


class _Resting:
    """A daemon whose store is read through and whose watches are set, and for which nothing is due."""

    def __init__(self, application: Application, wake: threading.Event, now: datetime) -> None:
        self._application = application
        self._wake = wake
        self._now = now
        self._policies = application.daemon._around.policies
        (self._watch,) = application.daemon.sighting._watches.values()
        watcher = application.watcher
        assert watcher is not None
        self._not_due()
        while not (application.daemon.begun and watcher.ready()):
            self._turn()

    def look(self, *, deep: bool) -> None:
        """Look once. Raises `RuntimeError` where the root is not there."""
        self._not_due()
        self._watch.due = None
        if deep:
            self._watch.deep_due = None
        looks = self._watch.complete_looks
        while self._watch.complete_looks == looks:
            if self._watch.blocked:
                raise RuntimeError("the look failed")
            self._turn()

    def _not_due(self) -> None:
        self._watch.due = self._now + self._policies.rescan
        self._watch.deep_due = self._now + self._policies.deep_look

    def _turn(self) -> None:
        """As `Daemon.run` does."""
        looks = self._watch.complete_looks
        self._wake.clear()
        self._application.daemon.tick(self._now)
        if self._watch.complete_looks == looks:
            self._wake.wait(self._application.configuration.tick.total_seconds())


if __name__ == "__main__":
    main(*sys.argv[1:])
