"""Copy everything below a folder with the local mover: `copy ROOT ARCHIVE`."""

from __future__ import annotations

import json
import sys
import threading
from datetime import timedelta
from pathlib import Path

from archived import clock
from archived.core.model import Direction, DirectoryArchive, StorageLocation
from archived.ports import TaskState, TransferItem, TransferOrder
from archived.transfer.local import LocalTransfers
from benchmarks.measuring import section
from benchmarks.rigs import walked


def main(root: str, archive: str) -> None:
    """Give the order, and wait for its receipts."""
    items = [
        TransferItem(entry.path.removeprefix(f"{root}/"), entry.stat().st_size)
        for entry in walked(Path(root))
    ]
    location = StorageLocation("bench", DirectoryArchive(archive), (), root)
    mover = LocalTransfers(location, now=clock.now)
    deadline = clock.now() + timedelta(days=1)
    order = TransferOrder(mover.reserve(), "bench", Direction.ARCHIVE, items, deadline)
    pause = threading.Event()
    with section() as figures:
        task = mover.submit(order)
        while (report := mover.poll(task)).state in (TaskState.QUEUED, TaskState.ACTIVE):
            pause.wait(0.02)
    assert report.state is TaskState.SUCCEEDED, report
    assert len(list(mover.receipts(task))) == len(items)
    mover.close()
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
