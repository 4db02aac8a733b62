"""Days, moments and durations as they are typed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from archived.cli.caller import Caller, caller_of
from archived.core.units import parse_duration

_YEAR_FIRST = (
    r"(?a)(?P<year>(?:19|20)\d\d)(?P<between>[-/._]?)(?P<month>\d\d)(?P=between)(?P<day>\d\d)"
)
_DAY_LIKE = r"(?a)\d{6}|\d{8}|\d{1,4}[-/._ ]\d{1,2}[-/._ ]\d{1,4}"


class Day(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A day: `2026-03-14`, also `20260314`, `2026/03/14`, `2026_03_14`; `today`, `yesterday`, days back such as `7d`."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day meant; relative ones count from today on this machine's clock. Nothing is guessed: in
        `022319` and `02/23/2019` a month and a day could be either, so the year has to come first."""
        if isinstance(value, date):
            return value
        text = value.strip()
        if written := re.fullmatch(_YEAR_FIRST, text):
            try:
                return date(*(int(part) for part in written.group("year", "month", "day")))
            except ValueError:
                self.fail(
                    f"'{value}' is a day that never was; a year, a month and a day are expected.",
                    param,
                    ctx,
                )
        days_back = _days_back(text)
        if days_back is None:
            hint = "; the year goes first" if re.fullmatch(_DAY_LIKE, text) else ""
            self.fail(f"'{value}' is no day such as 2026-03-14, yesterday or 7d{hint}.", param, ctx)
        caller = caller_of(ctx) if ctx is not None else Caller()
        return _today(caller.now()) - timedelta(days=days_back)


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A moment: a duration back from now such as `2h`, or a time such as `2026-03-14T12:00`."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment meant; a time without a zone is one of this machine's clock."""
        caller = caller_of(ctx) if ctx is not None else Caller()
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            try:
                return caller.now() - parse_duration(value)
            except (ValueError, OverflowError):
                self.fail(f"'{value}' is no moment such as 2h, 3d or 2026-03-14T12:00.", param, ctx)


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A duration with a unit, such as `2h`."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The duration, which is longer than nothing."""
        if isinstance(value, timedelta):
            return value
        try:
            duration = parse_duration(value)
        except ValueError as error:
            self.fail(f"'{value}' is not {error}.", param, ctx)
        if duration <= timedelta(0):
            self.fail("it must be longer than nothing.", param, ctx)
        return duration


def _days_back(value: str) -> int | None:
    words = {"today": 0, "yesterday": 1}
    if value.lower() in words:
        return words[value.lower()]
    number, unit = value[:-1], value[-1:].lower()
    if number.isascii() and number.isdecimal() and len(number) < 5 and unit in ("d", "w"):
        return int(number) * (7 if unit == "w" else 1)
    return None


def _today(now: datetime) -> date:
    return now.astimezone().date()
