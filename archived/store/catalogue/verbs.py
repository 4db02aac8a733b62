"""What can be asked of the catalogue: how many, which, and what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

from archived.core.catalogue import About, Attribute, Order, Question
from archived.core.dataclass import dataclass
from archived.store.address import parse
from archived.store.catalogue.columns import column
from archived.store.catalogue.door import ReadOnlyDoor, open_door
from archived.store.catalogue.statement import PLACES, statement
from archived.store.fields import LARGEST, from_text

PAGE = 2_000

_BEFORE_ALL = {About.DATASETS: (0,), About.FILES: (0, "")}
"""A place before the first row."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the catalogue has of one location."""

    location: str
    datasets: int
    files: int
    bytes: int


class Catalogue:
    """The catalogue of every rig that shares a store. It only reads; threads have a connection each."""

    def __init__(self, door: ReadOnlyDoor) -> None:
        self._door = door

    @classmethod
    def open(cls, address: str) -> Self:
        """Open the store at an address, which must be there.

        Raises `ConfigurationError`, `StoreMissingError`, `StoreDamagedError`, `StoreTooNewError` and `StoreError`.
        """
        return cls(open_door(parse(address)))

    def close(self) -> None:
        """Let go of all connections."""
        self._door.close()

    def count(self, question: Question) -> int:
        """How many rows a question means. Raises `QueryError` and `StoreError`, as all of these do."""
        return int(self._asked(question, "COUNT(*)")[0][0])

    def rows(
        self,
        question: Question,
        attributes: Sequence[Attribute],
        *,
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[tuple[Any, ...]]:
        """The attributes of the rows that a question means, sorted; equal ones in the order of their datasets."""
        sql, values = statement(
            question, self._door.kind.name, "", attributes, order=order, end=" LIMIT ? OFFSET ?"
        )
        # No database has a word for "all of them, from the tenth on".
        most = LARGEST if limit is None else limit
        return _read(attributes, self._door.rows(sql, *values, most, offset))

    def pages(
        self, question: Question, attributes: Sequence[Attribute]
    ) -> Iterator[list[tuple[Any, ...]]]:
        """All rows, some thousand at a time, so that no query stays open while others write."""
        places = PLACES[question.about]
        last: Sequence[Any] = _BEFORE_ALL[question.about]
        sql, values = statement(
            question,
            self._door.kind.name,
            places,
            attributes,
            order=(),
            after=f"({places}) > ({', '.join('?' * len(last))})",
            end=" LIMIT ?",
        )
        while True:
            found = self._door.rows(sql, *values, *last, PAGE)
            if found:
                yield _read(attributes, [row[len(last) :] for row in found])
            if len(found) < PAGE:
                return
            last = found[-1][: len(last)]

    def ids(self, question: Question) -> list[int]:
        """The numbers of the rows in the tables."""
        columns = "d.id" if question.about is About.DATASETS else "f.id"
        return sorted(int(row[0]) for row in self._asked(question, columns))

    def parts(self) -> list[Part]:
        """Every location that has datasets, by name."""
        rows = self._door.rows(
            "SELECT location, COUNT(*), SUM(files), SUM(bytes) FROM dataset "
            "GROUP BY location ORDER BY location"
        )
        return [Part(from_text(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in rows]

    def _asked(self, question: Question, columns: str) -> list[tuple[Any, ...]]:
        sql, values = statement(question, self._door.kind.name, columns)
        return self._door.rows(sql, *values)


def _read(
    attributes: Sequence[Attribute], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    readers = [column(each).read for each in attributes]
    return [
        tuple(reader(value) for reader, value in zip(readers, row, strict=True)) for row in rows
    ]
