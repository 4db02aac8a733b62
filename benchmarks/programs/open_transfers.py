"""Leave every recording of a location under way to its archive, a transfer each: `open_transfers CONFIGURATION LOCATION`."""

from __future__ import annotations

import os
import sys
import uuid
from datetime import timedelta
from pathlib import Path

from archived import clock, config
from archived.app import _roots
from archived.core.lifecycle import Reason, State
from archived.core.model import Direction, FileState
from archived.movers import opened
from archived.ports import TransferItem, TransferOrder
from archived.store import Selector, Store
from benchmarks.programs.fill import sighted


def main(path: str, location: str) -> None:
    """See its files, settle and submit them, with the daemon's own verbs."""
    configuration = config.load(Path(path), os.environ)
    now = clock.now()
    roots = {each.location.name: each.location.root for each in configuration.locations}
    with (
        Store.open(configuration.store, rig=configuration.rig, create=True, now=now) as store,
        opened(configuration) as movers,
    ):
        for watched in _roots(configuration):
            if watched.key == roots[location]:
                sighted(store, watched, now)
        settings = next(each for each in configuration.locations if each.location.name == location)
        mover = movers.of(settings.location)
        for dataset in list(store.select(Selector(location=location, states=(State.SETTLING,)))):
            store.move(dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", now)
            files = [each for each in store.files(dataset.id) if each.state is FileState.PENDING]
            name, deadline = str(uuid.uuid4()), now + timedelta(days=3)
            store.plan_batch(name, location, [each.id for each in files], now, deadline)
            submission = mover.reserve()
            store.reserve_batch(name, submission, now)
            items = [TransferItem(each.path, each.size, mtime_ns=each.mtime_ns) for each in files]
            task = mover.submit(TransferOrder(submission, name, Direction.ARCHIVE, items, deadline))
            store.start_batch(name, task, now)
    sys.stdout.write("{}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
