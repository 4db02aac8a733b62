"""What a hostile name makes a lab's pattern try has a limit, and patterns that labs mean are not refused for it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archived.core.template import DEFAULT_H2O, Template, TemplateError
from archived.core.template.ambiguity import MOST_STEPS, TOO_MANY, steps
from archived.core.template.expressions import (
    BEYOND,
    Character,
    Either,
    Look,
    Node,
    Repeat,
    Then,
    tree_of,
)

MEANT = (
    DEFAULT_H2O,
    r"[A-Z]+\d+",
    r"[A-Za-z]+\d+",
    r"[A-Z]{2,}\d{2,}",
    r"[A-Z]+[a-z]*\d+",
    r"[A-Za-z0-9]+",
    r"\w+",
    r"[^_/]+",
    r"[^/]{1,255}",
    r"(?:SC|DL|BAYLOR)\d+",
    r"(?:[A-Z]|[a-z])+\d*",
    r"[A-Z]+-?\d+[a-z]?",
    r"M\d+(?:_\w)?",
    r"(?:[A-Z]+_)+\d+",
    r"[A-Za-z]+[_-]?\w*",
    r"\bSC\d+(?![a-z])",
    "|".join(f"SC{number:03}" for number in range(200)),
)

CATASTROPHIC = (
    r"(?:[A-Z]{1,3})+\d",
    r"(?:A|AA)+x",
    r"(?:A?){30}A{30}",
    r"(?:a+)+b",
    r"(?:\w+)*x",
    r"(?:\w|\d)+x",
    r"(?:a|a)*b",
    r"(?:a*)*b",
    r"(?:a?b?)*c",
    r"(?:\w+\d+)+x",
    r"(?:a+|b+|ab)+c",
    r"(?:[ab]{1,2}|ba)*x",
    r"(?:(?:|)){30}a",
    r"(?i:(?:a|A)+)x",
    r"(?:(?i:a)|A)+x",
    r"(?:é|[^/])+x",
    r"(?:(?u:é)|[^/a])+x",
    r"a(?=(?:a+)+b)\w",
    r"(?:a++|aa)+x",
    r"(?:(?:a{1,255}){1,255}){1,255}",
)


@pytest.mark.parametrize("pattern", MEANT)
def test_a_pattern_that_a_lab_means_is_taken(pattern: str) -> None:
    assert Template("{h2o}_{date:%Y%m%d}_{ident}", h2o=pattern).required == {"h2o", "date", "ident"}


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_a_pattern_that_reads_one_name_in_too_many_ways_is_refused(pattern: str) -> None:
    assert steps(pattern) == TOO_MANY
    with pytest.raises(TemplateError, match="too many ways"):
        Template("{h2o}", h2o=pattern)


@pytest.mark.parametrize(
    "pattern", [r"\x41+", r"\012+", r"(?P<x>a)", "(?#x)a", "(?x:a b)", "(?s:a)"]
)
def test_what_is_not_understood_is_not_counted(pattern: str) -> None:
    assert steps(pattern) is None


def test_two_overlapping_repeats_are_too_many_beside_two_free_fields() -> None:
    pattern = r"[A-Za-z]+[_-]?\w*"
    assert Template("{h2o}_{ident}", h2o=pattern)
    with pytest.raises(TemplateError, match="too many readings for a name with 2 fields"):
        Template("{h2o}_{ident}_{more}", h2o=pattern)


def _atoms() -> st.SearchStrategy[str]:
    return st.sampled_from(["a", "b", "[ab]", "[^a]", r"\w", r"\d", "(?i:A)", "é"])


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    times = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "{,2}"])
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda choices: f"(?:{'|'.join(choices)})"),
        st.tuples(inner, times).map(lambda parts: f"(?:{parts[0]}){parts[1]}"),
    )


PATTERNS = st.recursive(_atoms(), _compound, max_leaves=6)
WORDS = st.text(alphabet="aAb1é", max_size=9)


class Trying:
    """Matches as Python does, one way after the other, and counts what it tries."""

    def __init__(self, text: str) -> None:
        self.text, self.tried = text, 0

    def ends(self, node: Node, at: int) -> Iterator[int]:
        match node:
            case Character(of):
                self.tried += 1
                if self.text[at : at + 1] and min(ord(self.text[at]), BEYOND) in of:
                    yield at + 1
            case Then(parts):
                yield from self._row(parts, at)
            case Either(choices):
                for choice in choices:
                    yield from self.ends(choice, at)
            case Repeat(body, least, most):
                yield from self._again(body, least, most, at, -1)
            case Look():
                raise AssertionError("no pattern of these tests looks around")

    def _row(self, parts: tuple[Node, ...], at: int) -> Iterator[int]:
        if not parts:
            yield at
            return
        for end in self.ends(parts[0], at):
            yield from self._row(parts[1:], end)

    def _again(
        self, body: Node, least: int, most: int | None, at: int, before: int
    ) -> Iterator[int]:
        if most != 0 and (least > 0 or at != before):
            left = None if most is None else most - 1
            for end in self.ends(body, at):
                yield from self._again(body, max(least - 1, 0), left, end, at)
        if least <= 0:
            yield at


@given(PATTERNS, WORDS)
def test_no_name_takes_more_steps_than_were_counted(pattern: str, word: str) -> None:
    most, tree, trying = steps(pattern, longest=len(word)), tree_of(pattern), Trying(word)
    assert most is not None
    assert tree is not None
    assume(most <= MOST_STEPS)

    ends = set(trying.ends(tree, 0))

    assert trying.tried <= most
    if "é" not in pattern:
        # All that is not ASCII is one character here; else the tree is what Python reads.
        assert (len(word) in ends) == (re.fullmatch(pattern, word, re.ASCII) is not None)


@given(PATTERNS.filter(lambda pattern: (steps(pattern) or TOO_MANY) <= MOST_STEPS), WORDS)
def test_python_itself_reads_any_long_name_soon_by_a_pattern_that_is_taken(
    pattern: str, word: str
) -> None:
    compiled = re.compile(f"(?:{pattern})(?![^/])", re.ASCII | re.DOTALL)
    names = [(part * 255)[:254] + "!" for part in {"a", "ab", "1a", word} if part]
    before = time.thread_time()
    for name in names:
        compiled.match(name)
    # Milliseconds are meant; by a pattern that should have been refused it would be years.
    assert time.thread_time() - before < 5
