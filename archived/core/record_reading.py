"""Takes values out of JSON that somebody else wrote, and says where one is not what it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TypeVar

from archived.core.escaping import unescaped
from archived.core.paths import shown
from archived.core.records import RecordError, is_sound

Value = TypeVar("Value")

_SHA256 = re.compile("[0-9a-f]{64}")
_LARGEST = 2**63 - 1


class Reader:
    """One object of a JSON document. Every method raises `RecordError`, naming the place."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise RecordError(f"{where} is not an object of JSON")
        self._values = value
        self._where = where

    def text(self, key: str) -> str:
        """A text, with its escapes undone."""
        return self._insist(key, self.text_or_none(key))

    def text_or_none(self, key: str) -> str | None:
        """A text that may be missing."""
        value = self._values.get(key)
        if value is None or isinstance(value, str):
            return None if value is None else unescaped(value)
        raise self._bad(key, "is not a text")

    def path(self, key: str) -> str:
        """A path that stays below its root."""
        path = self.text(key)
        if not is_sound(path):
            raise self._bad(key, f"is {shown(path)}, which is no path from a root")
        return path

    def number(self, key: str) -> int:
        """A whole number that is not negative."""
        value = self._insist(key, self.number_or_none(key))
        if value < 0:
            raise self._bad(key, "is negative")
        return value

    def number_or_none(self, key: str) -> int | None:
        """A whole number of 64 bits that may be missing."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
            raise self._bad(key, "is not a whole number of 64 bits")
        return value

    def moment(self, key: str) -> datetime:
        """A time, in UTC."""
        return self._insist(key, self.moment_or_none(key))

    def moment_or_none(self, key: str) -> datetime | None:
        """A time that may be missing."""
        text = self.text_or_none(key)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError("no zone")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self._bad(key, "is not a time of ISO 8601 with its zone") from error

    def date_or_none(self, key: str) -> date | None:
        """A day that may be missing."""
        text = self.text_or_none(key)
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError as error:
            raise self._bad(key, "is not a day of ISO 8601") from error

    def sha256_or_none(self, key: str) -> str | None:
        """A SHA-256 that may be missing."""
        text = self.text_or_none(key)
        if text is not None and not _SHA256.fullmatch(text):
            raise self._bad(key, "is not a SHA-256 in lower-case hexadecimal")
        return text

    def texts(self, key: str) -> Mapping[str, str]:
        """Texts by their names; none where the key is missing."""
        found = self.below(key)
        if found is None:
            return {}
        return {unescaped(name): found.text(name) for name in found._values}

    def below(self, key: str) -> Reader | None:
        """An object that may be missing."""
        value = self._values.get(key)
        return None if value is None else Reader(value, f"{key} of {self._where}")

    def each(self, key: str) -> Iterator[Reader]:
        """The objects of a list; none where the key is missing."""
        values = self._values.get(key) or []
        if not isinstance(values, list):
            raise self._bad(key, "is not a list")
        return (
            Reader(value, f"{key} number {number} of {self._where}")
            for number, value in enumerate(values, 1)
        )

    def _insist(self, key: str, value: Value | None) -> Value:
        if value is None:
            raise self._bad(key, "is missing")
        return value

    def _bad(self, key: str, what: str) -> RecordError:
        return RecordError(f"{shown(key)} of {self._where} {what}")
