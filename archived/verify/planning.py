"""Which files are verified: those that are selected and that the archive was proved to hold, or a sample of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from archived.config import Configuration
from archived.core.verifying import Candidate, least_recent, up_to
from archived.store import Store
from archived.store.selecting import type_matcher
from archived.verify.values import Part, Plan, Wish

_Located = tuple[str, Candidate]


def plan(
    configuration: Configuration,
    store: Store,
    wish: Wish,
    *,
    chance: Callable[[], float] = random.random,
) -> Plan:
    """What a wish comes to. Looks at no archive."""
    settings = {each.location.name: each for each in configuration.locations}
    strange: defaultdict[str, int] = defaultdict(int)
    chosen: defaultdict[str, list[Candidate]] = defaultdict(list)

    def reachable() -> Iterator[_Located]:
        # Before the draw: what can never be looked at would be the least recently verified for ever.
        for location, each in _wanted(store, wish):
            if location in settings:
                yield location, each
            else:
                strange[location] += 1

    for location, each in _drawn(reachable(), wish, chance):
        chosen[location].append(each)
    parts = [
        Part(settings[name], tuple(chosen[name]), wish.sample is not None)
        for name in settings
        if name in chosen
    ]
    return Plan(wish, parts, strange)


def _wanted(store: Store, wish: Wish) -> Iterator[_Located]:
    fits = type_matcher("*" if wish.selector.file_type is None else wish.selector.file_type)
    for dataset in store.select(wish.selector):
        for each in store.candidates(dataset, deep=wish.deep):
            recent = each.last is not None and wish.not_since is not None
            if recent and each.last >= wish.not_since:  # type: ignore[operator]
                continue
            if fits(each.file_type):
                yield dataset.location, each


def _drawn(
    wanted: Iterator[_Located], wish: Wish, chance: Callable[[], float]
) -> Iterable[_Located]:
    if wish.sample is None:
        return wanted
    location_of: dict[int, str] = {}

    def noted() -> Iterator[Candidate]:
        for location, each in wanted:
            location_of[each.file_id] = location
            yield each

    drawn = least_recent(noted(), wish.sample, random=chance)
    if wish.sample_bytes is not None:
        drawn = up_to(drawn, wish.sample_bytes)
    return chain((location_of[each.file_id], each) for each in drawn)
