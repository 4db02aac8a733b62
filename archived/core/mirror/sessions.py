"""Which session of the lab's database a dataset belongs to: by its animal, its day, and the order of the day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from archived.core.dataclass import dataclass
from archived.core.mirror.values import LabSession, Source

Day = tuple[str, str, date]
"""A location, an h2o and a day."""

Order = tuple[str, str]
Agenda = Mapping[Day, frozenset[Order]]
"""What the names of all datasets of a day say about their order, archived or not."""


@dataclass(frozen=True)
class Lab:
    """What the lab's database knows of animals and sessions."""

    subjects: Mapping[str, Sequence[str]]
    """The animals of an h2o; more than one is a mistake of the lab's."""
    sessions: Mapping[tuple[str, date], Sequence[int]]
    """The numbers of the sessions of an animal on a day, in order."""
    complete: bool = True
    """Whether there is a table of sessions at all."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """No session was found, for this reason."""

    reason: str


def days_of(sources: Iterable[Source]) -> Agenda:
    """The agenda of these datasets."""
    found: defaultdict[Day, set[Order]] = defaultdict(set)
    for source in sources:
        if source.h2o is not None and source.date is not None:
            found[source.location, source.h2o, source.date].add(source.order)
    return {day: frozenset(orders) for day, orders in found.items()}


def session_of(source: Source, agenda: Agenda, lab: Lab) -> LabSession | Unmatched:
    """The one session that a dataset can belong to, or why there is none.

    One session that day takes what has no ident. Several take the datasets of the day in the order of their idents,
    where there are as many of them: a guess would be written into the lab's records.
    """
    if not lab.complete:
        return Unmatched("the lab's database has no table of sessions")
    if source.h2o is None or source.date is None:
        missing = "animal" if source.h2o is None else "day"
        return Unmatched(f"its name does not tell its {missing}")
    subjects = lab.subjects.get(source.h2o, ())
    if len(subjects) != 1:
        return Unmatched(
            f"the lab's database knows no animal {source.h2o}"
            if not subjects
            else f"the lab's database has {len(subjects)} animals called {source.h2o}"
        )
    numbers = lab.sessions.get((subjects[0], source.date), ())
    if not numbers:
        return Unmatched(f"the lab's database has no session of {source.h2o} on {source.date}")
    if len(numbers) == 1:
        if source.order[1]:
            return Unmatched(
                f"its name says {source.order[1]}, and the lab's database has one session of {source.h2o} on "
                f"{source.date}"
            )
        return LabSession(subjects[0], numbers[0])
    orders = sorted(agenda.get((source.location, source.h2o, source.date), ()), key=_rank)
    if len(orders) != len(numbers) or not all(_is_ordered(each) for each in orders):
        return Unmatched(
            f"the lab's database has {len(numbers)} sessions of {source.h2o} on {source.date}, and the names do not "
            "tell which it is"
        )
    return LabSession(subjects[0], numbers[orders.index(source.order)])


def _rank(order: Order) -> tuple[tuple[int, str], tuple[int, str]]:
    mark, ident = (_number(each) for each in order)
    return mark, ident


def _number(text: str) -> tuple[int, str]:
    """By its number; what has none comes first, as a first session of the day has no ident."""
    digits = re.sub(r"\D", "", text)
    return (int(digits) if digits.isascii() and digits else -1, text)


def _is_ordered(order: Order) -> bool:
    """Whether the parts are numbers, or not there: `surface` says nothing about an order."""
    return all(re.fullmatch(r"(?:[sS]?[0-9]+)?", each) for each in order)
