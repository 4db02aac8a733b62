"""What the lab's database knows about animals and their sessions. Only read."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from archived.core.mirror import Lab
from archived.store.lab.address import LabSettings
from archived.store.lab.connection import LabConnection, connected
from archived.store.lab.inspecting import tables_of
from archived.store.lab.tables import EXPERIMENT, SESSION


def water_restriction(settings: LabSettings) -> list[tuple[str, str]]:
    """Every animal's number and h2o (`lab.WaterRestriction`), in that order; animals without an h2o are left out.

    Raises `ConfigurationError` for settings that cannot be used, and `LabDatabaseError`.
    """
    with connected(settings) as lab:
        return animals(lab)


def animals(lab: LabConnection) -> list[tuple[str, str]]:
    """The same over an open connection."""
    rows = lab.rows(
        f"SELECT subject_id, water_restriction_number FROM {lab.table('lab', 'water_restriction')} "
        "ORDER BY subject_id, water_restriction_number"
    )
    return [(str(subject), str(h2o)) for subject, h2o in rows if h2o]


def read_lab(lab: LabConnection, *, has_sessions: bool) -> Lab:
    """All animals and sessions; without tables of them, a lab that is not complete."""
    if not has_sessions or "water_restriction" not in tables_of(lab, "lab"):
        return Lab({}, {}, complete=False)
    subjects: defaultdict[str, list[str]] = defaultdict(list)
    for subject, h2o in animals(lab):
        subjects[h2o].append(subject)
    sessions: defaultdict[tuple[str, date], list[int]] = defaultdict(list)
    for subject, number, day in lab.rows(
        f"SELECT subject_id, session, session_date FROM {lab.table(EXPERIMENT, SESSION)} "
        "ORDER BY subject_id, session"
    ):
        sessions[str(subject), day].append(int(number))
    return Lab(subjects, sessions)
