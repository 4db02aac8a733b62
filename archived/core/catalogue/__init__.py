"""Questions to the catalogue as values: what can be asked about, and which datasets or files are meant."""

from __future__ import annotations

from archived.core.catalogue.attributes import (
    ATTRIBUTES,
    KEYS,
    About,
    Attribute,
    Kind,
    QueryError,
    find,
)
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
    Order,
    Question,
    Relation,
    Unless,
)
from archived.core.catalogue.patterns import Wildcard, pieces
from archived.core.catalogue.values import Value, checked, compared
from archived.core.catalogue.words import words

__all__ = [
    "ATTRIBUTES",
    "KEYS",
    "About",
    "AllOf",
    "Among",
    "AnyOf",
    "Attribute",
    "Comparison",
    "Condition",
    "Fits",
    "Kind",
    "Like",
    "Missing",
    "Not",
    "Order",
    "QueryError",
    "Question",
    "Relation",
    "Unless",
    "Value",
    "Wildcard",
    "checked",
    "compared",
    "find",
    "pieces",
    "words",
]
