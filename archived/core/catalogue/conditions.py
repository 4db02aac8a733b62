"""What is asked of the catalogue: conditions as a tree of values, which the store turns into SQL.

They mean what they mean in SQL: a comparison with what is not known is itself not known, and so is its opposite.
"""

from __future__ import annotations

from enum import StrEnum

from archived.core.catalogue.attributes import About, Attribute
from archived.core.catalogue.values import Value
from archived.core.dataclass import dataclass


class Relation(StrEnum):
    """How an attribute is compared with a value."""

    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Comparison:
    """The attribute and the value are in this relation."""

    attribute: Attribute
    relation: Relation
    value: Value


@dataclass(frozen=True, slots=True)
class Among:
    """The attribute is one of the values."""

    attribute: Attribute
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """The attribute fits a pattern, see `patterns.pieces`; upper and lower case are different."""

    attribute: Attribute
    pattern: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The attribute is None."""

    attribute: Attribute


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part is true; nothing is asked where there are none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part is true; where there are none, nothing fits."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part is false; where it is not known, so is this."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Unless:
    """The part is false or not known: everything that it does not select."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Fits:
    """The row belongs to the answer of another question: the same row, its dataset, or one of its files."""

    question: Question


Condition = Comparison | Among | Like | Missing | AllOf | AnyOf | Not | Unless | Fits


@dataclass(frozen=True, slots=True)
class Question:
    """Which datasets or files are meant: those that fit every condition."""

    about: About
    conditions: tuple[Condition, ...] = ()

    def where(self, condition: Condition) -> Question:
        """The same question with one more condition."""
        return Question(self.about, (*self.conditions, condition))


@dataclass(frozen=True, slots=True)
class Order:
    """One attribute to sort by; what is None comes before everything else."""

    attribute: Attribute
    descending: bool = False
