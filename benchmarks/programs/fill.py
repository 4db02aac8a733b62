"""Archive everything of a rig in its store, with the daemon's own verbs and nothing sent: `fill CONFIGURATION`."""

from __future__ import annotations

import os
import sys
import threading
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from archived import clock, config
from archived.app import _roots
from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState, Checksum, FileState, Receipt
from archived.core.records import RecordState
from archived.daemon.looking import Look, walk
from archived.daemon.roots import note_identity
from archived.daemon.surroundings import WatchedRoot
from archived.store import LookSummary, Selector, Store

MAX_FILES = 5_000


def main(path: str) -> None:
    """Fill the store of a configuration."""
    configuration = config.load(Path(path), os.environ)
    now = clock.now()
    with Store.open(configuration.store, rig=configuration.rig, create=True, now=now) as store:
        for watched in _roots(configuration):
            sighted(store, watched, now)
        archived(store, now)
        store._door.change("UPDATE record SET state = ?", RecordState.KEPT)
    sys.stdout.write("{}\n")


def sighted(store: Store, watched: WatchedRoot, now: datetime) -> None:
    """What a first look at a root registers."""
    # So that the folders' times are old enough to be trusted.
    begun = Look(None, deep=True, first=True, begun=now + timedelta(seconds=10))
    walker = threading.Thread(target=walk, args=(watched, begun, None, begun.begun, dict))
    walker.start()
    visited: set[str] = set()
    while walker.is_alive() or begun.more():
        if (portion := begun.take()) is None:
            walker.join(0.05)
            continue
        store.sight(portion.sightings, now)
        for plain in portion.plain:
            store.sight_plain(watched.key, plain.path, plain.mtime_ns, plain.subfolders)
        visited.update(portion.visited)
    assert begun.identity is not None
    note_identity(store, watched.root, begun.identity)
    store.finish_look(watched.key, LookSummary(visited, True, watched.recogniser.covers), now)


def archived(store: Store, now: datetime) -> None:
    """All that settles in the store is sent and proved."""
    waiting: dict[str, list[int]] = {}
    for dataset in store.select(Selector(states=(State.SETTLING,))):
        store.move(dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", now)
        pending = [each.id for each in store.files(dataset.id) if each.state is FileState.PENDING]
        waiting.setdefault(dataset.location, []).extend(pending)
        if len(waiting[dataset.location]) >= MAX_FILES:
            send(store, dataset.location, waiting.pop(dataset.location), now)
    for location, ids in waiting.items():
        send(store, location, ids, now)


def send(store: Store, location: str, ids: Iterable[int], now: datetime) -> None:
    """One batch, from planned to proved."""
    name = str(uuid.uuid4())
    batch = store.plan_batch(name, location, list(ids), now, now + timedelta(days=3))
    assert batch is not None
    assert store.reserve_batch(name, str(uuid.uuid4()), now)
    assert store.start_batch(name, str(uuid.uuid4()), now)
    store.sent_batch(name, now)
    receipts = [
        Receipt(each.path, each.size, Checksum("SHA256", "0" * 64), "successful transfers")
        for each in store.batch_files(name)
    ]
    store.prove(name, receipts, now)
    store.end_batch(name, BatchState.PROVED, now, reason="", retry_at=now, needs_person=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
