"""Which datasets are meant: the words and options that every command takes which selects datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from archived.cli.caller import caller_of
from archived.cli.completing import (
    complete_dataset,
    complete_h2o,
    complete_location,
    complete_subject,
)
from archived.cli.kinds import Day
from archived.cli.naming import spellings
from archived.cli.output import talk
from archived.core.dataclass import dataclass
from archived.core.lifecycle import State

if TYPE_CHECKING:
    from archived.store import Selector

F = TypeVar("F", bound=Any)

PATTERN_CHARACTERS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person selected; `everything` where they said so."""

    selector: Selector
    typed: tuple[str, ...]
    everything: bool

    @property
    def given(self) -> bool:
        """Whether anything was said at all."""
        from archived.store import Selector

        return self.everything or self.selector != Selector()

    @property
    def exact(self) -> tuple[str, ...]:
        """The names, as typed, that are no patterns."""
        return tuple(name for name in self.typed if not PATTERN_CHARACTERS & set(name))

    @property
    def broad(self) -> bool:
        """Whether it may mean other datasets than those named one by one, or fewer of them."""
        from archived.store import Selector

        only_names = replace(self.selector, names=()) == Selector() and not self.everything
        return not only_names or self.exact != self.typed


def selection_options(function: F) -> F:
    """The argument and options of a selection, given to the command as `selection`."""
    return _selecting(function, _OPTIONS)


def selection_of_events(function: F) -> F:
    """The same for a command whose own `--since` is about when something happened."""
    return _selecting(function, _OPTIONS_OF_EVENTS)


def _selecting(function: F, options: Sequence[Callable[[Any], Any]]) -> F:
    @wraps(function)
    def wrapped(
        *arguments: Any,
        names: Sequence[str],
        location: str | None,
        states: Sequence[str],
        h2o: str | None,
        subject: str | None,
        day: date | None,
        recorded_since: date | None,
        recorded_until: date | None,
        convention: str | None,
        file_type: str | None,
        everything: bool = False,
        **others: Any,
    ) -> Any:
        from archived.store import Selector

        if recorded_since and recorded_until and recorded_since > recorded_until:
            raise click.UsageError(
                f"Nothing was recorded since {recorded_since} and until {recorded_until}: "
                "the first day has to come first."
            )
        if subject is not None:
            _read_subjects()
        if location is not None:
            _doubt(location)
        selector = Selector(
            names=tuple(name for typed in names for name in spellings(typed)),
            location=location,
            states=tuple(State(each) for each in states),
            h2o=h2o,
            subject=subject,
            date=day,
            since=recorded_since,
            until=recorded_until,
            convention=convention,
            file_type=file_type,
        )
        return function(
            *arguments,
            selection=Selection(selector, tuple(dict.fromkeys(names)), everything),
            **others,
        )

    for option in reversed(options):
        wrapped = option(wrapped)
    # functools.wraps forgets the kind of function that it wraps, and click keeps none.
    return cast(F, wrapped)


def _read_subjects() -> None:
    """Read the lab's list of subjects where no daemon does, so that a new animal is found by its number at once."""
    caller = caller_of(click.get_current_context())
    if caller.configuration.subjects.file is not None:
        with caller.store() as store:
            caller.refresh_subjects(store)


def _doubt(location: str) -> None:
    """Say that the configuration has no such location. The catalogue may still have datasets of it."""
    configured = [
        each.location.name
        for each in caller_of(click.get_current_context()).configuration.locations
    ]
    if location not in configured:
        talk(
            f"The configuration has no location {location}; it has {', '.join(configured)}. "
            "Types of files are selected with --file-type."
        )


all_option = click.option("--all", "everything", is_flag=True, help="All datasets it can apply to.")

_BEFORE_DATES = (
    click.argument("names", nargs=-1, metavar="[NAME|PATTERN]...", shell_complete=complete_dataset),
    click.option(
        "--subject",
        metavar="NUMBER",
        help="Of this subject, by its number in the lab's database.",
        shell_complete=complete_subject,
    ),
    click.option(
        "--h2o",
        metavar="H2O",
        help="Of the animal with this name on disk.",
        shell_complete=complete_h2o,
    ),
    click.option(
        "-l",
        "--location",
        "--type",
        "location",
        metavar="NAME",
        help="Of this storage location, such as raw-ephys.",
        shell_complete=complete_location,
    ),
    click.option("--date", "day", type=Day(), metavar="DAY", help="Recorded on this day."),
)

_AFTER_DATES = (
    click.option(
        "--file-type",
        metavar="TYPE|PATTERN",
        help="With files of this type, such as ephys-raw-neuropixels-ap-meta or '*-meta'.",
    ),
    click.option(
        "-s",
        "--state",
        "states",
        type=click.Choice([str(state) for state in State], case_sensitive=False),
        multiple=True,
        metavar="STATE",
        help=f"In this state: {', '.join(State)}; may be given several times.",
    ),
    click.option("--convention", metavar="NAME", help="Recognised by this convention."),
)


def _dates(prefix: str) -> tuple[Callable[[Any], Any], ...]:
    """The days that a recording lies between."""
    return tuple(
        click.option(
            f"--{prefix}{word}",
            f"recorded_{word}",
            type=Day(),
            metavar="DAY",
            help=f"Recorded on this day or {meaning}.",
        )
        for word, meaning in (("since", "later"), ("until", "earlier"))
    )


_OPTIONS = (*_BEFORE_DATES, *_dates(""), *_AFTER_DATES)
_OPTIONS_OF_EVENTS = (*_BEFORE_DATES, *_dates("recorded-"), *_AFTER_DATES)
