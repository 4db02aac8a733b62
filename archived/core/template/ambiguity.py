"""In how many ways a lab's pattern may read one name: an upper limit of what a hostile name makes it try.

Python's regular expressions try one way after the other, and nothing interrupts them meanwhile.
"""

from __future__ import annotations

import re

MOST_WAYS = 1_000_000
"""Tried in well under a second. Two endless repeats and a few limited ones stay below."""

LONGEST_NAME = 255
"""How often anything can be repeated in the name of one folder."""

_TOKEN = re.compile(
    r"""(?P<open>\((?:\?(?:[:>=!]|<[=!]|[aiu]*(?:-[i]*)?:))?(?!\?))
    | (?P<close>\)) | (?P<either>\|)
    | (?P<repeat>(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d*)\})[?+]?)
    | (?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^()|*+?\[])""",
    re.DOTALL | re.VERBOSE,
)


_KEPT_FOR_LATER = re.compile(r"\[\^?\[|--|&&|~~|\|\|")


class _Group:
    """What was read of a group so far, each number of ways being a limit from above."""

    def __init__(self) -> None:
        self._others = 0
        self._product = 1
        self._last = 1

    def add(self, ways: int) -> None:
        """An atom or a whole group follows."""
        self._product *= self._last
        self._last = ways

    def repeat(self, least: int, most: int) -> None:
        """What was added last is repeated."""
        self._last = sum(min(self._last, TOO_MANY) ** times for times in range(least, most + 1))

    def begin_another(self) -> None:
        """What follows stands for the same place."""
        self._others, self._product, self._last = self.ways, 1, 1

    @property
    def ways(self) -> int:
        """Of the whole group."""
        return min(self._others + self._product * self._last, TOO_MANY)


TOO_MANY = MOST_WAYS + 1


def may_change_its_meaning(pattern: str) -> bool:
    """Whether it has what Python keeps for sets in sets, and warns of."""
    return _KEPT_FOR_LATER.search(pattern) is not None


def ways(pattern: str) -> int | None:
    """How many ways there are at the most, or `TOO_MANY`; None for syntax that is not counted."""
    groups, at = [_Group()], 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            return None
        at = token.end()
        if token["open"]:
            groups.append(_Group())
        elif token["close"]:
            if len(groups) == 1:
                return None
            inner = groups.pop()
            groups[-1].add(inner.ways)
        elif token["either"]:
            groups[-1].begin_another()
        elif token["repeat"]:
            groups[-1].repeat(*_times(token["repeat"]))
        else:
            groups[-1].add(1)
    return groups[0].ways if len(groups) == 1 else None


def _times(text: str) -> tuple[int, int]:
    """The least and the most often that something is there."""
    if text[0] in "*+?":
        return int(text[0] == "+"), 1 if text[0] == "?" else LONGEST_NAME
    least, comma, most = text[1:].rstrip("?+}").partition(",")
    lowest = min(int(least or 0), LONGEST_NAME)
    return lowest, min(int(most), LONGEST_NAME) if most else LONGEST_NAME if comma else lowest
