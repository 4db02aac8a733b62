"""A question to the catalogue as SQL with `?` for every value: nothing that a person wrote becomes a statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from archived.core.catalogue import (
    About,
    AllOf,
    Among,
    AnyOf,
    Attribute,
    Comparison,
    Condition,
    Fits,
    Kind,
    Like,
    Missing,
    Not,
    Order,
    QueryError,
    Question,
    Relation,
    Unless,
    Value,
    Wildcard,
    pieces,
)
from archived.core.model import FileState
from archived.store.catalogue.columns import JOINS, as_number, column, comparable
from archived.store.fields import to_text, to_time

MOST_VALUES = 30_000
"""Values that one statement may have; SQLite takes 32 766 of them."""
LONGEST = 900_000
"""Characters that one statement may have; SQLite takes a million."""

PLACES = {About.DATASETS: "d.id", About.FILES: "f.dataset_id, f.name"}
"""What tells the rows of a question apart, and puts them in the order in which their datasets were first seen."""

_TABLES = {
    About.DATASETS: "dataset d",
    About.FILES: "file f JOIN dataset d ON d.id = f.dataset_id",
}
_ALWAYS = {
    About.DATASETS: ("1 = 1", ()),
    About.FILES: ("f.state <> ?", (FileState.GONE.value,)),
}
"""Files that left the rig before they were archived are nowhere: nothing is asked about them."""

_LINKS = {
    (About.DATASETS, About.DATASETS): ("d.id", "d.id"),
    (About.DATASETS, About.FILES): ("d.id", "f.dataset_id"),
    (About.FILES, About.DATASETS): ("f.dataset_id", "d.id"),
    (About.FILES, About.FILES): ("f.id", "f.id"),
}
"""By what the rows of the outer question belong to those of the inner one."""


@dataclass
class Words:
    """A statement that is being put together, for one kind of database."""

    kind: str
    about: About
    values: list[Any]
    joins: set[str]

    def read(self, attribute: Attribute) -> str:
        """The column of an attribute, with the table that it needs."""
        found = column(attribute)
        if found.join:
            self.joins.add(found.join)
        return found.sql

    def compare(self, attribute: Attribute, *, number: bool = False) -> str:
        """The column in the form in which it is compared."""
        self.read(attribute)
        found = column(attribute)
        return as_number(found, self.kind) if number else comparable(found, self.kind)

    def bind(self, value: Value) -> str:
        """Add a value, and return its place."""
        self.values.append(_stored(value))
        return "?"


def statement(
    question: Question,
    kind: str,
    columns: str,
    attributes: Sequence[Attribute] = (),
    *,
    order: Sequence[Order] | None = None,
    after: str = "1 = 1",
    end: str = "",
) -> tuple[str, list[Any]]:
    """The statement for a question, and its values; the texts given are of our own words.

    It selects `columns` and the attributes. Without `order` the rows come as they please; equal ones and those of
    an empty order come as they were first seen. Raises `QueryError` for a question too long for a database.
    """
    words = Words(kind, question.about, [], set())
    chosen = ", ".join([*([columns] if columns else []), *map(words.read, attributes)])
    condition = _question(question, words)
    ordered = "" if order is None else f" ORDER BY {_ordered(order, words)}"
    sql = f"SELECT {chosen} FROM {_tables(words)} WHERE {condition} AND {after}{ordered}{end}"
    if len(words.values) > MOST_VALUES or len(sql) > LONGEST:
        raise QueryError(
            f"a restriction by {len(words.values)} values at once is more than a database takes",
            what_to_do="ask in several parts, or restrict by ranges instead of by lists",
        )
    return sql, words.values


def _tables(words: Words) -> str:
    joins = [sql for name, sql in JOINS.items() if name in words.joins]
    return " ".join([_TABLES[words.about], *joins])


def _question(question: Question, words: Words) -> str:
    always, values = _ALWAYS[question.about]
    words.values.extend(values)
    return _joined([always, *(_condition(each, words) for each in question.conditions)], "AND")


def _condition(condition: Condition, words: Words) -> str:
    match condition:
        case Comparison(attribute, relation, value):
            return _comparison(attribute, relation, value, words)
        case Among(attribute, values):
            left = words.compare(attribute)
            marks = ", ".join([words.bind(each) for each in values])
            return f"({left} IN ({marks}))" if values else "1 = 0"
        case Like(attribute, pattern):
            return _like(attribute, pattern, words)
        case Missing(attribute):
            return f"({words.read(attribute)} IS NULL)"
        case AllOf(parts):
            return _joined([_condition(each, words) for each in parts], "AND") or "1 = 1"
        case AnyOf(parts):
            return _joined([_condition(each, words) for each in parts], "OR") or "1 = 0"
        case Not(part):
            return f"(NOT {_condition(part, words)})"
        case Unless(part):
            return f"({_condition(part, words)} IS NOT TRUE)"
        case Fits(inner):
            return _fits(inner, words)


def _comparison(attribute: Attribute, relation: Relation, value: Value, words: Words) -> str:
    ranked = relation not in (Relation.EQUAL, Relation.UNEQUAL)
    left = words.compare(attribute, number=ranked and attribute.kind is Kind.NUMBER_OR_TEXT)
    return f"({left} {relation} {words.bind(value)})"


def _fits(question: Question, words: Words) -> str:
    outer, inner = _LINKS[words.about, question.about]
    within = Words(words.kind, question.about, words.values, set())
    condition = _question(question, within)
    return f"({outer} IN (SELECT {inner} FROM {_tables(within)} WHERE {condition}))"


def _like(attribute: Attribute, pattern: str, words: Words) -> str:
    """Patterns in which upper and lower case differ; LIKE alone is of another opinion in every database."""
    left = words.compare(attribute)
    if words.kind == "sqlite":
        words.values.append(_glob(pattern))
        return f"({left} GLOB ?)"
    words.values.append(_like_pattern(pattern))
    if words.kind == "mysql":
        left = f"CONVERT({words.read(attribute)} USING utf8mb4) COLLATE utf8mb4_bin"
    return f"({left} LIKE ? ESCAPE '!')"


def _glob(pattern: str) -> str:
    wild = {Wildcard.ANY: "*", Wildcard.ONE: "?"}
    return "".join(
        wild[each]
        if isinstance(each, Wildcard)
        else f"[{each}]"
        if each in "*?["
        else to_text(each)
        for each in pieces(pattern)
    )


def _like_pattern(pattern: str) -> str:
    return "".join(
        each.value if isinstance(each, Wildcard) else f"!{each}" if each in "%_!" else to_text(each)
        for each in pieces(pattern)
    )


def _ordered(order: Sequence[Order], words: Words) -> str:
    return ", ".join(
        [*(part for each in order for part in _sorted(each, words)), PLACES[words.about]]
    )


def _sorted(order: Order, words: Words) -> list[str]:
    """What is NULL first, as in MySQL; last where the order is turned round."""
    direction = " DESC" if order.descending else ""
    left = words.compare(order.attribute)
    if order.attribute.kind is Kind.NUMBER_OR_TEXT:
        number = words.compare(order.attribute, number=True)
        rank = f"CASE WHEN {left} IS NULL THEN 0 WHEN {number} IS NULL THEN 2 ELSE 1 END"
        parts = [rank, number, left]
    elif order.attribute.optional:
        parts = [f"CASE WHEN {left} IS NULL THEN 0 ELSE 1 END", left]
    else:
        parts = [left]
    return [f"{part}{direction}" for part in parts]


def _joined(parts: Sequence[str], word: str) -> str:
    """The parts as a tree of little depth: databases refuse long chains."""
    if len(parts) <= 2:
        return f"({f' {word} '.join(parts)})" if parts else ""
    middle = len(parts) // 2
    return f"({_joined(parts[:middle], word)} {word} {_joined(parts[middle:], word)})"


def _stored(value: Value) -> Any:
    """The value as the tables hold it."""
    if isinstance(value, str):
        return to_text(value)
    if isinstance(value, datetime):
        return to_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
