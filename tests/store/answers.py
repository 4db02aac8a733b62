"""The conditions of a question evaluated in Python, by SQL's rules: what the databases are held against."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from archived.core.catalogue import (
    AllOf,
    Among,
    AnyOf,
    Attribute,
    Comparison,
    Condition,
    Kind,
    Like,
    Missing,
    Not,
    Relation,
    Unless,
    Wildcard,
    pieces,
)
from archived.store.fields import to_text

Row = Mapping[str, Any]


def truth(condition: Condition, row: Row) -> bool | None:
    """Whether a row fits; None where that is not known."""
    match condition:
        case Comparison(attribute, relation, value):
            return _compared(attribute, relation, row[attribute.name], value)
        case Among(attribute, values):
            each = [
                _compared(attribute, Relation.EQUAL, row[attribute.name], one) for one in values
            ]
            return _any(each)
        case Like(attribute, pattern):
            return _fits(pattern, row[attribute.name])
        case Missing(attribute):
            return row[attribute.name] is None
        case AllOf(parts):
            return _all([truth(part, row) for part in parts])
        case AnyOf(parts):
            return _any([truth(part, row) for part in parts])
        case Not(part):
            found = truth(part, row)
            return None if found is None else not found
        case Unless(part):
            return truth(part, row) is not True
    raise AssertionError(condition)


def _all(parts: Sequence[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def _any(parts: Sequence[bool | None]) -> bool | None:
    if True in parts:
        return True
    return None if None in parts else False


def _compared(attribute: Attribute, relation: Relation, left: Any, right: Any) -> bool | None:
    if left is None:
        return None
    if attribute.kind is Kind.NUMBER_OR_TEXT:
        if relation in (Relation.EQUAL, Relation.UNEQUAL):
            left, right = str(left), str(right)
        elif not isinstance(left, int):
            return None
    if isinstance(left, str):
        left, right = to_text(left).encode(), to_text(right).encode()
    results: dict[Relation, bool] = {
        Relation.EQUAL: left == right,
        Relation.UNEQUAL: left != right,
        Relation.LESS: left < right,
        Relation.AT_MOST: left <= right,
        Relation.MORE: left > right,
        Relation.AT_LEAST: left >= right,
    }
    return results[relation]


def _fits(pattern: str, value: Any) -> bool | None:
    if value is None:
        return None
    text = value.isoformat() if isinstance(value, date) else to_text(str(value))
    wild = {Wildcard.ANY: ".*", Wildcard.ONE: "."}
    expression = "".join(
        wild[each] if isinstance(each, Wildcard) else re.escape(to_text(each))
        for each in pieces(pattern)
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None
