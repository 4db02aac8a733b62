"""The pages: for each address, which template and what is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archived.core.lifecycle import State
from archived.web.addresses import query, quoted
from archived.web.calendar import Row, month_of, parse_month, rows_of
from archived.web.looks import URGENCY
from archived.web.source import MOST_RECORDED, Asked, Source
from archived.web.templating import STATES
from archived.web.today import answer

LISTED = 100
FILES = 200
ANIMALS = 60
EVENTS = 50
"""How many of each stand on a page."""

REFRESHED = 30
"""Seconds after which a page comes anew, where a person asked for that."""

Filled = tuple[str, Mapping[str, Any]]
"""The name of a template, and what is filled in."""


class Pages:
    """Each verb makes one page. Raises what the source raises, and `ValueError` for what was asked."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def today(self, asked: Asked) -> Filled:
        """Whether everything of today is safe."""
        status, day = self._source.status(), self._source.today()
        recorded = [view for _, view in self._source.recorded(day, day)]
        recorded.sort(key=lambda view: (URGENCY[State(view["state"])], view["name"]))
        return "today.html", {
            "status": status,
            "answer": answer(status, recorded, self._source.now()),
            "recorded": recorded[:LISTED],
            "more": max(0, len(recorded) - LISTED),
            "oldest": self._oldest(),
            "refresh": _refresh(asked),
        }

    def calendar(self, asked: Asked) -> Filled:
        """A month of sessions by animal."""
        given = dict(asked)
        month = parse_month(given["month"]) if "month" in given else month_of(self._source.today())
        recorded = self._source.recorded(month.first, month.last)
        rows = rows_of(month, recorded)
        first = max(0, _number(given.get("animal", "0")))
        return "calendar.html", {
            "month": month,
            "rows": rows[first : first + ANIMALS],
            "animals": len(rows),
            "cut": len(recorded) if len(recorded) >= MOST_RECORDED else None,
            "first": first,
            "next": first + ANIMALS if first + ANIMALS < len(rows) else None,
            "address": _address_of_cell,
        }

    def datasets(self, asked: Asked) -> Filled:
        """Datasets that fit, the newest first."""
        given = [(key, value) for key, value in asked if key != "limit"]
        listed = self._source.select(given, most=LISTED, newest=True)
        begun = [(key, value) for key, value in given if key != "after"]
        further = query([*begun, ("after", listed.after)]) if listed.after is not None else None
        return "datasets.html", {
            "views": listed.views,
            "chosen": dict(begun),
            "states": STATES,
            "further": further,
            "begun": begun != given,
            "first": query(begun),
        }

    def dataset(self, name: str, asked: Asked) -> Filled:
        """One dataset: its files, its events, its proof."""
        page = max(1, _number(dict(asked).get("page", "1")))
        part = range((page - 1) * FILES, page * FILES)
        shown = self._source.show(name, part)
        pages = max(1, -(-shown.files // FILES))
        if page > pages:
            raise ValueError(f"there is no page {page}; there are {pages}")
        events = shown.view["events"]
        return "dataset.html", {
            "view": shown.view,
            "number": shown.files,
            "first": part.start + 1,
            "last": min(part.stop, shown.files),
            "page": page,
            "pages": pages,
            "events": events[::-1][:EVENTS],
            "earlier": max(0, len(events) - EVENTS),
        }

    def transfers(self, asked: Asked) -> Filled:
        """What travels."""
        return "transfers.html", {"status": self._source.status(), "refresh": _refresh(asked)}

    def attention(self, _asked: Asked) -> Filled:
        """What needs a person, and what to do."""
        return "attention.html", {"status": self._source.status()}

    def _oldest(self) -> Mapping[str, Any] | None:
        """The dataset that is known for longest of those that wait for the archive and need nobody."""
        on_the_way = ("settling", "ready", "transferring", "verifying", "waiting")
        asked = [("state", each) for each in on_the_way]
        return next(iter(self._source.select(asked, most=1).views), None)


def _address_of_cell(row: Row, number: int) -> str:
    """Where a session of the calendar leads: to its dataset, or to all of that day."""
    cell = row.cells[number]
    assert cell is not None
    if len(cell.names) == 1 or not row.h2o:
        return f"/datasets/{quoted(cell.names[0])}"
    return f"/datasets{query({'h2o': row.h2o, 'date': cell.day.isoformat()})}"


def _refresh(asked: Asked) -> int | None:
    """How often the page comes anew: never by itself, as that takes readers from where they are."""
    return REFRESHED if ("refresh", "on") in asked else None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise ValueError(f"{text!r} is no number of a page")
    return int(text)
