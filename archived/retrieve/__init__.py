"""Bringing recordings back from the archive: `prepare` says what would be done, `bring` does it.

Nothing that lies at the destination is ever written over, nothing is brought where this rig records, and whatever
stops it, it can be gone on with.
"""

from __future__ import annotations

from archived.retrieve.bringing import bring, cancel, insist_on_room
from archived.retrieve.places import folder_named
from archived.retrieve.planning import prepare, resume
from archived.retrieve.values import (
    Movers,
    NoRoomError,
    NotWritableError,
    Outcome,
    Plan,
    Portion,
    Progress,
    Remark,
    Room,
    StoppedError,
    Tell,
)

__all__ = [
    "Movers",
    "NoRoomError",
    "NotWritableError",
    "Outcome",
    "Plan",
    "Portion",
    "Progress",
    "Remark",
    "Room",
    "StoppedError",
    "Tell",
    "bring",
    "cancel",
    "folder_named",
    "insist_on_room",
    "prepare",
    "resume",
]
