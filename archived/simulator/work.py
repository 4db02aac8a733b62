"""What a transfer order consists of, and the single files that it turns out to mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class UnitState(StrEnum):
    """Where one file of a task stands."""

    PENDING = "pending"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    SYNCHRONISED = "synchronised"
    """The destination had it already, as the sync level sees it."""
    SKIPPED = "skipped"
    """Left out because of an error at the source."""


UNFINISHED = (UnitState.PENDING, UnitState.RETRYING)
"""The states in which a file is still to be seen to."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order: a file, or a folder with everything in it."""

    source_path: str
    destination_path: str
    recursive: bool | None = None
    external_checksum: str | None = None
    checksum_algorithm: str | None = None

    @property
    def paths(self) -> tuple[str, str]:
        """What makes two items the same."""
        return (self.source_path, self.destination_path)


@dataclass(frozen=True, slots=True)
class Options:
    """Everything else of an order, with the service's defaults in place of what was left out."""

    label: str | None = None
    sync_level: int | None = None
    verify_checksum: bool = False
    preserve_timestamp: bool = False
    encrypt_data: bool = False
    skip_source_errors: bool = False
    fail_on_quota_errors: bool = False
    notify_on_succeeded: bool = True
    notify_on_failed: bool = True
    notify_on_inactive: bool = True
    source_local_user: str | None = None
    destination_local_user: str | None = None
    filter_rules: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True)
class Unit:
    """One file (or one folder to be made) that a task has found it has to see to."""

    item: Item
    source_path: str
    destination_path: str
    is_directory: bool = False
    state: UnitState = UnitState.PENDING
    size: int = 0
    checksum: str | None = None
    algorithm: str | None = None
    error: TaskError | None = None
    error_time: datetime | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to do for it."""
        return self.state not in UNFINISHED


@dataclass(frozen=True, slots=True)
class TaskError:
    """Something that went wrong, by the service's code for it. `at_source` errors may be skipped."""

    code: str
    details: str
    path: str = ""
    at_source: bool = False
