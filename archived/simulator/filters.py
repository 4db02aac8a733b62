"""The little languages of lists: filters such as `status:ACTIVE/label:~archived-*`, and orders such as `size DESC`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial

from archived.simulator.replies import Json, bad_request
from archived.simulator.timing import parse

_Test = Callable[[Json], bool]
_TIMES = frozenset({"request_time", "completion_time", "last_modified"})
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def selector(text: str, known: Iterable[str]) -> _Test:
    """A test for documents, from clauses `field:values` joined by `/`, all of which must hold.

    Raises `RefusalError` (400) for a clause on a field that is not among `known`.
    """
    tests = [_clause(clause, frozenset(known)) for clause in text.split("/") if clause]
    return lambda document: all(test(document) for test in tests)


def fields_of(text: str) -> frozenset[str]:
    """The fields that a filter speaks of."""
    return frozenset(clause.partition(":")[0] for clause in text.split("/") if clause)


def _clause(clause: str, known: frozenset[str]) -> _Test:
    field, colon, values = clause.partition(":")
    if not colon or field not in known:
        raise bad_request(f"Invalid filter '{clause}'")
    if field in _TIMES:
        return _between(field, values)
    if field == "size" and values[:1] in ("<", ">"):
        return _compared(field, values)
    return _one_of(field, values.split(","))


def _between(field: str, values: str) -> _Test:
    """`from,to`, either of which may be empty."""
    first, _, last = values.partition(",")
    try:
        start = parse(first) if first else _EARLIEST
        end = parse(last) if last else _LATEST
    except ValueError:
        raise bad_request(f"Invalid time in the filter '{field}:{values}'") from None

    def test(document: Json) -> bool:
        text = document.get(field)
        return bool(text) and start <= parse(str(text)) <= end

    return test


def _compared(field: str, values: str) -> _Test:
    sign, number = values[0], values[1:].lstrip("=")
    if not number.isdigit():
        raise bad_request(f"Invalid number in the filter '{field}:{values}'")
    inclusive = values[1:2] == "="

    def test(document: Json) -> bool:
        value, limit = int(document[field]), int(number)
        return (value > limit if sign == ">" else value < limit) or (inclusive and value == limit)

    return test


def _one_of(field: str, values: Sequence[str]) -> _Test:
    """`=` is exact, `~` a glob whatever the case, `!` and `!~` their opposites; exact where nothing is said.

    What is wanted is joined by "or", what is not wanted by "and".
    """
    wanted = [value for value in values if not value.startswith("!")]
    unwanted = [value[1:] for value in values if value.startswith("!")]

    def test(document: Json) -> bool:
        text = "" if document.get(field) is None else str(document[field])
        if any(_fits(text, value) for value in unwanted):
            return False
        return not wanted or any(_fits(text, value) for value in wanted)

    return test


def _fits(text: str, value: str) -> bool:
    if value.startswith("~"):
        return fnmatchcase(text.lower(), value[1:].lower())
    return text == value.removeprefix("=")


def ordered(documents: Iterable[Json], text: str, known: Iterable[str]) -> list[Json]:
    """The documents in an order such as `size DESC,name`.

    Raises `RefusalError` (400) for a field that is not among `known`.
    """
    result = list(documents)
    for part in reversed([part.strip() for part in text.split(",") if part.strip()]):
        field, _, direction = part.partition(" ")
        if field not in known or direction.strip().upper() not in ("", "ASC", "DESC"):
            raise bad_request(f"Invalid orderby '{part}'")
        down = direction.strip().upper() == "DESC"
        result.sort(key=partial(_comparable, field), reverse=down)
    return result


def _comparable(field: str, document: Json) -> tuple[bool, float, str]:
    """What a document is ordered by; what has no value yet comes after everything that has one."""
    value = document.get(field)
    if isinstance(value, int | float):
        return (False, float(value), "")
    return (value is None, 0.0, "" if value is None else str(value))
