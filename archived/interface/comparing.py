"""Comparisons of an attribute with what a person gave, checked by the attribute's kind."""

from __future__ import annotations

from collections.abc import Iterable

from archived.core.catalogue import (
    Among,
    Attribute,
    Comparison,
    Kind,
    Like,
    QueryError,
    Relation,
    checked,
    compared,
)
from archived.core.paths import shown

LONGEST_PATTERN = 1_000
"""Characters; what matching costs grows fast with the stars in it."""

_WITH_PATTERNS = (Kind.TEXT, Kind.WORD, Kind.DATE, Kind.NUMBER_OR_TEXT)


def comparison(attribute: Attribute, relation: Relation, value: object) -> Comparison:
    """`attribute relation value`. Raises `QueryError` where the value is not of the attribute's kind."""
    ranked = relation not in (Relation.EQUAL, Relation.UNEQUAL)
    return Comparison(
        attribute,
        relation,
        compared(attribute, value) if ranked else checked(attribute, value),
    )


def among(attribute: Attribute, values: Iterable[object]) -> Among:
    """`attribute IN values`. Raises `QueryError` where one is not of the attribute's kind."""
    return Among(attribute, tuple(checked(attribute, each) for each in values))


def like(attribute: Attribute, pattern: object) -> Like:
    """`attribute LIKE pattern`. Raises `QueryError` where the attribute is no text."""
    if attribute.kind not in _WITH_PATTERNS or not isinstance(pattern, str):
        raise QueryError(
            f"{attribute.name} LIKE {shown(str(pattern))}: patterns are for texts and dates",
            what_to_do="compare numbers and times with =, <, <=, >, >= or BETWEEN",
        )
    if len(pattern) > LONGEST_PATTERN:
        raise QueryError(f"a pattern of {len(pattern)} characters is too long")
    return Like(attribute, pattern)
