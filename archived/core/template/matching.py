"""Components of a template as one anchored regular expression, and what its groups mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from archived.core.template.syntax import Component, Field, Literal, Part

LONGEST_NAME = 255
"""No file system of ours has longer names; what is longer is not looked at, so that no match takes long."""

AT_END = "(?![^/])"


class FieldError(ValueError):
    """A field looks right and is not, such as the 30th of February."""

    def __init__(self, found: Field, text: str, why: str) -> None:
        super().__init__(why)
        self.field = found
        self.text = text


class Groups:
    """Gives every field of a regular expression its group. A repeated field refers back to its first one."""

    def __init__(self) -> None:
        self.fields: dict[str, Field] = {}

    def pattern(self, parts: Iterable[Part]) -> str:
        """The regular expression of some parts, in order."""
        return "".join(self._part(part) for part in parts)

    def _part(self, part: Part) -> str:
        if isinstance(part, Literal):
            return re.escape(part.text)
        if isinstance(part, Field):
            return self._field(part)
        return f"(?:{self.pattern(part.parts)})?"

    def _field(self, part: Field) -> str:
        alike = [group for group, known in self.fields.items() if known.name == part.name]
        for group in alike:
            if self.fields[group].kind == part.kind:
                return f"(?P={group})"
        group = f"{part.name}__{len(alike) + 1}"
        self.fields[group] = part
        return f"(?P<{group}>{part.kind.pattern})"


class Matcher:
    """Matches a path against components, as a whole.

    Each component is an atomic group: how a name is split among its fields is decided within it, so that what
    hostile names cost adds up and never multiplies.
    """

    def __init__(self, components: Sequence[Component]) -> None:
        groups = Groups()
        atoms = [f"(?>{groups.pattern(component)}{AT_END})" for component in components]
        self._depth = len(components)
        self._fields = groups.fields
        self._regex = re.compile("/".join(atoms), re.ASCII | re.DOTALL)

    def values(self, path: str) -> dict[str, object] | None:
        """The typed values of the fields that are there, or None where the path does not look like it.

        Raises `FieldError` where it looks like it and a value is wrong.
        """
        if path.count("/") + 1 != self._depth or len(path) > self._depth * (LONGEST_NAME + 1):
            return None
        found = self._regex.fullmatch(path)
        if found is None or not legal(path):
            return None
        return read_groups(self._fields, found)


def read_groups(fields: dict[str, Field], found: re.Match[str]) -> dict[str, object]:
    """The typed values of the groups that took part in a match. Raises `FieldError`."""
    values: dict[str, object] = {}
    for group, entry in fields.items():
        text = found[group]
        if text is None:
            continue
        try:
            value = entry.kind.read(text)
        except ValueError as error:
            raise FieldError(entry, text, str(error)) from None
        if values.setdefault(entry.name, value) != value:
            raise FieldError(entry, text, f"{entry.text} differs from the {entry.name} before it")
    return values


def legal(path: str) -> bool:
    """Whether every component could be the name of a folder below the root."""
    return "\0" not in path and all(
        0 < len(name) <= LONGEST_NAME and name not in (".", "..") for name in path.split("/")
    )
