"""Which datasets are meant: the words and options that `list`, `retry`, `hold`, `release` and `accept` share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from archived.cli.completing import complete_dataset, complete_location
from archived.cli.kinds import Day
from archived.cli.naming import spellings
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

    @wraps(function)
    def wrapped(
        *arguments: Any,
        names: Sequence[str],
        location: str | None,
        states: Sequence[str],
        h2o: str | None,
        subject: str | None,
        day: date | None,
        since: date | None,
        until: date | None,
        convention: str | None,
        file_type: str | None,
        everything: bool = False,
        **others: Any,
    ) -> Any:
        from archived.store import Selector

        selector = Selector(
            names=tuple(name for typed in names for name in spellings(typed)),
            location=location,
            states=tuple(State(each) for each in states),
            h2o=h2o,
            subject=subject,
            date=day,
            since=since,
            until=until,
            convention=convention,
            file_type=file_type,
        )
        return function(
            *arguments,
            selection=Selection(selector, tuple(dict.fromkeys(names)), everything),
            **others,
        )

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    # functools.wraps forgets the kind of function that it wraps, and click keeps none.
    return cast(F, wrapped)


all_option = click.option("--all", "everything", is_flag=True, help="All datasets it can apply to.")

_OPTIONS = (
    click.argument("names", nargs=-1, metavar="[NAME|PATTERN]...", shell_complete=complete_dataset),
    click.option(
        "-l",
        "--location",
        metavar="NAME",
        help="Of this location.",
        shell_complete=complete_location,
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
    click.option("--h2o", metavar="H2O", help="Of the animal with this name on disk."),
    click.option("--subject", metavar="NUMBER", help="Of this subject."),
    click.option("--date", "day", type=Day(), metavar="DAY", help="Recorded on this day."),
    click.option("--since", type=Day(), metavar="DAY", help="Recorded on this day or later."),
    click.option("--until", type=Day(), metavar="DAY", help="Recorded on this day or earlier."),
    click.option("--convention", metavar="NAME", help="Recognised by this convention."),
    click.option("--type", "file_type", metavar="TYPE", help="With files of this type."),
)
