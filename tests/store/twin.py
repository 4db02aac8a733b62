"""The same verbs on several kinds of store at once: whatever one says, the others say too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from archived.errors import ArchivedError
from archived.store import Discovery, Store

UNORDERED = frozenset({"folders_to_list"})
"""Verbs of which the order of the answer is of no matter."""


class Twin:
    """Stands for a store. What is asked is asked of all; answers and refusals have to be equal."""

    def __init__(self, stores: Sequence[Store]) -> None:
        self.stores = stores

    @contextmanager
    def together(self) -> Iterator[None]:
        """See `CarryVerbs.together`."""
        with ExitStack() as stack:
            for each in self.stores:
                stack.enter_context(each.together())
            yield

    def close(self) -> None:
        """Close all."""
        for each in self.stores:
            each.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            return getattr(self.stores[0], name)

        def asked(*arguments: Any, **options: Any) -> Any:
            answers = [
                _answer(getattr(each, name), _of(arguments, place), options)
                for place, each in enumerate(self.stores)
            ]
            for other in answers[1:]:
                assert _numberless(other) == _numberless(answers[0]), f"{name}{arguments}{options}"
            if isinstance(answers[0], _Refused):
                raise answers[0].error
            return Each(answers) if isinstance(answers[0], Discovery) else answers[0]

        return asked


class Each:
    """A walk has a number of its own in each store: SQLite deals a number out again that is free."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Any:
        return Each([getattr(each, name) for each in self.values])


def _of(arguments: Sequence[Any], place: int) -> list[Any]:
    return [each.values[place] if isinstance(each, Each) else each for each in arguments]


def _numberless(answer: Any) -> Any:
    return replace(answer, id=0) if isinstance(answer, Discovery) else answer


class _Refused:
    """How a verb was refused. Two are equal where a person would take them for the same."""

    def __init__(self, error: ArchivedError) -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Refused) and self._told == other._told

    def __repr__(self) -> str:
        return repr(self._told)

    __hash__ = None  # type: ignore[assignment]

    @property
    def _told(self) -> tuple[type, str, str]:
        return (type(self.error), str(self.error), self.error.what_to_do)


def _answer(verb: Callable[..., Any], arguments: Any, options: Any) -> Any:
    try:
        answer = verb(*arguments, **options)
    except ArchivedError as error:
        return _Refused(error)
    if verb.__name__ in UNORDERED:
        return sorted(answer)
    return list(answer) if isinstance(answer, Iterator) else answer
