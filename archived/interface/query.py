"""A lazy question to the catalogue; every restriction makes a new one, and nothing is read before it is needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar, overload

from archived.core.catalogue import ATTRIBUTES, KEYS, About, Question, Unless
from archived.errors import ArchivedError
from archived.interface.fetching import chosen, columns_of, dicts_of, one, sorting, window
from archived.interface.heading import Heading
from archived.interface.restrictions import Restriction, condition_of
from archived.interface.telling import in_place_of, telling

if TYPE_CHECKING:
    from pandas import DataFrame

    from archived.interface.retrieved import Retrieved
    from archived.interface.source import Source

Row = TypeVar("Row", bound=tuple[Any, ...])
OrderBy = str | Sequence[str] | None


class Query(Generic[Row]):
    """Datasets or files of the catalogue; `&` keeps what fits, `-` keeps the rest. Never changed."""

    about: ClassVar[About]
    _row: type[Row]

    def __init__(self, source: Source, question: Question) -> None:
        self._source = source
        self.question = question

    # --- restricting ------------------------------------------------------------------------------

    def __and__(self, restriction: Restriction) -> Self:
        """What fits the restriction as well: a dict, a condition, a row, another query; a list where any may fit.

        Raises `QueryError` for what is none, and for attributes that there are not.
        """
        with telling():
            return self._with(self.question.where(condition_of(restriction, self)))

    def __sub__(self, restriction: Restriction) -> Self:
        """What the restriction leaves out: `query & r` and `query - r` together are the query, without overlap."""
        with telling():
            return self._with(self.question.where(Unless(condition_of(restriction, self))))

    def restrict(self, *restrictions: Restriction) -> Self:
        """What fits every one of the restrictions."""
        found = self
        for each in restrictions:
            found = found & each
        return found

    def belongs_with(self, other: Query[Any]) -> bool:
        """Whether both ask the same catalogue."""
        return self._source is other._source

    # --- what there is ----------------------------------------------------------------------------

    @property
    def heading(self) -> Heading:
        """The attributes, with their kinds and what they mean."""
        return Heading(self.about)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes, in their order."""
        return tuple(ATTRIBUTES[self.about])

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The names of the attributes that tell one row from all others; `KEY` means them."""
        return KEYS[self.about]

    # --- reading ----------------------------------------------------------------------------------

    @overload
    def fetch(
        self,
        *,
        as_dict: Literal[False] = ...,
        order_by: OrderBy = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> list[Row]: ...
    @overload
    def fetch(
        self,
        *attributes: str,
        as_dict: Literal[True],
        order_by: OrderBy = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> list[dict[str, Any]]: ...
    @overload
    def fetch(
        self,
        attribute: str,
        /,
        *,
        as_dict: Literal[False] = ...,
        order_by: OrderBy = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> list[Any]: ...
    @overload
    def fetch(
        self,
        first: str,
        second: str,
        /,
        *others: str,
        as_dict: Literal[False] = ...,
        order_by: OrderBy = ...,
        limit: int | None = ...,
        offset: int = ...,
    ) -> tuple[list[Any], ...]: ...
    def fetch(
        self,
        *attributes: str,
        as_dict: bool = False,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Any:
        """The rows as tuples with names; with `as_dict` as dicts; of one attribute its values, of several a list each.

        `"KEY"` stands for the primary key, as dicts. `order_by` are attributes, with ` DESC` behind one to turn it
        round. Raises `QueryError` for attributes that there are not, and `StoreError`.
        """
        with telling():
            wanted = chosen(self.about, attributes)
            order = sorting(self.about, order_by)
            limit, offset = window(limit, offset)
            rows = self._source.catalogue().rows(
                self.question, wanted.attributes, order=order, limit=limit, offset=offset
            )
        if as_dict:
            return dicts_of(wanted, rows)
        if not attributes:
            return [self._row(*row) for row in rows]
        return columns_of(wanted, rows)

    def fetch1(self, *attributes: str) -> Any:
        """The only row, as a dict; of one attribute its value, of several a tuple of them.

        Raises `QueryError` unless there is exactly one.
        """
        with telling():
            wanted = chosen(self.about, attributes)
            rows = self._source.catalogue().rows(self.question, wanted.attributes, limit=2)
            row = one(self.about, rows)
        if not attributes:
            return dicts_of(wanted, [row])[0]
        found = columns_of(wanted, [row])
        return found[0] if len(attributes) == 1 else tuple(each[0] for each in found)

    def to_pandas(
        self, *attributes: str, order_by: OrderBy = None, limit: int | None = None
    ) -> DataFrame:
        """The rows as a `pandas.DataFrame`. Raises `ImportError` where pandas is not installed."""
        from archived.interface.frames import frame

        names = chosen(self.about, attributes).names
        rows = self.fetch(*names, as_dict=True, order_by=order_by, limit=limit)
        return frame(self.about, names, rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every row as a dict, read some thousand at a time."""
        wanted = chosen(self.about, ())
        with telling():
            for page in self._source.catalogue().pages(self.question, wanted.attributes):
                yield from dicts_of(wanted, page)

    def __len__(self) -> int:
        """How many rows there are."""
        with telling():
            return self._source.catalogue().count(self.question)

    def __bool__(self) -> bool:
        """Whether there is any row."""
        return bool(self.fetch(self.primary_key[0], limit=1))

    def __contains__(self, restriction: Restriction) -> bool:
        """Whether any row fits."""
        return bool(self & restriction)

    def retrieve(
        self,
        to: str | os.PathLike[str] | None = None,
        *,
        dry_run: bool = False,
        at_most: int | str | None = None,
        progress: bool = True,
        stop: threading.Event | None = None,
    ) -> Retrieved:
        """Bring the archived files back to this machine, wait for them, and say what became of each.

        They go to `local_endpoint_local_path` of their locations, or below the folder `to`. What is there already is
        compared and never written over. More than `at_most` bytes, or than `[retrieve] ask_above`, is refused. With
        `dry_run` nothing is done. `progress` says on standard output how far it is; `stop` ends the waiting.
        Whatever ends it, the same call goes on with it.

        Raises `NotWritableError` unless `writable = yes`, `PathError` for a folder that nothing may be brought to,
        `QueryError` for too much, `NoRoomError`, and what movers and stores raise.
        """
        from archived.interface.retrieving import retrieve

        with telling():
            return retrieve(
                self._source,
                self.question,
                to=to,
                dry_run=dry_run,
                at_most=at_most,
                progress=progress,
                stop=stop,
            )

    # --- showing ----------------------------------------------------------------------------------

    def __repr__(self) -> str:
        """A table of the first rows, and how many there are."""
        from archived.interface.text import as_text

        try:
            return as_text(self.about, self._some(), len(self))
        except ArchivedError as error:
            return in_place_of(self.about, error)

    def _repr_html_(self) -> str:
        """The same table for a notebook."""
        from archived.interface.html import as_html

        try:
            return as_html(self.about, self._some(), len(self))
        except ArchivedError as error:
            from html import escape

            return f"<pre>{escape(in_place_of(self.about, error))}</pre>"

    def _some(self) -> list[dict[str, Any]]:
        from archived.interface.cells import ROWS_SHOWN

        return self.fetch(as_dict=True, limit=ROWS_SHOWN)

    def _with(self, question: Question) -> Self:
        return type(self)(self._source, question)
