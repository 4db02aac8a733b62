"""An old `dj_local_conf.json`: its settings by name, wherever in the file they stand, and which were never asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from archived.config.importing.report import Report
from archived.core.dataclass import dataclass
from archived.errors import ConfigurationError

CUSTOM = "custom"
_GROUPS = ("database", "globus")
"""Newer releases of DataJoint write `{"database": {"host": …}}` for what was `"database.host"`."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the old file, and where it stands as a person would say it."""

    where: str
    value: Any = field(repr=False)


class OldFile:
    """The settings of the file. What stands in `custom` comes before the same name outside, as the old program read it."""

    def __init__(self, document: Mapping[str, Any], report: Report) -> None:
        self._report = report
        self._found: dict[str, list[Found]] = {}
        custom = document.get(CUSTOM)
        if isinstance(custom, Mapping):
            self._note(custom, f"{CUSTOM} > ")
        elif custom is not None:
            report.left(CUSTOM, "is no object of settings, so nothing in it could be read")
        self._note({key: value for key, value in document.items() if key != CUSTOM}, "")
        self._asked: set[str] = set()

    def take(self, name: str) -> Found | None:
        """The setting of that name; None where there is none, or an empty one. Tells of a second that differs."""
        self._asked.add(name)
        found = self._found.get(name)
        if not found:
            return None
        first, *others = found
        for other in others:
            if other.value != first.value:
                what = f"differs from {first.where}, which the old program read; that one counts"
                self._report.left(other.where, what)
        return None if first.value is None else first

    def text(self, name: str) -> Found | None:
        """The setting where it is text that is not blank; tells of one that is anything else."""
        found = self.take(name)
        if found is None:
            return None
        if isinstance(found.value, str):
            stripped = found.value.strip()
            return Found(found.where, stripped) if stripped else None
        self._report.left(found.where, "is no text, so it was not carried over")
        return None

    def leftovers(self) -> list[tuple[str, Found]]:
        """What was never asked for, in the order of the file."""
        return [
            (name, each)
            for name, found in self._found.items()
            if name not in self._asked
            for each in found
        ]

    def _note(self, settings: Mapping[str, Any], where: str) -> None:
        for name, value in settings.items():
            if name in _GROUPS and isinstance(value, Mapping):
                inner = {f"{name}.{key}": each for key, each in value.items()}
                self._note(inner, f"{where}{name} > ")
            else:
                shown = name.rpartition(".")[2] if where.endswith(_ENDS) else name
                self._found.setdefault(name, []).append(Found(f"{where}{shown}", value))


_ENDS = tuple(f"{group} > " for group in _GROUPS)


def read_document(text: str) -> Mapping[str, Any]:
    """The object in the text of the file. Raises `ConfigurationError` for what is no such file; quotes nothing of it."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise _no_document("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise _no_document(f"{error.msg}, line {error.lineno}, column {error.colno}") from None
    except ValueError:  # a number of thousands of digits
        raise _no_document("it holds a number that is too long") from None
    if not isinstance(document, dict):
        raise _no_document("it holds no object of settings")
    return document


def _no_document(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The old configuration is no JSON that could be read: {why}. Nothing was written.",
        what_to_do="Give the dj_local_conf.json that map-ephys was used with.",
    )
