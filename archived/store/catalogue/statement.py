"""A whole statement for a question to the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archived.core.catalogue import About, Attribute, Kind, Order, QueryError, Question
from archived.store.catalogue.conditions import Words, condition_of, tables

MOST_VALUES = 30_000
"""Values that one statement may have; SQLite takes 32 766 of them."""
LONGEST = 900_000
"""Characters that one statement may have; SQLite takes a million."""

PLACES = {About.DATASETS: "d.id", About.FILES: "f.dataset_id, f.name"}
"""What tells the rows of a question apart, and puts them in the order in which their datasets were first seen."""


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
    condition = condition_of(question, words)
    ordered = "" if order is None else f" ORDER BY {_ordered(order, words)}"
    sql = f"SELECT {chosen} FROM {tables(words)} WHERE {condition} AND {after}{ordered}{end}"
    if len(words.values) > MOST_VALUES or len(sql) > LONGEST:
        raise QueryError(
            f"a restriction by {len(words.values)} values at once is more than a database takes",
            what_to_do="ask in several parts, restrict by another query or by fetch('KEY') instead of whole rows",
        )
    return sql, words.values


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
