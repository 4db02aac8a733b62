"""Conditions as DataJoint's users write them, `'session_date > "2019-03-01"'`, read by sqlglot; its only home.

The text is read in MySQL's spelling into a tree, of which only comparisons of known attributes with plain values are
accepted; none of it ever reaches a database as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from archived.core.catalogue import (
    About,
    AllOf,
    Among,
    AnyOf,
    Attribute,
    Comparison,
    Condition,
    Missing,
    Not,
    QueryError,
    Relation,
    find,
)
from archived.core.paths import shown
from archived.interface.comparing import among, comparison, like

LONGEST = 100_000
"""Characters that a condition may have."""

KNOWN = (
    "conditions compare an attribute with a value: =, !=, <>, <, <=, >, >=, IN (...), LIKE, BETWEEN, IS NULL; "
    "joined by AND, OR, NOT and parentheses"
)

_RELATIONS: dict[type[exp.Expression], Relation] = {
    exp.EQ: Relation.EQUAL,
    exp.NEQ: Relation.UNEQUAL,
    exp.LT: Relation.LESS,
    exp.LTE: Relation.AT_MOST,
    exp.GT: Relation.MORE,
    exp.GTE: Relation.AT_LEAST,
}
_TURNED = {
    Relation.LESS: Relation.MORE,
    Relation.AT_MOST: Relation.AT_LEAST,
    Relation.MORE: Relation.LESS,
    Relation.AT_LEAST: Relation.AT_MOST,
}


def parse(about: About, text: str) -> Condition:
    """The condition that a text means. Raises `QueryError` with what is wrong with it."""
    if len(text) > LONGEST:
        raise QueryError(f"a condition of {len(text)} characters is too long", what_to_do=_LISTS)
    try:
        tree: Any = parse_one(text, into=exp.Condition, dialect="mysql")
        return _Reader(about, text).read(tree)
    except RecursionError as error:
        raise QueryError("a condition is nested too deeply", what_to_do=_LISTS) from error
    # What it raises beside its own errors is told by no documentation, and means the same.
    except (SqlglotError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
        raise QueryError(f"the condition {shown(text)} cannot be read", what_to_do=KNOWN) from e


_LISTS = "give a list of restrictions instead; any of them may fit"


class _Reader:
    """Turns a tree of sqlglot's into one of ours, and refuses everything that it does not know."""

    def __init__(self, about: About, text: str) -> None:
        self._about = about
        self._text = text

    def read(self, node: exp.Expression) -> Condition:
        """The condition that a node means. Raises `QueryError`, and `ValueError` for one with parts not known here."""
        if node.args.get("negate"):
            # How newer releases of sqlglot tell `NOT LIKE`; older ones put a `NOT` around it.
            return Not(self.read(_without(node, "negate")))
        relation = _RELATIONS.get(type(node))
        if relation is not None:
            return self._comparison(node, relation)
        match node:
            case exp.Paren():
                return self.read(_only(node, "this"))
            case exp.And():
                return AllOf(tuple(self.read(each) for each in _flat(node, exp.And)))
            case exp.Or():
                return AnyOf(tuple(self.read(each) for each in _flat(node, exp.Or)))
            case exp.Not():
                return Not(self.read(_only(node, "this")))
            case exp.In():
                return self._in(node)
            case exp.Between():
                return self._between(node)
            case exp.Like():
                _only(node, "this", "expression")
                return like(self._attribute(node.this), self._value(node.expression))
            case exp.Is():
                return self._is(node)
            case exp.Boolean():
                return AllOf(()) if node.this else AnyOf(())
        raise self._unknown(node)

    def _comparison(self, node: exp.Expression, relation: Relation) -> Comparison:
        left, right = _bare(_only(node, "this", "expression")), _bare(node.expression)
        if not isinstance(left, exp.Column) and isinstance(right, exp.Column):
            left, right = right, left
            relation = _TURNED.get(relation, relation)
        attribute = self._attribute(left)
        if isinstance(right, exp.Null):
            raise QueryError(
                f"nothing is ever equal to NULL, in {shown(self._text)}",
                what_to_do=f"write {attribute.name} IS NULL, or IS NOT NULL",
            )
        return comparison(attribute, relation, self._value(right))

    def _in(self, node: exp.In) -> Among:
        _only(node, "this", "expressions")
        return among(self._attribute(node.this), [self._value(each) for each in node.expressions])

    def _between(self, node: exp.Between) -> Condition:
        _only(node, "this", "low", "high")
        attribute = self._attribute(node.this)
        low, high = self._value(node.args["low"]), self._value(node.args["high"])
        return AllOf(
            (
                comparison(attribute, Relation.AT_LEAST, low),
                comparison(attribute, Relation.AT_MOST, high),
            )
        )

    def _is(self, node: exp.Is) -> Missing:
        _only(node, "this", "expression")
        if not isinstance(node.expression, exp.Null):
            raise self._unknown(node)
        return Missing(self._attribute(node.this))

    def _attribute(self, node: exp.Expression) -> Attribute:
        node = _bare(node)
        if not isinstance(node, exp.Column):
            raise QueryError(
                f"in {shown(self._text)} an attribute is expected instead of {shown(_words(node))}",
                what_to_do="names of attributes stand without quotation marks"
                if isinstance(node, exp.Literal)
                else "nothing is computed in a condition; days are compared as in "
                "session_date BETWEEN '2019-01-01' AND '2019-12-31'",
            )
        _only(node, "this")
        return find(self._about, node.name)

    def _value(self, node: exp.Expression) -> str | int | float:
        node = _bare(node)
        match node:
            case exp.Literal():
                return node.name if node.is_string else _number(node.name)
            case exp.Neg():
                value = self._value(_only(node, "this"))
                if isinstance(value, str):
                    raise self._unknown(node)
                return -value
            case exp.Cast() if node.to.this in _TIMES and isinstance(node.this, exp.Literal):
                return node.this.name
            case exp.Column():
                raise QueryError(
                    f"in {shown(self._text)} a value is expected instead of {shown(node.name)}",
                    what_to_do=_QUOTED,
                )
            case exp.Binary():
                # An unquoted date is a subtraction, which MySQL would carry out and compare with.
                raise QueryError(
                    f"in {shown(self._text)} a value is expected instead of {shown(_words(node))}",
                    what_to_do=_QUOTED,
                )
        raise self._unknown(node)

    def _unknown(self, node: exp.Expression) -> QueryError:
        return QueryError(
            f"in {shown(self._text)} {shown(_words(node))} is not understood", what_to_do=KNOWN
        )


_TIMES = (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ)
"""`DATE "2019-03-01"` is the text, marked as what it is."""


_QUOTED = "put texts and dates into quotation marks: session_date > '2019-03-01'"


def _without(node: exp.Expression, name: str) -> exp.Expression:
    """The same node without one of its arguments."""
    found = node.copy()
    found.set(name, None)
    return found


def _only(node: exp.Expression, *names: str) -> exp.Expression:
    """The first argument of a node, which must have no others than these."""
    others = [name for name, value in node.args.items() if value and name not in names]
    if others:
        raise ValueError(f"{type(node).__name__} with {', '.join(others)}")
    found = node.args[names[0]]
    assert isinstance(found, exp.Expression)
    return found


def _bare(node: exp.Expression) -> exp.Expression:
    """Without parentheses around it."""
    while isinstance(node, exp.Paren):
        node = _only(node, "this")
    return node


def _flat(node: exp.Expression, kind: type[exp.Expression]) -> Iterator[exp.Expression]:
    """The parts of a chain, which is as deep as it is long."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            waiting += [one.args["expression"], one.args["this"]]
        else:
            yield one


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _words(node: exp.Expression) -> str:
    return node.sql(dialect="mysql")
