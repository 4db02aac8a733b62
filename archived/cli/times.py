"""Times and durations, for people and for JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archived.core.units import format_duration

_STEPS = (
    (timedelta(days=2), timedelta(hours=1)),
    (timedelta(hours=2), timedelta(minutes=1)),
    (timedelta(0), timedelta(seconds=1)),
)
"""From how long on which unit is the smallest worth showing."""


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def local(moment: datetime | None) -> str:
    """The time on this machine's clock, `2026-03-14 13:00:05`; "" without a time."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def roughly(duration: timedelta) -> str:
    """A duration as a person says it: `42s`, `3m10s`, `2h5m`, `3d4h`."""
    duration = max(duration, timedelta(0))
    unit = next(unit for longest, unit in _STEPS if duration >= longest)
    return format_duration(duration // unit * unit)


def ago(moment: datetime | None, now: datetime) -> str:
    """`3m10s ago`; `never` without a time."""
    return "never" if moment is None else f"{roughly(now - moment)} ago"


def ahead(moment: datetime, now: datetime) -> str:
    """`in 3m10s`, or `now` when it has come."""
    return f"in {roughly(moment - now)}" if moment > now else "now"


def local_iso(moment: str | None) -> str:
    """A time of `iso` on this machine's clock."""
    return local(datetime.fromisoformat(moment)) if moment else ""
