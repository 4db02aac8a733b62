"""What the lab's database knows about animals and their sessions. Only read."""

from __future__ import annotations

from archived.store.lab.address import LabSettings
from archived.store.lab.connection import LabConnection, connected


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
