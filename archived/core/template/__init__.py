"""Templates: one text by which a path is read and written, such as `{h2o}/{date:%Y-%m-%d}[_{ident}]/2p`.

`{h2o}` is an animal's name by the rig's pattern. `{date:%m%d%y}` is a day of the calendar in %Y %y %m %d or %j.
`{name}` is free text without '/', `{name:int}` a number (`int2`: written with two digits), `{name:word}` letters
with '_' and up to two digits at the end, `{name:digits}` digits that keep their zeros. `[...]` may be missing as
a whole. A field that stands twice must hold the same both times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property

from archived.core.animals import DEFAULT_H2O
from archived.core.dataclass import dataclass
from archived.core.template.fields import TemplateError, check_h2o
from archived.core.template.matching import FieldError, Matcher
from archived.core.template.nearness import NearMiss, explain
from archived.core.template.syntax import (
    Component,
    Field,
    Literal,
    OptionalPart,
    Part,
    fields_in,
    read_template,
)

__all__ = ["DEFAULT_H2O", "NearMiss", "Template", "TemplateError"]


@dataclass(frozen=True)
class Template:
    """A template, ready for use. Raises `TemplateError` for a text that cannot be understood."""

    text: str
    h2o: str = field(default=DEFAULT_H2O, kw_only=True, repr=False)
    components: tuple[Component, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_h2o(self.h2o)
        object.__setattr__(self, "components", read_template(self.text, self.h2o))

    @property
    def depth(self) -> int:
        """How many components a path must have."""
        return len(self.components)

    @cached_property
    def required(self) -> frozenset[str]:
        """The names of the fields that every path has."""
        return self._names(optional=False)

    @cached_property
    def optional(self) -> frozenset[str]:
        """The names of the fields that a path may lack."""
        return self._names(optional=True)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.components)

    @cached_property
    def _beginnings(self) -> Mapping[int, Matcher]:
        return {n: Matcher(self.components[:n]) for n in range(1, self.depth)}

    def parse(self, path: str) -> Mapping[str, object] | None:
        """The typed values of the fields that a whole path holds; None where it does not fit."""
        return _quietly(self._matcher, path)

    def build(self, **fields: object) -> str:
        """The path for these values; None stands for a missing one.

        Raises `TemplateError` when a required field is missing, a field is unknown, or the path would not be
        read back as these very values.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        if unknown := given.keys() - self.required - self.optional:
            raise TemplateError(f"template '{self.text}' has no field {_listed(unknown)}")
        if missing := self.required - given.keys():
            raise TemplateError(f"template '{self.text}' needs a value for {_listed(missing)}")
        path = "/".join("".join(self._write(p, given) for p in c) for c in self.components)
        if self.parse(path) != given:
            raise TemplateError(
                f"template '{self.text}' cannot express {given!r}: the path {path!r} would be read"
                f" back as {self.parse(path)!r}"
            )
        return path

    def leads_to(self, folder: str) -> bool:
        """Whether paths of this template may lie below this folder, as `SC011` is above `SC011/2019-01-08/2p`."""
        beginning = self._beginnings.get(folder.count("/") + 1)
        return beginning is not None and _quietly(beginning, folder) is not None

    def explain(self, path: str) -> NearMiss | None:
        """Why a path nearly fits: which folder, which field, and how alike it is; None where nothing is alike.

        Of a path that does fit there is nothing to explain: None.
        """
        return explain(self.text, self.components, path)

    def _names(self, *, optional: bool) -> frozenset[str]:
        found = (entry for component in self.components for entry in fields_in(component))
        return frozenset(entry.name for entry, inside in found if inside is optional)

    def _write(self, part: Part, given: Mapping[str, object]) -> str:
        if isinstance(part, Literal):
            return part.text
        if isinstance(part, OptionalPart):
            names = {inner.name for inner in part.parts if isinstance(inner, Field)}
            if not names & given.keys():
                return ""
            if missing := names - given.keys():
                raise TemplateError(
                    f"template '{self.text}' needs a value for {_listed(missing)} too, or none"
                    f" of the part '{part.text}'"
                )
            return "".join(self._write(inner, given) for inner in part.parts)
        try:
            return part.kind.write(given[part.name])
        except ValueError as error:
            raise TemplateError(f"template '{self.text}', field {part.text}: {error}") from None


def _quietly(matcher: Matcher, path: str) -> dict[str, object] | None:
    try:
        return matcher.values(path)
    except FieldError:
        return None


def _listed(names: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(names))
