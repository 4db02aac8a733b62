"""Whose datasets are shown: those of this rig, of another one, or of every rig that shares the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archived.cli.completing import complete_rig
from archived.cli.naming import find_dataset, spellings
from archived.cli.output import talk
from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import NameNotFoundError

if TYPE_CHECKING:
    from archived.core.model import Dataset
    from archived.store import Reader, Selector

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Whose:
    """The stores of the rigs that are meant, each as that rig sees it; all but one's own can only be read."""

    stores: tuple[Reader, ...]
    every: bool
    """Whether all rigs are meant, however many there are."""
    first: str | None = None
    """Which rig is meant where several have a dataset of the same name, and nobody said which."""

    def selector(self, selector: Selector) -> Selector:
        """The same selection among the datasets that are meant; to be asked of the first store."""
        return replace(selector, everywhere=True) if self.every else selector

    def find(self, typed: str) -> tuple[Reader, Dataset]:
        """The one dataset of that name, and the store of its rig. Raises `NameNotFoundError`."""
        if not self.every:
            [store] = self.stores
            return store, find_dataset(store, typed)
        for name in reversed(spellings(typed)):
            owners = self.stores[0].owners(name)
            if self.first in owners:
                owners = [self.first]
            if len(owners) > 1:
                rigs = ", ".join(map(printable, owners))
                raise NameNotFoundError(
                    f"several rigs have a dataset {printable(name)}: {rigs}",
                    what_to_do="say which one is meant: --rig NAME",
                )
            if owners:
                store = self.stores[0].of_rig(owners[0])
                return store, store.dataset(name)
        return self.stores[0], find_dataset(self.stores[0], typed)


def whose(store: Reader, rig: str | None, every: bool) -> Whose:
    """What `--rig` and `--all-rigs` mean. Without either it is this rig, if it ever archived anything.

    A machine that has no daemon, an analyst's, is there to read what the others archived.
    Raises `NameNotFoundError` for a rig that there is not.
    """
    if rig is not None and every:
        raise click.UsageError("Say --rig NAME or --all-rigs, not both.")
    if rig is not None:
        return Whose((store.of_rig(rig),), every=False)
    first = None
    if not every and store.is_shared() and not store.archives_here():
        every, first = True, store.rig
        names = ", ".join(printable(each) for each in store.rig_names() if each != store.rig)
        talk(f"Rig {printable(store.rig)} has no daemon; shown is what all rigs have: {names}.")
    if not every:
        return Whose((store,), every=False)
    stores = tuple(store.of_rig(each) for each in store.rig_names()) or (store,)
    return Whose(stores, every=True, first=first)


def rig_options(function: F) -> F:
    """`--rig` and `--all-rigs` for a command that only reads."""
    for option in (
        click.option("--all-rigs", is_flag=True, help="Of every rig that shares the store."),
        click.option(
            "--rig",
            "rig_name",
            metavar="NAME",
            help="Of another rig that shares the store.",
            shell_complete=complete_rig,
        ),
    ):
        function = option(function)
    return function
