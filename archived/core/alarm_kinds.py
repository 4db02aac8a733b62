"""What each kind of alarm means for the data, how urgent it is, and which part of docs/RUNBOOK.md is about it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Severity(StrEnum):
    """How much there is to lose by waiting."""

    WARNING = "warning"
    """Nothing is at risk yet, or it goes on by itself."""
    URGENT = "urgent"
    """Until somebody acts, recordings are not archived, or may not even be recorded."""


class AlarmKind(NamedTuple):
    """What is said of all alarms of a kind."""

    severity: Severity
    means: str
    page: str
    """The heading in docs/RUNBOOK.md, as an anchor."""


_GENERAL = "archivedalarm"
_WAIT = "Recordings wait where they were recorded, and are archived once it is over."
_SAFE = "What is archived stays so, and archiving goes on."

NEEDS_A_PERSON = AlarmKind(
    Severity.URGENT,
    "They are not archived, and will not be by themselves. Leave them on the rig.",
    "archivedneedsaperson",
)
"""Datasets that wait for somebody; they are told of like an alarm."""

OTHER = AlarmKind(Severity.WARNING, _SAFE, _GENERAL)

_DOUBTED = AlarmKind(
    Severity.URGENT,
    "What was archived is not found there just now. Nothing counts as lost, and nothing was changed.",
    _GENERAL,
)

KINDS: Mapping[str, AlarmKind] = MappingProxyType(
    {
        "login": AlarmKind(Severity.URGENT, _WAIT, _GENERAL),
        "root": AlarmKind(
            Severity.URGENT,
            "Nothing new there is seen, so it is not archived. Nothing that was there counts as gone.",
            _GENERAL,
        ),
        "missing": AlarmKind(
            Severity.URGENT, "Files are not where they were. No copy of them was changed.", _GENERAL
        ),
        "empty": AlarmKind(
            Severity.URGENT, "Recordings are not where they were. Nothing counts as gone.", _GENERAL
        ),
        "unreadable": AlarmKind(
            Severity.WARNING, "What cannot be read is not archived until it can.", _GENERAL
        ),
        "look": AlarmKind(
            Severity.WARNING, "Nothing new on that disk is seen, so it is not archived.", _GENERAL
        ),
        "mover": AlarmKind(Severity.WARNING, _WAIT, _GENERAL),
        "proof": AlarmKind(
            Severity.WARNING,
            "What was sent does not count as archived until it is proved. Leave it on the rig.",
            _GENERAL,
        ),
        "full": AlarmKind(Severity.URGENT, _WAIT, _GENERAL),
        "suspended": AlarmKind(Severity.URGENT, _WAIT, _GENERAL),
        "location": AlarmKind(Severity.WARNING, _WAIT, _GENERAL),
        "restored": AlarmKind(Severity.URGENT, _WAIT, _GENERAL),
        "archive": _DOUBTED,
        "verify": _DOUBTED,
        "records": OTHER,
        "backup": AlarmKind(
            Severity.WARNING,
            "Recordings are archived; without a backup a lost catalogue has to be made anew from the archive.",
            _GENERAL,
        ),
        "unverified": OTHER,
        "subjects": OTHER,
        "datajoint": OTHER,
        "alerts": AlarmKind(
            Severity.WARNING, "Archiving goes on, but not everybody hears of trouble.", "alerts"
        ),
        "silence": AlarmKind(Severity.URGENT, _WAIT, "nothing-is-archived"),
        "session": AlarmKind(
            Severity.URGENT,
            "That part is not in the archive. It may lie elsewhere, or may never have been recorded.",
            "half-a-session",
        ),
        "login-age": AlarmKind(
            Severity.WARNING,
            "Nothing yet. Once the login has ended, recordings wait for a new one.",
            "a-login-is-about-to-end",
        ),
        "disk": AlarmKind(
            Severity.WARNING, "What cannot be read is not archived until it can.", _GENERAL
        ),
        "disk-full": AlarmKind(
            Severity.URGENT,
            "On a full disk nothing is recorded. What is archived can be removed there, by a person.",
            "a-disk-fills",
        ),
    }
)
"""By the first part of an alarm's key."""


def kind_of(key: str) -> AlarmKind:
    """The kind of an alarm. `retrieve-full:…` is a `full` of another direction."""
    first = key.partition(":")[0]
    return KINDS.get(first) or KINDS.get(first.rpartition("-")[2], OTHER)
