"""Durations and sizes as people write them (`1h30m`, `2T`, `10 GiB`), both ways. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

DURATION_EXPECTED = "a duration with a unit, such as 30s, 5m, 1h30m or 3d"
SIZE_EXPECTED = "a size, such as 500 MB, 2T or 10 GiB"

_DAY = 86_400
_SECONDS = {"w": 7 * _DAY, "d": _DAY, "h": 3600, "m": 60, "min": 60, "s": 1}
_MICROSECONDS: Mapping[str, int] = MappingProxyType(
    {unit: seconds * 1_000_000 for unit, seconds in _SECONDS.items()} | {"ms": 1000}
)
_SHOWN = ("d", "h", "m", "s")
_PREFIXES = "KMGTPE"
_MULTIPLES: Mapping[str, int] = MappingProxyType(
    {"": 1}
    | {prefix: 1000 ** (power + 1) for power, prefix in enumerate(_PREFIXES)}
    | {f"{prefix}I": 1024 ** (power + 1) for power, prefix in enumerate(_PREFIXES)}
)

_BILLION = 10**9
# Fifteen digits are more than any wait or disk, and keep hostile input from costing time.
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_PART = rf"(?i)({_NUMBER})\s*(w|d|h|min|ms|m|s)\s*"
_SIZE = rf"(?i)({_NUMBER})\s*([KMGTPE]I?|)B?"


def parse_duration(text: str) -> timedelta:
    """A duration such as `30s`, `5m`, `1h30m`, `1.5h`, `3d` or `2w`; a bare `0` needs no unit.

    Several parts go from the longest unit to the shortest. Raises `ValueError` that says what was
    expected.
    """
    rest = text.strip()
    if rest == "0":
        return timedelta(0)
    if not rest:
        raise ValueError(DURATION_EXPECTED)
    billionths = 0
    shortest = _MICROSECONDS["w"] + 1
    while rest:
        part = re.match(_PART, rest)
        if part is None:
            raise ValueError(DURATION_EXPECTED)
        unit = _MICROSECONDS[part[2].lower()]
        if unit >= shortest:
            raise ValueError(f"{DURATION_EXPECTED}, each unit once and the longest first")
        shortest = unit
        billionths += _billionths(part[1]) * unit
        rest = rest[part.end() :]
    try:
        return timedelta(microseconds=billionths // _BILLION)
    except OverflowError:
        raise ValueError(f"{DURATION_EXPECTED}; this one is longer than history") from None


def _billionths(number: str) -> int:
    """A number with up to nine digits behind its point, exactly."""
    whole, _, fraction = number.partition(".")
    return int(whole) * _BILLION + int(fraction.ljust(9, "0"))


def format_duration(duration: timedelta) -> str:
    """The shortest exact spelling, which `parse_duration` reads back; `-1m30s` below zero."""
    if duration < timedelta(0):
        return f"-{format_duration(-duration)}"
    whole, microseconds = divmod(duration // timedelta(microseconds=1), 1_000_000)
    parts = []
    for unit in _SHOWN:
        count, whole = divmod(whole, _SECONDS[unit])
        fraction = f".{microseconds:06d}".rstrip("0") if unit == "s" and microseconds else ""
        if count or fraction:
            parts.append(f"{count}{fraction}{unit}")
    return "".join(parts) or "0s"


def parse_size(text: str) -> int:
    """A size in bytes: `2T` and `2 TB` are 2·10¹² bytes, as disks are sold; `2 TiB` is 2·2⁴⁰.

    A number without a unit counts bytes. Raises `ValueError` with what was expected.
    """
    match = re.fullmatch(_SIZE, text.strip())
    if match is None:
        raise ValueError(SIZE_EXPECTED)
    size, rest = divmod(_billionths(match[1]) * _MULTIPLES[match[2].upper()], _BILLION)
    if rest:
        raise ValueError(f"{SIZE_EXPECTED}, in whole bytes")
    return size


def format_size(size: int) -> str:
    """A size for people, in decimal units and three digits: `999 B`, `1.48 MB`, `2.00 TB`."""
    if abs(size) < 1000:
        return f"{size} B"
    value, shown = float(size), ""
    for prefix in _PREFIXES:
        value /= 1000
        number = f"{value:.{max(0, 3 - len(str(int(abs(value)))))}f}"
        shown = f"{number} {prefix.replace('K', 'k')}B"
        if abs(float(number)) < 1000:
            break
    return shown
