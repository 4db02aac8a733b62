"""The mirror of the catalogue in a lab's DataJoint database, as values: what should be there, and what has to change."""

from archived.core.mirror.naming import EPHYS, VIDEO
from archived.core.mirror.planning import (
    LINKED,
    Columns,
    Place,
    Plan,
    normalised,
    place,
    plan,
    stays,
    strangers,
    theirs,
)
from archived.core.mirror.sessions import Agenda, Lab, Unmatched, days_of, session_of
from archived.core.mirror.values import (
    Change,
    Existing,
    LabSession,
    LeftOut,
    Note,
    Source,
    TextColumn,
)

__all__ = [
    "EPHYS",
    "LINKED",
    "VIDEO",
    "Agenda",
    "Change",
    "Columns",
    "Existing",
    "Lab",
    "LabSession",
    "LeftOut",
    "Note",
    "Place",
    "Plan",
    "Source",
    "TextColumn",
    "Unmatched",
    "days_of",
    "normalised",
    "place",
    "plan",
    "session_of",
    "stays",
    "strangers",
    "theirs",
]
