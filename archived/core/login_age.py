"""When a person's login ends because nobody uses it. Globus forgets a refresh token that was not used for six months."""

from __future__ import annotations

from datetime import datetime, timedelta

LASTS = timedelta(days=180)
WARNING = timedelta(days=30)
"""How long before its end it is an alarm."""


def ends_soon(used: datetime | None, now: datetime) -> datetime | None:
    """When a login that was last used then ends, if that is soon or was; None where nobody is logged in."""
    if used is None or now < used + LASTS - WARNING:
        return None
    return used + LASTS
