"""Conditions as SQL with `?` for every value: nothing that a person wrote becomes a part of a statement."""

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
    Question,
    Relation,
    Unless,
    Value,
)
from archived.core.model import FileState
from archived.store.catalogue.alike import Alternatives, alike
from archived.store.catalogue.columns import JOINS, as_number, column, comparable
from archived.store.catalogue.patterns import as_glob, as_like
from archived.store.fields import to_text, to_time

_TABLES = {
    About.DATASETS: "dataset d",
    About.FILES: "file f JOIN dataset d ON d.id = f.dataset_id",
}
_ALWAYS = {
    About.DATASETS: ("(1 = 1)", ()),
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
    exact: bool = False
    """What is false must not be taken for not known just now, as its opposite is asked for."""

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


def tables(words: Words) -> str:
    """What comes after FROM, once everything else is put together."""
    joins = [sql for name, sql in JOINS.items() if name in words.joins]
    return " ".join([_TABLES[words.about], *joins])


def condition_of(question: Question, words: Words) -> str:
    """What comes after WHERE."""
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
            return f"({left} IN ({marks}))" if values else "(1 = 0)"
        case Like(attribute, pattern):
            return _like(attribute, pattern, words)
        case Missing(attribute):
            return f"({words.read(attribute)} IS NULL)"
        case AllOf(parts):
            return _joined([_condition(each, words) for each in parts], "AND") or "(1 = 1)"
        case AnyOf(parts):
            return _joined([_alternative(each, words) for each in alike(parts)], "OR") or "(1 = 0)"
        case Not(part):
            return f"(NOT {_negated(part, words, exact=True)})"
        case Unless(part):
            return f"({_negated(part, words, exact=False)} IS NOT TRUE)"
        case Fits(inner):
            return _fits(inner, words)


def _negated(part: Condition, words: Words, *, exact: bool) -> str:
    before, words.exact = words.exact, exact
    found = _condition(part, words)
    words.exact = before
    return found


def _alternative(part: Alternatives | Condition, words: Words) -> str:
    if not isinstance(part, Alternatives):
        return _condition(part, words)
    if len(part.attributes) == 1:
        values = tuple(row[0] for row in part.rows)
        found = _condition(Among(part.attributes[0], values), words)
    elif _in_turn(part, words):
        found = _joined([_equal(part, row, words) for row in part.rows], "OR")
    else:
        left = ", ".join([words.compare(each) for each in part.attributes])
        rows = ", ".join([f"({', '.join([words.bind(one) for one in row])})" for row in part.rows])
        # MariaDB sorts a list of rows; the others look them up in a table of values.
        found = f"(({left}) IN ({rows if words.kind == 'mysql' else f'VALUES {rows}'}))"
    others: list[Condition] = [*part.same, *(Missing(each) for each in part.missing)]
    return _joined([found, *(_condition(each, words) for each in others)], "AND")


def _in_turn(part: Alternatives, words: Words) -> bool:
    """Whether the rows have to be tried one by one.

    MariaDB says that it does not know whether a row with NULL in it is in a list, where SQL knows that it is not.
    """
    return words.kind == "mysql" and words.exact and any(each.optional for each in part.attributes)


def _equal(part: Alternatives, row: tuple[Value, ...], words: Words) -> str:
    pairs = zip(part.attributes, row, strict=True)
    return _joined([_comparison(each, Relation.EQUAL, one, words) for each, one in pairs], "AND")


def _comparison(attribute: Attribute, relation: Relation, value: Value, words: Words) -> str:
    ranked = relation not in (Relation.EQUAL, Relation.UNEQUAL)
    left = words.compare(attribute, number=ranked and attribute.kind is Kind.NUMBER_OR_TEXT)
    return f"({left} {relation} {words.bind(value)})"


def _fits(question: Question, words: Words) -> str:
    outer, inner = _LINKS[words.about, question.about]
    within = Words(words.kind, question.about, words.values, set())
    condition = condition_of(question, within)
    return f"({outer} IN (SELECT {inner} FROM {tables(within)} WHERE {condition}))"


def _like(attribute: Attribute, pattern: str, words: Words) -> str:
    """Patterns in which upper and lower case differ; LIKE alone is of another opinion in every database."""
    left = words.compare(attribute)
    if words.kind == "sqlite":
        words.values.append(as_glob(pattern))
        return f"({left} GLOB ?)"
    words.values.append(as_like(pattern))
    if words.kind == "mysql":
        left = f"CONVERT({words.read(attribute)} USING utf8mb4) COLLATE utf8mb4_bin"
    return f"({left} LIKE ? ESCAPE '!')"


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
