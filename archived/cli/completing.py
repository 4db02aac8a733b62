"""Completion in the shell: names from the store. It never fails and never says anything; at worst it knows nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click
from click.shell_completion import CompletionItem

from archived.cli.caller import Caller, caller_of
from archived.core.paths import printable
from archived.errors import ArchivedError

LIMIT = 200
"""How many names are offered: more than anybody reads, and quick to find."""


def complete_dataset(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """The datasets whose names begin as typed."""

    def found(caller: Caller) -> list[CompletionItem[str]]:
        with caller.reading() as store:
            names = store.names(incomplete, limit=LIMIT)
        return [CompletionItem(name) for name in names if printable(name) == name]

    return _quietly(ctx, found)


def complete_location(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """The storage locations of the configuration."""

    def found(caller: Caller) -> list[CompletionItem[str]]:
        names = (each.location.name for each in caller.configuration.locations)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    return _quietly(ctx, found)


def complete_subject(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """The numbers of animals that are known."""

    def found(caller: Caller) -> list[CompletionItem[str]]:
        with caller.reading() as store:
            known = store.subject_names()
        return [
            CompletionItem(subject, help=h2o)
            for h2o, subject in known.items()
            if subject.startswith(incomplete)
        ][:LIMIT]

    return _quietly(ctx, found)


def complete_h2o(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """The names of animals: those that are known, and those that nothing is known of but their datasets."""

    def found(caller: Caller) -> list[CompletionItem[str]]:
        with caller.reading() as store:
            known = store.subject_names()
            unknown = store.unknown_h2os(limit=LIMIT)
        names = [name for name in sorted({*known, *unknown}) if printable(name) == name]
        return [
            CompletionItem(name, help=known.get(name))
            for name in names
            if name.startswith(incomplete)
        ][:LIMIT]

    return _quietly(ctx, found)


def complete_rig(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """The rigs that share the store."""

    def found(caller: Caller) -> list[CompletionItem[str]]:
        with caller.reading() as store:
            names = store.rig_names()
        return [
            CompletionItem(name)
            for name in names
            if name.startswith(incomplete) and printable(name) == name
        ]

    return _quietly(ctx, found)


def _quietly(
    ctx: click.Context, found: Callable[[Caller], Sequence[CompletionItem[str]]]
) -> list[CompletionItem[str]]:
    try:
        return list(found(caller_of(ctx)))
    except (ArchivedError, OSError):
        return []
