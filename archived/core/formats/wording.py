"""How numbers and names appear in reasons."""

from __future__ import annotations

from archived.core.paths import printable


def grouped(number: int) -> str:
    """Digits in groups of three: `1 203 200`."""
    return f"{number:,}".replace(",", " ")


def in_bytes(number: int) -> str:
    """`1 byte`, `1 203 200 bytes`."""
    return f"{grouped(number)} byte" + ("" if number == 1 else "s")


def named(path: str) -> str:
    """The last component of a path, safe to show."""
    return printable(path.rpartition("/")[2])


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
