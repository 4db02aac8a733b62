"""What may stand after `&` and `-`, as a condition: dicts, texts, lists, rows, truth, and other queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archived.core.catalogue import (
    KEYS,
    About,
    AllOf,
    AnyOf,
    Condition,
    Fits,
    Missing,
    QueryError,
    Relation,
    find,
)
from archived.core.paths import shown
from archived.interface.comparing import among, comparison
from archived.interface.foreign import as_restriction, as_value
from archived.interface.rows import DatasetRow, FileRow

if TYPE_CHECKING:
    from archived.interface.query import Query

Restriction = Any
"""`bool | str | Mapping | list | tuple | set | AndList | DatasetRow | FileRow | Query`, rows and tables of numpy and pandas."""


class AndList(list[Any]):
    """A list of restrictions that must all fit; of an ordinary list any may fit."""


def condition_of(restriction: Restriction, query: Query[Any]) -> Condition:
    """The condition that a restriction means for a query. Raises `QueryError` where it means none."""
    from archived.interface.query import Query

    about = query.about
    if not isinstance(restriction, (DatasetRow, FileRow)):
        restriction = as_restriction(restriction)
    match restriction:
        case bool():
            return AllOf(()) if restriction else AnyOf(())
        case str():
            from archived.interface.sql import parse

            return parse(about, restriction)
        case Query():
            if not query.belongs_with(restriction):
                raise QueryError(
                    "a query cannot be restricted by a query of another Archive",
                    what_to_do="use one Archive for both, or restrict by `other.fetch('KEY')`",
                )
            return Fits(restriction.question)
        case DatasetRow() | FileRow():
            return _row(restriction, about)
        case Mapping():
            return AllOf(tuple(_equal(about, name, each) for name, each in restriction.items()))
        case AndList():
            return AllOf(tuple(condition_of(each, query) for each in restriction))
        case list() | tuple() | set() | frozenset():
            return AnyOf(tuple(condition_of(each, query) for each in restriction))
    raise QueryError(
        f"{shown(repr(restriction))} is no restriction",
        what_to_do="give a dict, a condition such as 'session_date > \"2019-03-01\"', a list of these, or a query",
    )


def _row(row: DatasetRow | FileRow, about: About) -> Condition:
    """The row itself, whatever has become of it since."""
    values = row._asdict()
    keys = KEYS[About.FILES if isinstance(row, FileRow) else About.DATASETS]
    return AllOf(tuple(_equal(about, name, values[name]) for name in keys))


def _equal(about: About, name: object, value: object) -> Condition:
    if not isinstance(name, str):
        raise QueryError(f"{shown(repr(name))} is no name of an attribute")
    attribute = find(about, name)
    value = as_value(value)
    if value is None:
        return Missing(attribute)
    if isinstance(value, (list, tuple, set, frozenset)):
        known = among(attribute, [as_value(each) for each in value if each is not None])
        return AnyOf((known, Missing(attribute))) if any(each is None for each in value) else known
    return comparison(attribute, Relation.EQUAL, value)
