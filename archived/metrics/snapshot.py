"""The numbers of one moment, read from the store and from the watched disks."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from archived.config import Configuration
from archived.core.lifecycle import State
from archived.core.model import LIVE_BATCHES
from archived.core.records import RecordState
from archived.store import DaemonInfo, Reader

PATIENCE = 2.0
"""Seconds that a disk has to say how full it is; one that hangs says nothing, and holds nobody up."""


class Space(NamedTuple):
    """How full the disk of a watched root is, in bytes."""

    size: int
    free: int


class Travelling(NamedTuple):
    """Transfers in one direction that have not ended."""

    transfers: int
    bytes: int
    bytes_done: int


class Snapshot(NamedTuple):
    """Everything that is exported; times are None where nothing has happened yet."""

    rig: str
    version: str | None
    daemon: DaemonInfo
    paused: bool
    counts: Mapping[str, Mapping[State, int]]
    """By location."""
    archived: Mapping[str, tuple[int, int]]
    """By location, files with a receipt and their bytes."""
    last_archived: Mapping[str, datetime]
    """By location, when a dataset was last archived."""
    oldest_waiting: Mapping[str, datetime]
    """By location, since when the oldest is known that is on its way to the archive."""
    backlog_bytes: int
    travelling: Mapping[str, Travelling]
    """By direction."""
    alarms: Mapping[str, int]
    """How many there are, by kind."""
    records_outstanding: int
    never_verified: int
    oldest_verification: datetime | None
    found_only_by_rescan: int
    spaces: Mapping[str, Space]
    """By location; those that did not answer are left out."""


def snapshot(store: Reader, configuration: Configuration, now: datetime) -> Snapshot:
    """Read everything once. Raises `StoreError`."""
    rig, totals, records, verified = (
        store.this_rig(),
        store.archived_totals(),
        store.count_records(),
        store.verified(),
    )
    names = dict.fromkeys(
        [*store.location_names(), *(each.location.name for each in configuration.locations)]
    )
    return Snapshot(
        rig=store.rig,
        version=None if rig is None else rig.version,
        daemon=store.daemon(),
        paused=store.paused(now) is not None,
        counts={name: store.counts(name) for name in names},
        archived={name: totals.get(name, (0, 0)) for name in names},
        last_archived=store.last_archived(),
        oldest_waiting=store.oldest_waiting(),
        backlog_bytes=0 if rig is None else rig.backlog_bytes,
        travelling=_travelling(store),
        alarms=_alarms(store),
        records_outstanding=sum(records.values()) - records[RecordState.KEPT],
        never_verified=max(0, sum(files for files, _ in totals.values()) - verified.files),
        oldest_verification=verified.oldest,
        found_only_by_rescan=store.counters().get("found_only_by_rescan", 0),
        spaces=_spaces(
            {each.location.name: each.location.root for each in configuration.locations}
        ),
    )


def _travelling(store: Reader) -> Mapping[str, Travelling]:
    found: dict[str, Travelling] = {}
    for batch in store.batches(*LIVE_BATCHES):
        so_far = found.get(str(batch.direction), Travelling(0, 0, 0))
        found[str(batch.direction)] = Travelling(
            so_far.transfers + 1,
            so_far.bytes + batch.bytes,
            so_far.bytes_done + batch.bytes_done,
        )
    return found


def _alarms(store: Reader) -> Mapping[str, int]:
    """The kind of an alarm is the first part of its key; the rest names a root, a location or a batch."""
    found: dict[str, int] = {}
    for alarm in store.alarms():
        kind = alarm.key.partition(":")[0]
        found[kind] = found.get(kind, 0) + 1
    return found


def _spaces(roots: Mapping[str, str]) -> Mapping[str, Space]:
    """Asked side by side, each on a thread of its own."""
    answers: dict[str, Space] = {}

    def ask(root: str) -> None:
        try:
            told = os.statvfs(root)
        except OSError:
            return
        answers[root] = Space(told.f_frsize * told.f_blocks, told.f_frsize * told.f_bavail)

    _all_within(
        PATIENCE,
        [threading.Thread(target=ask, args=(root,), daemon=True) for root in set(roots.values())],
    )
    found = dict(answers)
    return {name: found[root] for name, root in roots.items() if root in found}


def _all_within(seconds: float, threads: Sequence[threading.Thread]) -> None:
    for each in threads:
        each.start()
    for each in threads:
        each.join(seconds / len(threads))
