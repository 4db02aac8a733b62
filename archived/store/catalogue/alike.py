"""Alternatives of the same form, such as the dicts of `fetch('KEY')`: looked up in a list instead of tried in turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from archived.core.catalogue import (
    AllOf,
    Attribute,
    Comparison,
    Condition,
    Missing,
    Relation,
    Value,
)
from archived.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Alternatives:
    """These attributes are one of the rows, `same` holds for all of them, and the others are not known."""

    same: tuple[Comparison, ...]
    attributes: tuple[Attribute, ...]
    missing: tuple[Attribute, ...]
    rows: tuple[tuple[Value, ...], ...]


def alike(parts: Sequence[Condition]) -> list[Alternatives | Condition]:
    """The alternatives of an `AnyOf`, with those of the same form put together."""
    groups: defaultdict[
        tuple[tuple[Attribute, ...], tuple[Attribute, ...]], list[tuple[Value, ...]]
    ]
    groups = defaultdict(list)
    others: list[Alternatives | Condition] = []
    for part in parts:
        equal, missing = _form(part)
        if equal is None:
            others.append(part)
            continue
        by_name = sorted(equal, key=lambda each: each.attribute.name)
        form = (tuple(each.attribute for each in by_name), missing)
        groups[form].append(tuple(each.value for each in by_name))
    found = [
        _together(attributes, missing, tuple(dict.fromkeys(rows)))
        for (attributes, missing), rows in groups.items()
    ]
    return [*found, *others]


def _together(
    attributes: tuple[Attribute, ...],
    missing: tuple[Attribute, ...],
    rows: tuple[tuple[Value, ...], ...],
) -> Alternatives:
    """With what is the same in all rows said once; of a single row that is everything but the first."""
    columns = tuple(zip(*rows, strict=True))
    same = [place for place, column in enumerate(columns) if len(set(column)) == 1]
    if len(same) == len(columns):
        same = same[1:]
    return Alternatives(
        tuple(Comparison(attributes[place], Relation.EQUAL, rows[0][place]) for place in same),
        tuple(each for place, each in enumerate(attributes) if place not in same),
        missing,
        tuple(
            dict.fromkeys(
                tuple(each for place, each in enumerate(row) if place not in same) for row in rows
            )
        ),
    )


def _form(part: Condition) -> tuple[list[Comparison] | None, tuple[Attribute, ...]]:
    """The equalities that a condition is made of, and what has to be None; None where it is made of more."""
    pieces = part.parts if isinstance(part, AllOf) else (part,)
    equal = [
        each for each in pieces if isinstance(each, Comparison) and each.relation is Relation.EQUAL
    ]
    missing = [each.attribute for each in pieces if isinstance(each, Missing)]
    names = [each.attribute.name for each in equal]
    if not equal or len(equal) + len(missing) < len(pieces) or len(set(names)) < len(names):
        return None, ()
    return equal, tuple(sorted(missing, key=lambda each: each.name))
