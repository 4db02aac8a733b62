"""`dataclass` for frozen classes, as the standard library has it, but built when the first object of a class is made.

Building one takes a millisecond, of which most commands make no object. Whoever reads or checks types sees the usual
decorator; `replace`, `fields` and `asdict` of `dataclasses` work as ever.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

BUILT = (
    "__init__",
    "__repr__",
    "__eq__",
    "__hash__",
    "__match_args__",
    "__dataclass_params__",
    "__dataclass_fields__",
)
"""What a class has from the library once it is built."""

MAKING = ("__init__", "__match_args__", "__dataclass_fields__")
"""What of that objects are made with: many are never shown nor compared."""


class _Late:
    """Stands for an attribute of a class until somebody asks for it, who gets what the library made."""

    def __init__(self, name: str, pattern: type, options: dict[str, bool]) -> None:
        self._name = name
        self._pattern = pattern
        self._options = options

    def __get__(self, thing: object, kind: type) -> Any:
        owner = next((each for each in kind.__mro__ if each.__dict__.get(self._name) is self), None)
        if owner is None:
            # Another thread was faster, since this one looked the attribute up.
            return getattr(kind if thing is None else thing, self._name)
        # The library changes what it builds; two threads that are here at once make the same twice.
        copied = type(self._pattern)(
            self._pattern.__name__, self._pattern.__bases__, _namespace(self._pattern)
        )
        copied.__qualname__ = self._pattern.__qualname__
        making = self._name in MAKING
        options = {"repr": False, "eq": False} if making else {}
        made: Any = dataclasses.dataclass(frozen=True, **self._options, **options)(copied)
        for name in MAKING if making else BUILT:
            if isinstance(owner.__dict__.get(name), _Late):
                setattr(owner, name, getattr(made, name))
        return getattr(kind if thing is None else thing, self._name)


def _namespace(pattern: type) -> dict[str, Any]:
    """What was written in a class."""
    own = ("__dict__", "__weakref__")
    return {name: each for name, each in vars(pattern).items() if name not in own}


def _frozen(_self: object, name: str, *_value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: list[object]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


def _late(pattern: type, *, slots: bool, **options: bool) -> type:
    """The class that people use. The library builds the one that they wrote, and this one takes its methods."""
    namespace = _namespace(pattern)
    if slots:
        fields = tuple(
            name
            for name, kind in namespace.get("__annotations__", {}).items()
            if not str(kind).startswith("ClassVar")
        )
        namespace = {name: each for name, each in namespace.items() if name not in fields}
        # As the library has it: without them nothing that is frozen could be copied.
        namespace |= {"__slots__": fields, "__getstate__": _state, "__setstate__": _set_state}
    namespace |= {name: _Late(name, pattern, options) for name in BUILT}
    namespace |= {"__setattr__": _frozen, "__delattr__": _frozen}
    made = type(pattern)(pattern.__name__, pattern.__bases__, namespace)
    made.__qualname__ = pattern.__qualname__
    for each in vars(pattern).values():
        _say_whose(
            getattr(each, "fget", None) or getattr(each, "func", None) or each, pattern, made
        )
    return made


def _say_whose(method: object, pattern: type, made: type) -> None:
    """A `super()` in a method asks a cell which class it is in; that is the one that people use."""
    for cell in getattr(method, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # one that is empty so far is none of ours
            if cell.cell_contents is pattern:
                cell.cell_contents = made


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, slots: bool = False, **options: bool):
        """Decorate a frozen class. What is not frozen is the library's own business."""
        assert frozen
        return lambda pattern: _late(pattern, slots=slots, **options)
