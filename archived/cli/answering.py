"""What `archivedctl web` shows: the views of the commands, read from the store for each page anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from archived.cli import asking
from archived.cli.events import happening_view, happenings
from archived.cli.kinds import Moment
from archived.cli.naming import find_dataset
from archived.cli.output import json_text
from archived.cli.rigs import rig_view
from archived.cli.shell import tell_of_mistake
from archived.cli.show import gather as gather_dataset
from archived.cli.status import gather as gather_status
from archived.cli.times import ago, local_iso
from archived.cli.views import View, dataset_view
from archived.errors import NameNotFoundError
from archived.web.source import MOST_RECORDED, Asked, Listed, Shown

if TYPE_CHECKING:
    from archived.cli.caller import Caller
    from archived.core.model import Dataset
    from archived.store import Reader

_DAY = timedelta(days=1)

EVENTS = 100
MOST_EVENTS = 10_000


class Answers:
    """See `archived.web.source.Source`. About the rig of the configuration, or another one of the same store."""

    def __init__(self, caller: Caller, rig: str | None = None) -> None:
        self._caller = caller
        self._rig = rig

    @contextmanager
    def _store(self) -> Iterator[Reader]:
        with self._caller.reading(upgrade=False) as store:
            yield store if self._rig is None else store.of_rig(self._rig)

    def now(self) -> datetime:
        """See `Source`."""
        return self._caller.now()

    def today(self) -> date:
        """See `Source`."""
        return self.now().astimezone().date()

    def local(self, moment: str | None) -> str:
        """See `Source`."""
        return local_iso(moment)

    def ago(self, moment: str | None) -> str:
        """See `Source`."""
        return ago(datetime.fromisoformat(moment) if moment else None, self.now())

    def status(self) -> View:
        """See `Source`."""
        with self._store() as store:
            return gather_status(self._caller, store)

    def recorded(self, first: date, last: date) -> list[tuple[date, View]]:
        """See `Source`."""
        with self._store() as store:
            found = store.recorded(
                first,
                last,
                since=_midnight(first),
                until=_midnight(last + _DAY)
                if last < date.max
                else datetime.max.replace(tzinfo=UTC),
                most=MOST_RECORDED,
            )
        return [(each.date or _day_of(each), dataset_view(each)) for each in found]

    def select(self, asked: Asked, *, most: int, newest: bool = False) -> Listed:
        """See `Source`. `limit` asks for less, `after` for the next ones."""
        values = asking.values_of(
            asked, asking.SELECTING | {"date", "since", "until", "limit", "after"}
        )
        limit = asking.number(values, "limit", most, most=most)
        after = asking.number(values, "after", 0, most=2**31)
        selector = asking.selector_of(values, ("date", "since", "until"))
        with self._store() as store:
            found = list(store.select(selector, limit=limit + 1, after=after, newest=newest))
        more = found[limit - 1].id if len(found) > limit else None
        return Listed([dataset_view(each) for each in found[:limit]], more)

    def show(self, name: str, part: range) -> Shown:
        """See `Source`."""
        with self._store() as store:
            dataset = _named(store, name)
            view = gather_dataset(store, dataset, self._caller.configuration, self.now(), part=part)
            return Shown(view, sum(store.states_of_files(dataset.id).values()))

    def events(self, asked: Asked) -> list[View]:
        """See `Source`."""
        days = ("date", "recorded_since", "recorded_until")
        values = asking.values_of(asked, asking.SELECTING | {*days, "since", "limit"})
        limit = asking.number(values, "limit", EVENTS, most=MOST_EVENTS)
        selects = bool(values.keys() & (asking.SELECTING | set(days)))
        selector = asking.selector_of(values, days) if selects else None
        since = _moment(asking.one(values, "since"))
        with self._store() as store:
            return [happening_view(each) for each in happenings([store], selector, since, limit)]

    def rigs(self) -> list[View]:
        """See `Source`."""
        with self._store() as store:
            return [rig_view(each) for each in store.rigs()]

    def metrics(self) -> bytes:
        """See `Source`."""
        from archived.metrics.exposition import answer
        from archived.metrics.snapshot import Snapshot, snapshot

        def take() -> Snapshot:
            with self._store() as store:
                return snapshot(store, self._caller.configuration, self.now())

        return answer(take)

    def json(self, value: Any) -> str:
        """See `Source`."""
        return json_text(value)

    def tell_of_mistake(self, error: BaseException) -> None:
        """See `Source`."""
        tell_of_mistake(type(error), error, error.__traceback__)


def _named(store: Reader, name: str) -> Dataset:
    """Exactly by its name, as the pages name it, or else as it may be typed."""
    try:
        return store.dataset(name)
    except NameNotFoundError:
        return find_dataset(store, name)


def _midnight(day: date) -> datetime:
    """When a day began on this machine's clock; the calendar's own ends are the same anywhere."""
    try:
        return datetime.combine(day, time()).astimezone(UTC)
    except (OverflowError, ValueError):
        return datetime.combine(day, time(), UTC)


def _day_of(dataset: Dataset) -> date:
    return dataset.first_seen.astimezone().date()


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return Moment().convert(text, None, None)
    except click.BadParameter as error:
        raise ValueError(f"since: {error.message}") from None
