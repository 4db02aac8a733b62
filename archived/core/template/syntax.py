"""Reads the text of a template into its parts, and says where a mistake is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archived.core.template.ambiguity import steps
from archived.core.template.fields import Kind, TemplateError, kind_of


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands in the path as it stands in the template."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """`{name}` or `{name:type}`; `text` is as it was written."""

    name: str
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class OptionalPart:
    """`[...]`: there as a whole, or not at all."""

    parts: tuple[Literal | Field, ...]

    @property
    def text(self) -> str:
        """As it was written."""
        return f"[{''.join(part.text for part in self.parts)}]"


Part = Literal | Field | OptionalPart
Component = tuple[Part, ...]

LONGEST_TEMPLATE = 1000
DEEPEST = 16
"""Folders below each other in one template."""
MOST_FREE_FIELDS = 2
"""How many fields of free text one component may hold; more have too many readings to try."""
MOST_STEPS_AMONG_FREE_FIELDS = 500_000_000
"""What the pattern of {h2o} takes by itself, for every way of placing the free fields beside it: about a second."""
_WAYS_OF_PLACING = (1, 255, 255 * 254 // 2)

_TOKEN = re.compile(r"\{[^{}]*\}|[^{}\[\]/]+|.", re.DOTALL)
_FIELD = re.compile(r"\{([a-z](?:_?[a-z0-9])*)(?::([^{}]*))?\}")


def read_template(text: str, h2o: str) -> tuple[Component, ...]:
    """The components of a template, in order. Raises `TemplateError` that says where and what was expected."""
    if not text:
        raise TemplateError("a template must not be empty; an example is {h2o}/{date:%Y-%m-%d}/2p")
    if len(text) > LONGEST_TEMPLATE:
        raise TemplateError(f"a template has at most {LONGEST_TEMPLATE} characters")
    components = _Reader(text, h2o).read()
    if len(components) > DEEPEST:
        raise TemplateError(f"a template has at most {DEEPEST} folders below each other")
    _check_fields(text, components)
    return components


def fields_in(component: Component) -> Iterator[tuple[Field, bool]]:
    """The fields of a component, and for each whether it stands in an optional part."""
    for part in component:
        if isinstance(part, Field):
            yield part, False
        elif isinstance(part, OptionalPart):
            yield from ((inner, True) for inner in part.parts if isinstance(inner, Field))


def text_of(component: Component) -> str:
    """A component (or some parts of one) as it was written."""
    return "".join(part.text for part in component)


@dataclass
class _Reader:
    text: str
    h2o: str
    components: list[Component] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    inner: list[Literal | Field] | None = None

    def read(self) -> tuple[Component, ...]:
        for token in _TOKEN.finditer(self.text):
            self._take(token[0], token.start())
        if self.inner is not None:
            raise self._mistake(len(self.text), "a ']' was expected to end the optional part")
        self._end_component(len(self.text))
        return tuple(self.components)

    def _take(self, token: str, at: int) -> None:
        if token == "/":
            if self.inner is not None:
                raise self._mistake(at, "an optional part must not hold a '/'; write two templates")
            self._end_component(at)
        elif token == "[":
            if self.inner is not None:
                raise self._mistake(at, "an optional part must not hold another one")
            self.inner = []
        elif token == "]":
            self._end_optional(at)
        elif token.startswith("{") or token == "}":
            self._add(self._field(token, at))
        else:
            if "\\" in token or "\0" in token:
                raise self._mistake(at, "folders are separated by '/'")
            self._add(Literal(token))

    def _add(self, part: Literal | Field) -> None:
        (self.parts if self.inner is None else self.inner).append(part)

    def _field(self, token: str, at: int) -> Field:
        found = _FIELD.fullmatch(token)
        if found is None:
            raise self._mistake(at, "a field such as {ident} or {run:int} was expected")
        try:
            kind = kind_of(found[1], found[2] or "", self.h2o)
        except ValueError as error:
            raise self._mistake(at, str(error)) from None
        return Field(found[1], kind, token)

    def _end_optional(self, at: int) -> None:
        if self.inner is None:
            raise self._mistake(at, "this ']' ends no optional part")
        if not any(isinstance(part, Field) for part in self.inner):
            raise self._mistake(at, "an optional part must hold a field")
        self.parts.append(OptionalPart(tuple(self.inner)))
        self.inner = None

    def _end_component(self, at: int) -> None:
        component = tuple(self.parts)
        if not component:
            raise self._mistake(
                at, "the name of a folder was expected; no '/' at either end, no '//'"
            )
        if text_of(component) in (".", ".."):
            raise self._mistake(at, "'.' and '..' are not names of folders")
        if all(isinstance(part, OptionalPart) for part in component):
            raise self._mistake(at, "a folder's name must not be wholly optional")
        self._check_readings(component, at)
        self.components.append(component)
        self.parts = []

    def _check_readings(self, component: Component, at: int) -> None:
        fields = [found for found, _ in fields_in(component)]
        free = sum(found.kind.free for found in fields)
        if free > MOST_FREE_FIELDS:
            raise self._mistake(
                at, f"a folder's name may hold {MOST_FREE_FIELDS} fields of free text"
            )
        by_itself = (steps(self.h2o) or 0) if any(found.name == "h2o" for found in fields) else 0
        if by_itself * _WAYS_OF_PLACING[free] > MOST_STEPS_AMONG_FREE_FIELDS:
            raise self._mistake(
                at,
                f"the h2o pattern '{self.h2o}' has too many readings for a name with {free} fields"
                " of free text beside {h2o}; let it have one part that repeats without an end",
            )

    def _mistake(self, at: int, what: str) -> TemplateError:
        return TemplateError(f"template '{self.text}', at character {at + 1}: {what}")


def _check_fields(text: str, components: tuple[Component, ...]) -> None:
    """A field of an optional part stands nowhere else: there would be nothing to compare it with."""
    found = [entry for component in components for entry in fields_in(component)]
    if not found:
        raise TemplateError(f"template '{text}' has no field; one such as {{h2o}} was expected")
    names = [entry.name for entry, _ in found]
    for entry, optional in found:
        if optional and names.count(entry.name) > 1:
            raise TemplateError(
                f"template '{text}': {entry.text} stands in an optional part and must not stand"
                " anywhere else"
            )
