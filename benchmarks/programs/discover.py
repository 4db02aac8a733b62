"""Discover everything that the archives of a rig hold, as fast as they answer: `discover CONFIGURATION`."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from archived import clock, config
from archived.discover.discovering import Discovering, Wish
from archived.movers import opened
from archived.store import Store
from archived.transfer.pace import Manners
from benchmarks.measuring import section

UNPACED = Manners(requests_a_second=None)
"""The product asks a service eight times a second, which would hide what each answer costs."""


def main(path: str) -> None:
    """Measure from an open store to the end of the last location's walk."""
    configuration = config.load(Path(path), os.environ)
    found: dict[str, Any] = {"listed": 0, "in_both": 0}
    with (
        Store.open(configuration.store, rig="bench", create=True, now=clock.now()) as store,
        opened(configuration) as movers,
    ):
        discovering = Discovering(configuration, store, movers.of, stop=threading.Event())
        with section() as figures:
            for wanted in configuration.locations:
                outcome = discovering.run(wanted, discovering.begin(wanted, Wish()), UNPACED)
                assert outcome.complete, outcome
                assert not outcome.problems, outcome
                found["in_both"] += outcome.discovery.in_both
                found["listed"] += store.folder_counts(outcome.discovery.id).done
        found["archived"] = sum(files for files, _ in store.archived_totals().values())
    json.dump(figures | found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
