"""The attributes of a query as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from archived.core.catalogue import ATTRIBUTES, KEYS, About, Attribute


class Heading(Sequence[Attribute]):
    """The attributes in their order; printed, what each is and means. Those of the primary key have a star."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._attributes = tuple(ATTRIBUTES[about].values())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the attributes."""
        return tuple(each.name for each in self._attributes)

    @overload
    def __getitem__(self, index: int) -> Attribute: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Attribute]: ...
    def __getitem__(self, index: int | slice) -> Attribute | Sequence[Attribute]:
        """An attribute by its place."""
        return self._attributes[index]

    def __len__(self) -> int:
        """How many attributes there are."""
        return len(self._attributes)

    def __iter__(self) -> Iterator[Attribute]:
        """The attributes in their order."""
        return iter(self._attributes)

    def __repr__(self) -> str:
        """One line for each attribute."""
        keys = KEYS[self._about]
        width = max(len(each.name) for each in self._attributes)
        kind = max(len(each.kind) for each in self._attributes)
        return "\n".join(
            f"{'*' if each.name in keys else ' '}{each.name:<{width}}  {each.kind:<{kind}}  {each.meaning}"
            for each in self._attributes
        )
