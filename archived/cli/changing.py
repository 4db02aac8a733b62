"""What `retry`, `hold`, `release` and `accept` have in common: which datasets, how many, and what became of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.counting import counted
from archived.cli.looks import state_cell
from archived.cli.naming import find_dataset
from archived.cli.output import Cell, line, print_json, talk
from archived.cli.selection import Selection, all_option, selection_options
from archived.cli.shell import FAILED, json_option
from archived.cli.views import View
from archived.core.lifecycle import MOVES, Reason, State
from archived.core.model import Dataset
from archived.core.paths import printable
from archived.errors import MoveRefusedError

if TYPE_CHECKING:
    from archived.store import Store

PORTION = 200
"""How many datasets of a broad selection move in one transaction."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Change:
    """One of the four commands: its word, the move it asks for, and how much care it needs."""

    word: str
    reason: Reason
    careful: bool = False
    """Ask before it is done to more than what was named one by one."""

    @property
    def states(self) -> frozenset[State]:
        """From which states the lifecycle has this move."""
        return frozenset(before for (before, _), reasons in MOVES.items() if self.reason in reasons)


@dataclass
class Outcome:
    """What became of it."""

    moved: list[View] = field(default_factory=list)
    refused: list[View] = field(default_factory=list)


def change_options(function: F) -> F:
    """What all four commands take; the command is called with the caller, and all of these by name."""

    @wraps(function)
    def wrapped(caller: Caller, /, **options: Any) -> Any:
        return function(caller, **options)

    decorators = (
        selection_options,
        all_option,
        click.option("--why", default="", metavar="TEXT", help="The reason, for the record."),
        click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done."),
        json_option,
        pass_caller,
    )
    for decorator in reversed(decorators):
        wrapped = decorator(wrapped)
    # functools.wraps forgets the kind of function that it wraps, and click keeps none.
    return cast(F, wrapped)


def carry_out(
    caller: Caller,
    change: Change,
    selection: Selection,
    *,
    why: str,
    dry_run: bool,
    as_json: bool,
    yes: bool = True,
) -> None:
    """Do it, and tell what was done. Exits with 1 where something selected was refused."""
    if not selection.given:
        raise click.UsageError(
            f"Name the datasets to {change.word}, select them with options, or say --all."
        )
    with caller.store() as store:
        store.require_rig()
        if selection.broad:
            found = _applicable(store, change, selection)
            if not dry_run and found:
                _announce(change, found, yes=yes)
        else:
            found = [find_dataset(store, name) for name in selection.typed]
        outcome = Outcome()
        if dry_run:
            outcome.moved = [
                {"dataset": each.name, "before": str(each.state), "after": None} for each in found
            ]
        elif found:
            outcome = _perform(caller, store, change, selection, found, why)
    _tell(caller, change, outcome, dry_run=dry_run, as_json=as_json)


def _applicable(store: Store, change: Change, selection: Selection) -> list[Dataset]:
    """What was selected and can move like this; names given exactly must exist."""
    for name in selection.exact:
        find_dataset(store, name)
    wanted = frozenset(selection.selector.states or State) & change.states
    if not wanted:
        return []
    return list(store.select(replace(selection.selector, states=tuple(sorted(wanted)))))


def _announce(change: Change, found: list[Dataset], *, yes: bool) -> None:
    """Say how many it is before it is done, and ask where that is due."""
    number = counted(len(found), "dataset")
    talk(f"{change.word}: {number}")
    if not change.careful or yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"Say --yes to {change.word} {number} without being asked.")
    click.confirm(f"Really {change.word} {number}?", abort=True, err=True)


def _perform(
    caller: Caller,
    store: Store,
    change: Change,
    selection: Selection,
    found: list[Dataset],
    why: str,
) -> Outcome:
    """What is named one by one moves as a whole or not at all. Of a broad selection each stands for itself, as
    the daemon moves datasets on meanwhile."""
    verb = getattr(store, change.word)
    outcome = Outcome()

    def move(names: list[str]) -> None:
        for name, before, after in verb(names, caller.now(), user=caller.name, why=why):
            outcome.moved.append({"dataset": name, "before": str(before), "after": str(after)})

    names = [each.name for each in found]
    if not selection.broad:
        move(names)
        return outcome
    for start in range(0, len(names), PORTION):
        portion = names[start : start + PORTION]
        try:
            move(portion)
        except MoveRefusedError:
            for name in portion:
                try:
                    move([name])
                except MoveRefusedError as error:
                    refusal = {"reason": str(error), "what_to_do": error.what_to_do}
                    outcome.refused.append({"dataset": name, **refusal})
    return outcome


def _tell(
    caller: Caller, change: Change, outcome: Outcome, *, dry_run: bool, as_json: bool
) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "moved": outcome.moved, "refused": outcome.refused})
    else:
        for each in outcome.moved:
            cells = [Cell(f"{each['dataset']}  "), state_cell(each["before"])]
            if each["after"]:
                cells += [Cell(" ▶ "), state_cell(each["after"])]
            caller.show([line(*cells)])
        for each in outcome.refused:
            talk(f"{printable(each['dataset'])} was refused: {each['reason']}")
        if not outcome.moved and not outcome.refused:
            states = " or ".join(sorted(change.states))
            talk(f"Nothing to {change.word}: nothing selected is {states}.")
    if outcome.refused:
        click.get_current_context().exit(FAILED)
