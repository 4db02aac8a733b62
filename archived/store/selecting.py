"""A selector as a condition in SQL, and its patterns as a test of names."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from typing import Any

from archived.core.dataclass import dataclass
from archived.store.fields import to_date, to_text
from archived.store.selector import Selector

_BELIEVED_MORE = (
    "SELECT 1 FROM subject t WHERE t.h2o = s.h2o AND (t.precedence < s.precedence "
    "OR (t.precedence = s.precedence AND t.rig_id < s.rig_id))"
)
"""What counts instead of a row `s` about the same animal."""

_CLASS = r"\[!?\]?[^\]]*\]"
_LIKE = {"*": "%", "?": "_", "%": "!%", "_": "!_", "!": "!!"}


@dataclass(frozen=True)
class Condition:
    """What follows a WHERE, beginning with " AND", and its values."""

    sql: str = ""
    values: tuple[Any, ...] = ()

    def also(self, sql: str, values: Sequence[Any]) -> Condition:
        """This and one more."""
        return Condition(f"{self.sql} AND {sql}", (*self.values, *values))


def condition(selector: Selector) -> Condition:
    """Everything of a selector that a database can judge; that is all but its names."""
    found = Condition()
    equal = {
        "location": selector.location,
        "h2o": selector.h2o,
        "convention": selector.convention,
        "recorded_on": to_date(selector.date),
    }
    for column, value in equal.items():
        if value is not None:
            found = found.also(f"d.{column} = ?", [to_text(value)])
    if selector.subject is not None:
        found = found.also(
            f"d.h2o IN (SELECT s.h2o FROM subject s WHERE s.subject = ? AND NOT EXISTS ({_BELIEVED_MORE}))",
            [to_text(selector.subject)],
        )
    if selector.states:
        found = found.also(f"d.state IN ({', '.join('?' * len(selector.states))})", selector.states)
    if selector.since is not None:
        found = found.also("d.recorded_on >= ?", [to_date(selector.since)])
    if selector.until is not None:
        found = found.also("d.recorded_on <= ?", [to_date(selector.until)])
    if selector.file_type is not None:
        comparison, value = _type_condition(selector.file_type)
        found = found.also(
            f"EXISTS (SELECT 1 FROM file f WHERE f.dataset_id = d.id AND f.file_type {comparison})",
            [value],
        )
    return found


def _type_condition(wanted: str) -> tuple[str, str]:
    """A comparison of types of files that finds all that are wanted; `type_matcher` is the exact one."""
    if not is_pattern(wanted):
        return "= ?", to_text(wanted)
    like = "".join(_LIKE.get(each, each) for each in re.sub(_CLASS, "?", to_text(wanted)))
    return "LIKE ? ESCAPE '!'", like


def type_matcher(wanted: str) -> Callable[[str], bool]:
    """A test for types of files: equal to this one, or fitting the pattern."""
    if not is_pattern(wanted):
        return lambda file_type: file_type == wanted
    pattern = re.compile(fnmatch.translate(wanted))
    return lambda file_type: pattern.match(file_type) is not None


def needs_types(wanted: str | None) -> bool:
    """Whether the condition finds more than what is wanted: `[…]` is beyond what databases compare."""
    return wanted is not None and "[" in wanted


def is_pattern(name: str) -> bool:
    """Whether a name has wildcards."""
    return any(character in name for character in "*?[")


def matcher(names: Sequence[str]) -> Callable[[str], bool]:
    """A test for names: one of those given, or fitting one of the patterns. Without names everything fits."""
    if not names:
        return lambda _name: True
    exact = frozenset(names)
    patterns = [re.compile(fnmatch.translate(name)) for name in names if is_pattern(name)]
    return lambda name: name in exact or any(pattern.match(name) for pattern in patterns)
