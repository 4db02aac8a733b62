"""What the store answers to who only looks: small values, as loading them is a part of what a look takes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from archived.core.lifecycle import State
from archived.core.records import RecordState

RECORDING = "recording"
"""The setting that says what is being recorded, and until when that counts."""


class DaemonInfo(NamedTuple):
    """The daemon of this rig: `running` says whether it holds its lock at this moment."""

    running: bool
    pid: int | None = None
    since: datetime.datetime | None = None
    last_tick: datetime.datetime | None = None


class RigInfo(NamedTuple):
    """One of the rigs that share a store. `host`, `version` and `last_tick` are None before its first daemon."""

    name: str
    host: str | None
    version: str | None
    running: bool
    """Whether its daemon holds its lock at this moment."""
    since: datetime.datetime | None
    """When the daemon that runs was started."""
    last_tick: datetime.datetime | None
    counts: Mapping[State, int]
    backlog_datasets: int
    """What is not archived yet and needs nobody for it."""
    backlog_bytes: int
    attention: int
    """Datasets that a person has to look at."""
    alarms: int


class Pause(NamedTuple):
    """A person said: send nothing for now. `until` is None for as long as it takes."""

    why: str
    since: datetime.datetime
    until: datetime.datetime | None = None


class OwedRecord(NamedTuple):
    """How far the archive was told about one dataset."""

    dataset_id: int
    location: str
    path: str
    archived: bool
    """Whether the dataset is archived just now; what it is on the way to, its record will say."""
    revision: int
    state: RecordState
    reason: str
    attempts: int
    due: datetime.datetime
    known: bool
    """Whether what the archive holds in its place, if anything, is ours."""
    batch: str | None
