"""What a section of the file is made of: keys, each with how its text is read and what it is without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

T = TypeVar("T")

UNKNOWN = None
"""Instead of what was expected, where the section has no such key."""


class Key(Generic[T]):
    """One key of a section: an attribute of what was read, of the type that its reader returns.

    The reader raises `ValueError` with what it expected instead. Without a default the key is required, and
    `expected` says of what it is the lack.
    """

    def __init__(
        self, read: Callable[[str], T], *, default: object = ..., expected: str = "a value"
    ) -> None:
        self.read = read
        self.default = default
        self.expected = expected

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @property
    def required(self) -> bool:
        """Whether a section without it is none."""
        return self.default is ...

    @overload
    def __get__(self, section: None, owner: type) -> Self: ...
    @overload
    def __get__(self, section: Section, owner: type) -> T: ...
    def __get__(self, section: Section | None, owner: type) -> Self | T:
        if section is None:
            return self
        value: T = section.values[self._name]
        return value

    def __set__(self, section: Section, value: T) -> None:
        raise AttributeError(f"{self._name} is what was read")


def required(read: Callable[[str], T], expected: str) -> Key[T]:
    """A key that has to be there."""
    return Key(read, expected=expected)


def optional(read: Callable[[str], T]) -> Key[T | None]:
    """A key that is None where it is not there."""
    return Key[T | None](read, default=None)


def key(read: Callable[[str], T], default: T) -> Key[T]:
    """A key with a default."""
    return Key(read, default=default)


class Section:
    """What was read of one section: `values` has every key of it."""

    KEYS: ClassVar[Mapping[str, Key[Any]]] = {}
    """By their names, in the order in which people are told of them."""

    def __init_subclass__(cls) -> None:
        cls.KEYS = {name: each for name, each in vars(cls).items() if isinstance(each, Key)}

    def __init__(self, **given: Any) -> None:
        defaults = {name: each.default for name, each in self.KEYS.items()}
        self.given = frozenset(given)
        self.values: Mapping[str, Any] = {**defaults, **given}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.values == self.values

    __hash__ = None  # type: ignore[assignment]  # nobody keeps sections in sets

    def __repr__(self) -> str:
        """No values: the address of a database may hold a password."""
        return f"{type(self).__name__}({', '.join(sorted(self.given))})"

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> tuple[Self | None, list[tuple[str, str | None]]]:
        """What the texts mean, without those that mean nothing, and the mistakes: key and what was expected.

        None instead of a section that lacks what it needs, even if that is only wrong.
        """
        read: dict[str, Any] = {}
        mistakes: list[tuple[str, str | None]] = []
        for name, each in cls.KEYS.items():
            if name not in texts:
                if each.required:
                    mistakes.append((name, each.expected))
                continue
            try:
                read[name] = each.read(_valid(texts[name]))
            except ValueError as error:
                mistakes.append((name, str(error)))
        mistakes += [(name, UNKNOWN) for name in texts if name not in cls.KEYS]
        complete = all(name in read for name, each in cls.KEYS.items() if each.required)
        return (cls(**read) if complete else None), mistakes


def _valid(text: str) -> str:
    """The text, if it is one: a variable of the environment may hold any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text in UTF-8") from None
    return text
