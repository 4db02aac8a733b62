"""A question in words, for the record of what a person asked for."""

from __future__ import annotations

from datetime import date, datetime

from archived.core.catalogue.conditions import (
    AllOf,
    Among,
    AnyOf,
    Comparison,
    Condition,
    Fits,
    Like,
    Missing,
    Not,
    Question,
    Unless,
)
from archived.core.catalogue.values import Value


def words(question: Question) -> str:
    """`datasets where globus_alias = 'raw-ephys' and subject_id = '407513'`; the same for equal questions."""
    if not question.conditions:
        return str(question.about)
    return f"{question.about} where {' and '.join(map(_told, question.conditions))}"


def _told(condition: Condition) -> str:
    match condition:
        case Comparison(attribute, relation, value):
            return f"{attribute.name} {relation} {_shown(value)}"
        case Among(attribute, values):
            return f"{attribute.name} in ({', '.join(map(_shown, values))})"
        case Like(attribute, pattern):
            return f"{attribute.name} like {_shown(pattern)}"
        case Missing(attribute):
            return f"{attribute.name} is null"
        case AllOf(parts):
            return _all(parts, "and", "true")
        case AnyOf(parts):
            return _all(parts, "or", "false")
        case Not(part):
            return f"not ({_told(part)})"
        case Unless(part):
            return f"not among ({_told(part)})"
        case Fits(question):
            return f"among ({words(question)})"


def _all(parts: tuple[Condition, ...], word: str, nothing: str) -> str:
    return f"({f' {word} '.join(map(_told, parts))})" if parts else nothing


def _shown(value: Value) -> str:
    if isinstance(value, (date, datetime)):
        return f"'{value.isoformat()}'"
    return repr(value)
