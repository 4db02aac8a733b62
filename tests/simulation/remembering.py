"""What the store said, remembered until something is written to a table that it was read from.

A turn in which nothing happens asks what the last one asked. Every statement is still a place where the world may do
something; only the database is not asked for what it said before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import apsw
import peewee

from archived.store.connection import Door

Key = tuple[str, str, tuple[Any, ...]]

_READ = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")
_WRITTEN = re.compile(r"^\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")
_SET = re.compile(r"^\s*UPDATE\s+\w+\s+SET\s+(.*?)(?:\s+WHERE\s|$)", re.DOTALL)
_COLUMN = re.compile(r"(?:^|,)\s*(\w+)\s*=(?!=)")
_BY_THEN = re.compile(r"\?|<= \?")
EVER = 2**62
"""Later than every time in a store."""


class Memory:
    """Answers by what was asked. `wary` asks all the same, and compares."""

    def __init__(self, *, wary: bool = False) -> None:
        self._answers: dict[Key, Any] = {}
        self._keys: dict[str, set[Key]] = defaultdict(set)
        self._wary = wary
        self.hits = 0

    def clear(self) -> None:
        """Forget everything: somebody else may have written, or what was written was taken back."""
        self._answers.clear()
        self._keys.clear()

    def written(self, sql: str) -> None:
        """A statement that is no question changed something."""
        table = _table_written(sql)
        if table is None:
            self.clear()
            return
        keys = self._keys[table]
        for key in [each for each in keys if _matters(sql, each[1])]:
            keys.discard(key)
            self._answers.pop(key, None)

    def attach(self, door: Any, statement: Callable[[str], None]) -> None:
        """Stand before a door. `statement` is told of each one that is not run, as if it were."""
        door.rows = self._asking(door, "rows", door.rows, statement, list)
        door.row = self._asking(door, "row", door.row, statement, lambda row: row)
        door.write, door.part = self._undoing(door.write), self._undoing(door.part)

    def _asking(
        self,
        door: Door,
        kind: str,
        ask: Callable[..., Any],
        statement: Callable[[str], None],
        given: Callable[[Any], Any],
    ) -> Callable[..., Any]:
        answers = self._answers

        def asked(sql: str, *values: Any) -> Any:
            key = (kind, sql, values)
            if key not in answers and (later := _by_then(sql)) and not door.in_transaction:
                # Where nothing will ever be due, nothing is due now.
                ever = tuple(EVER if each in later else value for each, value in enumerate(values))
                key = (kind, sql, ever)
                if key not in answers:
                    self._keep(key, _plainly(door, kind, sql, ever))
                if answers[key]:
                    key = (kind, sql, values)
            if key not in answers:
                answer = ask(sql, *values)
                self._keep(key, answer)
                return given(answer)
            try:
                statement("statement")
            except apsw.Error as error:
                with door.translated(), peewee.__exception_wrapper__:  # type: ignore[attr-defined]
                    raise error from None
            self.hits += 1
            # What happened at this place may have made another answer of it.
            if key not in answers:
                return asked(sql, *values)
            if self._wary:
                assert _plainly(door, kind, sql, values) == answers[key], (sql, values)
            return given(answers[key])

        return asked

    def _keep(self, key: Key, answer: Any) -> None:
        tables = _tables_read(key[1])
        if tables:
            self._answers[key] = answer
            for table in tables:
                self._keys[table].add(key)

    def _undoing(
        self, begin: Callable[[], AbstractContextManager[None]]
    ) -> Callable[[], AbstractContextManager[None]]:
        @contextmanager
        def undoing() -> Iterator[None]:
            try:
                with begin():
                    yield
            except BaseException:
                self.clear()
                raise

        return undoing


def _plainly(door: Any, kind: str, sql: str, values: Sequence[Any]) -> Any:
    """What the database says now."""
    cursor = door.database.connection().cursor().execute(sql, values)
    return cursor.fetchall() if kind == "rows" else cursor.fetchone()


@cache
def _tables_read(sql: str) -> frozenset[str]:
    """The tables that a question is about; none where it is not known to be one."""
    asks = sql.lstrip().startswith(("SELECT", "WITH"))
    return frozenset(_READ.findall(sql)) if asks else frozenset()


@cache
def _table_written(sql: str) -> str | None:
    found = _WRITTEN.match(sql)
    return None if found is None else found[1]


@cache
def _columns_set(sql: str) -> tuple[str, ...]:
    """What an UPDATE sets; nothing where that is not known, or where rows come or go."""
    found = _SET.match(sql)
    return tuple(_COLUMN.findall(found[1])) if found else ()


@cache
def _matters(write: str, question: str) -> bool:
    """Whether a change may make another answer of a question, as far as their words tell."""
    columns = _columns_set(write)
    return not columns or "*" in question or any(each in question for each in columns)


@cache
def _by_then(sql: str) -> frozenset[int]:
    """Which values of a question are times by which something is due."""
    marks = _BY_THEN.findall(sql)
    return frozenset(number for number, mark in enumerate(marks) if mark != "?")
