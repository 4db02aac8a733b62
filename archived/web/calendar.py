"""A month of sessions: a row for each animal, a column for each day. Pure."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from archived.core.lifecycle import State
from archived.web.looks import most_urgent
from archived.web.source import View


class Month(NamedTuple):
    """A month of a year."""

    year: int
    month: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def days(self) -> list[date]:
        """Its days."""
        return [self.first + timedelta(days=number) for number in range(self.last.day)]

    @property
    def before(self) -> Month | None:
        """The month before it; None at the beginning of the calendar."""
        return None if self.year == 1 and self.month == 1 else month_of(self.first - timedelta(1))

    @property
    def after(self) -> Month | None:
        """The month after it; None at the end of the calendar."""
        return None if self.last == date.max else month_of(self.last + timedelta(1))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


class Cell(NamedTuple):
    """The sessions of one animal on one day."""

    day: date
    states: Counter[State]
    names: list[str]

    @property
    def state(self) -> State:
        """The state among them that a person wants to know of first."""
        return most_urgent(self.states)

    @property
    def words(self) -> str:
        """How many are in which state."""
        return ", ".join(f"{number} {state}" for state, number in self.states.items())


class Row(NamedTuple):
    """One animal; "" is where no name tells it. A day without a session is None."""

    h2o: str
    subject: str
    cells: list[Cell | None]


def month_of(day: date) -> Month:
    """The month of a day."""
    return Month(day.year, day.month)


def parse_month(text: str) -> Month:
    """A month such as `2026-03`. Raises `ValueError`."""
    try:
        return month_of(date.fromisoformat(f"{text}-01"))
    except ValueError:
        raise ValueError(f"{text!r} is no month such as 2026-03") from None


def rows_of(month: Month, recorded: Iterable[tuple[date, View]]) -> list[Row]:
    """The animals of a month by name, each with its sessions."""
    found: dict[str, dict[date, Cell]] = {}
    subjects: dict[str, str] = {}
    for day, view in recorded:
        h2o = view["h2o"] or ""
        subjects[h2o] = view["subject"] or ""
        cell = found.setdefault(h2o, {}).setdefault(day, Cell(day, Counter(), []))
        cell.states[State(view["state"])] += 1
        cell.names.append(view["name"])
    return [
        Row(h2o, subjects[h2o], [found[h2o].get(day) for day in month.days])
        for h2o in sorted(found)
    ]
