"""How much a hostile name can make a lab's pattern try: an upper limit, from all ways of reading all names at once.

Python's regular expressions try one way after the other, and nothing interrupts them meanwhile.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from archived.core.template.expressions import (
    LONGEST_NAME,
    Character,
    Either,
    Look,
    Node,
    Repeat,
    Then,
    tree_of,
)

MOST_STEPS = 200_000
"""Taken in some milliseconds, from each place of a name in a second or two. Two endless repeats of the same stay below."""

TOO_MANY = MOST_STEPS + 1

_MOST_PLACES = 3_000
_MOST_WORK = 1_000_000
_MOST_SETS = 32

_KEPT_FOR_LATER = re.compile(r"\[\^?\[|--|&&|~~|\|\|")

_Ways = dict[int, int]


def may_change_its_meaning(pattern: str) -> bool:
    """Whether it has what Python keeps for sets in sets, and warns of."""
    return _KEPT_FOR_LATER.search(pattern) is not None


@lru_cache(maxsize=256)
def steps(pattern: str, *, longest: int = LONGEST_NAME) -> int | None:
    """How many steps matching any name of at most so many characters takes at the most, or `TOO_MANY`.

    None for syntax that is not understood here.
    """
    tree = tree_of(pattern)
    if tree is None:
        return None
    try:
        return _steps(tree, longest)
    except _TooManyError:
        return TOO_MANY


def _steps(tree: Node, longest: int) -> int:
    places = _Places(longest)
    whole = places.add(tree)
    total = sum(whole.first.values()) + whole.empty
    for most in places.most_after_each_character(whole.first):
        total += most
        if total > MOST_STEPS:
            raise _TooManyError
    # Each look around may be taken at each step, and none makes others necessary.
    return min(total * (1 + places.looks), TOO_MANY)


class _TooManyError(Exception):
    """It takes too many steps, or too many to find out."""


class _Fragment:
    """A part of the pattern: by how many ways each of its places can be its first or last, and it can be empty."""

    __slots__ = ("empty", "first", "last")

    def __init__(self, first: _Ways, last: _Ways, empty: int) -> None:
        self.first, self.last, self.empty = first, last, empty


class _Places:
    """The places of a pattern at which a character is taken, and by how many ways one follows another (Glushkov)."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._of: list[frozenset[int]] = []
        self._after: list[Counter[int]] = []
        self._work = 0
        self.looks = 0

    def add(self, node: Node) -> _Fragment:
        """Add what a node stands for."""
        match node:
            case Character(of):
                return self._place(of)
            case Then(parts):
                return self._row([self.add(part) for part in parts])
            case Either(choices):
                found = [self.add(choice) for choice in choices]
                return _Fragment(
                    self._sum([(each.first, 1) for each in found]),
                    self._sum([(each.last, 1) for each in found]),
                    self._limited(sum(each.empty for each in found)),
                )
            case Look(body):
                self.looks += _steps(body, self._longest)
                return _Fragment({}, {}, 1)
            case Repeat():
                return self._repeat(node)

    def _place(self, of: frozenset[int]) -> _Fragment:
        if len(self._of) == _MOST_PLACES:
            raise _TooManyError
        self._of.append(of)
        self._after.append(Counter())
        itself = {len(self._of) - 1: 1}
        return _Fragment(itself, itself, 0)

    def _row(self, parts: list[_Fragment]) -> _Fragment:
        row = _Fragment({}, {}, 1)
        for part in parts:
            self._link(row, part)
            row = _Fragment(
                self._sum([(row.first, 1), (part.first, row.empty)]),
                self._sum([(row.last, part.empty), (part.last, 1)]),
                self._limited(row.empty * part.empty),
            )
        return row

    def _repeat(self, node: Repeat) -> _Fragment:
        rest = _Fragment({}, {}, 1)
        if node.most is None:
            rest = self.add(node.body)
            self._link(rest, rest)
            # The last time may be empty, as Python goes on only from where it has come further.
            again = 1 + rest.empty
            rest = _Fragment(rest.first, self._sum([(rest.last, again)]), self._limited(again))
        else:
            for _ in range(node.least, node.most):
                row = self._row([self.add(node.body), rest])
                rest = _Fragment(row.first, row.last, self._limited(1 + row.empty))
        return self._row([*(self.add(node.body) for _ in range(node.least)), rest])

    def _link(self, before: _Fragment, behind: _Fragment) -> None:
        for at, ways in before.last.items():
            for to, more in behind.first.items():
                self._after[at][to] += ways * more
                self._limited(self._after[at][to])

    def _sum(self, summands: list[tuple[_Ways, int]]) -> _Ways:
        total: Counter[int] = Counter()
        for ways, times in summands:
            for at, count in ways.items() if times else ():
                total[at] += count * times
                self._limited(total[at])
        return total

    def _limited(self, ways: int) -> int:
        """The ways, if they and the work of counting are still few."""
        self._work += 1
        if ways > MOST_STEPS or self._work > _MOST_WORK:
            raise _TooManyError
        return ways

    def most_after_each_character(self, first: _Ways) -> Iterator[int]:
        """The most steps from wherever any name can have led to, after one, two, … characters.

        Counted for each set of places that names can lead to together. Where there are many such sets they are
        taken for one: too much, and never too little.
        """
        kinds = sorted(set(self._of), key=sorted)
        kind_of = [kinds.index(of) for of in self._of]
        together = _together(kinds)
        tries = [1 + sum(after.values()) for after in self._after]
        reached = [first]
        for _ in range(self._longest):
            sets: dict[frozenset[int], _Ways] = {}
            for ways in reached:
                by_kind: dict[int, _Ways] = {}
                for at, count in ways.items():
                    by_kind.setdefault(kind_of[at], {})[at] = count
                for some in together:
                    here = {at: n for kind in some for at, n in by_kind.get(kind, {}).items()}
                    if here:
                        _raise_to(sets.setdefault(frozenset(here), {}), here)
            if len(sets) > _MOST_SETS:
                sets = {frozenset(): _most_of(list(sets.values()))}
            if not sets:
                return
            yield max(sum(n * tries[at] for at, n in ways.items()) for ways in sets.values())
            reached = [
                self._sum([(self._after[at], n) for at, n in ways.items()])
                for ways in sets.values()
            ]


def _together(kinds: list[frozenset[int]]) -> list[frozenset[int]]:
    """Which kinds of places take the same character; of those within others only the others."""
    characters = sorted(frozenset().union(*kinds))
    found = {frozenset(n for n, kind in enumerate(kinds) if each in kind) for each in characters}
    return [some for some in sorted(found, key=sorted) if not any(some < other for other in found)]


def _raise_to(ways: _Ways, other: _Ways) -> None:
    for at, count in other.items():
        ways[at] = max(ways.get(at, 0), count)


def _most_of(many: list[_Ways]) -> _Ways:
    most: _Ways = {}
    for each in many:
        _raise_to(most, each)
    return most
