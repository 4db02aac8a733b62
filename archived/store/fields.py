"""How values look in the store: names as readable text, times as whole microseconds, everything reversible."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from archived.core.escaping import escaped, unescaped
from archived.core.model import Checksum, FileStat

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

LARGEST = 2**63 - 1
SMALLEST = -(2**63)


def to_text(value: str) -> str:
    """Any text of ours as text that every database can hold; see `core.escaping`."""
    return escaped(value)


def from_text(value: str) -> str:
    """The inverse of `to_text`."""
    return unescaped(value)


def to_time(value: datetime | None) -> int | None:
    """Microseconds since 1970 in UTC. Raises `ValueError` for a time without a zone."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("times in the store are aware")
    return (value - EPOCH) // MICROSECOND


def from_time(value: int | None) -> datetime | None:
    """The inverse of `to_time`."""
    return None if value is None else moment(value)


def moment(value: int) -> datetime:
    """A stored time that is always there."""
    return EPOCH + value * MICROSECOND


def to_date(value: date | None) -> str | None:
    """A date as `2019-02-23`, which sorts as text."""
    return None if value is None else value.isoformat()


def from_date(value: str | None) -> date | None:
    """The inverse of `to_date`."""
    return None if value is None else date.fromisoformat(value)


def to_fields(value: Mapping[str, str]) -> str:
    """The fields of a recording's name as JSON in ASCII, surrogates and all."""
    return json.dumps(dict(value), sort_keys=True)


def from_fields(value: str) -> dict[str, str]:
    """The inverse of `to_fields`."""
    return dict(json.loads(value))


def to_names(value: Sequence[str]) -> str:
    """Names of folders in one text; a slash is what no name can hold."""
    return to_text("/".join(value))


def from_names(value: str) -> tuple[str, ...]:
    """The inverse of `to_names`."""
    return tuple(from_text(value).split("/")) if value else ()


def signed(value: int) -> int:
    """An unsigned number of 64 bits (an inode) as databases hold it."""
    return value - 2**64 if value > LARGEST else value


def unsigned(value: int) -> int:
    """The inverse of `signed`."""
    return value + 2**64 if value < 0 else value


def bounded(stat: FileStat) -> FileStat:
    """The same file with times that fit into 64 bits; some file systems hold later and earlier ones."""
    if SMALLEST <= stat.mtime_ns <= LARGEST and SMALLEST <= stat.ctime_ns <= LARGEST:
        return stat
    return FileStat(
        stat.path,
        stat.size,
        bounded_time(stat.mtime_ns),
        bounded_time(stat.ctime_ns),
        stat.inode,
    )


def bounded_time(time_ns: int) -> int:
    """The nearest time that fits into 64 bits."""
    return max(SMALLEST, min(LARGEST, time_ns))


def exact_time(time_ns: int) -> int | None:
    """The time that a file has on the disk; None where the store holds only the nearest that it can."""
    return time_ns if SMALLEST < time_ns < LARGEST else None


def to_checksum(value: Checksum | None) -> tuple[str | None, str | None]:
    """A checksum as its two columns."""
    return (None, None) if value is None else (value.algorithm, value.value)


def from_checksum(algorithm: str | None, value: str | None) -> Checksum | None:
    """The inverse of `to_checksum`."""
    return None if algorithm is None or value is None else Checksum(algorithm, value)


def below(folder: str, path: str) -> str:
    """A path as it is stored: from its dataset's folder, or from the root with a leading slash.

    Half of a catalogue would otherwise be the names of folders, over and over.
    """
    if not folder:
        return path
    return path[len(folder) + 1 :] if path.startswith(folder + "/") else "/" + path


def names_below(folder: str, paths: Sequence[str]) -> list[str]:
    """What `to_text(below(folder, path))` makes of each path; of so many at a time that it matters."""
    above, length = f"{folder}/", len(folder) + 1
    names = [
        path if not folder else path[length:] if path.startswith(above) else f"/{path}"
        for path in paths
    ]
    together = "".join(names)
    return names if to_text(together) == together else [to_text(name) for name in names]


def joined(folder: str, name: str) -> str:
    """The inverse of `below`."""
    if not folder:
        return name
    return name[1:] if name.startswith("/") else f"{folder}/{name}"
