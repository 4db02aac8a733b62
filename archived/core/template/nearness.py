"""Says why a path almost fits a template: which folder, which field, and what was expected instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from archived.core.dataclass import dataclass
from archived.core.paths import shown
from archived.core.template.matching import (
    AT_END,
    FieldError,
    Groups,
    Matcher,
    legal,
    read_groups,
)
from archived.core.template.syntax import Component, Field, OptionalPart, Part, text_of

LEAST_SCORE = 0.5
"""Below this a path and a template have nothing to do with each other."""
MOST_SCORE = 0.95
"""Everything that the template wants is there, and something else besides."""

_DATE_LIKE = re.compile(
    r"\d{6}|\d{4}[-_.]\d{1,2}[-_.]\d{1,2}|\d{1,2}[-_.]\d{1,2}[-_.]\d{4}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A path that almost fits. `score` is the part of the template that it fits, from 0 to 1."""

    path: str
    template: str
    component: str
    """The name in the path that does not fit."""
    field: str
    """The name of the field at fault, or "" where fixed text is."""
    why: str
    score: float


@dataclass(frozen=True, slots=True)
class _Fault:
    part: Part | None
    why: str
    fitting: int


def explain(text: str, components: Sequence[Component], path: str) -> NearMiss | None:
    """Compare a path with a template of the same depth, or of another depth where the rest fits wholly."""
    if not legal(path):
        return None
    names = path.split("/")
    if len(names) != len(components):
        return _misplaced(text, components, path, names)
    bound: dict[str, object] = {}
    fitting = total = 0
    first: tuple[str, _Fault] | None = None
    for component, name in zip(components, names, strict=True):
        weight = len(_required(component))
        fault = _examine(component, name, bound)
        fitting += fault.fitting if fault else weight
        total += weight
        if fault and first is None:
            first = (name, fault)
    score = min(fitting / total, MOST_SCORE)
    if first is None or score < LEAST_SCORE:
        return None
    name, fault = first
    at_fault = fault.part.name if isinstance(fault.part, Field) else ""
    return NearMiss(path, text, name, at_fault, fault.why, score)


def _misplaced(
    text: str, components: Sequence[Component], path: str, names: list[str]
) -> NearMiss | None:
    """The name fits, and lies too deep or not deep enough."""
    extra = len(names) - len(components)
    try:
        if extra > 0:
            above = "/".join(names[:extra])
            why = f"it would fit if it lay in the root itself, not in {shown(above)}"
            values = _matcher(tuple(components)).values("/".join(names[extra:]))
        else:
            above = "/".join(text_of(component) for component in components[:-extra])
            why = f"a folder '{above}' was expected above it"
            values = _matcher(tuple(components[-extra:])).values(path)
    except FieldError:
        return None
    if values is None or "date" not in values:
        return None
    return NearMiss(path, text, names[0], "", why, 0.9 - 0.1 * min(abs(extra), 4))


def _examine(component: Component, name: str, bound: dict[str, object]) -> _Fault | None:
    """What is wrong with one name; adds the values that it does hold to `bound`."""
    required = _required(component)
    steps = _steps(component)
    for step in steps:
        found = step.beginning.match(name)
        if found is None:
            continue
        try:
            values = read_groups(step.fields, found)
        except FieldError as error:
            return _Fault(error.field, str(error), len(required) - 1)
        for part in component[: step.parts]:
            if (
                isinstance(part, Field)
                and bound.get(part.name, values[part.name]) != values[part.name]
            ):
                why = (
                    f"{part.name} is {shown(str(values[part.name]))} here and"
                    f" {shown(str(bound[part.name]))} in a folder above"
                )
                return _Fault(part, why, len(required) - 1)
        bound.update(values)
        if step is steps[0]:
            return None
        return _fault_after(component, step, name, found.end())
    raise AssertionError("an empty beginning fits every name")


def _fault_after(component: Component, step: _Step, name: str, end: int) -> _Fault:
    """What stands where the template goes on, and what should."""
    rest = component[step.parts :]
    expected = _required(rest)
    missing = expected[0] if expected else None
    fitting = len(_required(component[: step.parts]))
    surplus = name[end:]
    for ending in _endings(rest):
        if found := ending.regex.search(name, end):
            fitting += ending.weight
            if ending.weight == len(expected):
                missing, surplus = None, name[end : found.start()]
            break
    if missing is None:
        why = f"{shown(surplus or name)} was not expected after {shown(name[:end])}"
    else:
        why = _sentence(component, step.parts, name, end)
    return _Fault(missing, why, fitting)


def _sentence(component: Component, parts: int, name: str, end: int) -> str:
    """What was expected after the parts that fit."""
    rest, after = component[parts:], name[end:]
    missing = _required(rest)[0]
    meant_as_date = isinstance(missing, Field) and after[:1].isdigit()
    if _holds_date(rest) and not meant_as_date and not _DATE_LIKE.search(name):
        return f"{shown(name)} looks like a recording, but there is no date in it"
    place = f" after {shown(name[:end])}" if end else ""
    found = f"found {shown(after)}" if after else "the name ends there"
    if isinstance(missing, Field):
        return f"{missing.kind.meaning} was expected{place}, {found}"
    at = component.index(missing, parts)
    if any(_is_open(part) for part in component[max(parts - 1, 0) : at]):
        return f"{shown(name)} lacks '{text_of(component[at:])}'"
    return f"'{missing.text}' was expected{place}, {found}"


def _is_open(part: Part) -> bool:
    return isinstance(part, OptionalPart) or (isinstance(part, Field) and part.kind.free)


def _holds_date(parts: Component) -> bool:
    return any(isinstance(part, Field) and part.name == "date" for part in parts)


def _required(parts: Component) -> Component:
    return tuple(part for part in parts if not isinstance(part, OptionalPart))


@dataclass(frozen=True, slots=True)
class _Step:
    """The first so many parts of a component, to be found at the beginning of a name."""

    parts: int
    beginning: re.Pattern[str]
    fields: dict[str, Field]


@dataclass(frozen=True, slots=True)
class _Ending:
    """The last so many required parts of a component, to be found at the end of a name."""

    weight: int
    regex: re.Pattern[str]


@lru_cache(maxsize=512)
def _steps(component: Component) -> tuple[_Step, ...]:
    """Beginnings of a component, the longest first; each ends in a part that cannot be missing."""
    steps = [_step(component, len(component), AT_END)]
    for count in range(len(component), -1, -1):
        if count == 0 or not isinstance(component[count - 1], OptionalPart):
            steps.append(_step(component, count, ""))
    return tuple(steps)


def _step(component: Component, count: int, anchor: str) -> _Step:
    groups = Groups()
    regex = re.compile(groups.pattern(component[:count]) + anchor, re.ASCII | re.DOTALL)
    return _Step(count, regex, groups.fields)


@lru_cache(maxsize=512)
def _endings(rest: Component) -> tuple[_Ending, ...]:
    """Endings of what is left of a component, the longest first."""
    endings = []
    for start in range(1, len(rest)):
        regex = re.compile(Groups().pattern(rest[start:]) + r"\Z", re.ASCII | re.DOTALL)
        endings.append(_Ending(len(_required(rest[start:])), regex))
    return tuple(endings)


@lru_cache(maxsize=512)
def _matcher(components: tuple[Component, ...]) -> Matcher:
    return Matcher(components)
