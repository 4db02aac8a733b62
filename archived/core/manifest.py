"""The manifest of a dataset: one line for each file, as `sha256sum` writes and reads it.

A name with a backslash, a line feed or a carriage return at its end has them escaped, and its line begins with a
backslash. GNU coreutils of every age read this: a carriage return elsewhere is left as it is, as older ones know
no escape for it, while newer ones take one at the end of a line for a part of the line's end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from archived.core.paths import shown
from archived.core.records import Record, RecordError, is_sound

_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *]([^\n]+)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_MEANING = {"\\": "\\", "n": "\n", "r": "\r"}


def manifest(record: Record) -> bytes:
    """The manifest of the files whose SHA-256 is known, sorted by the bytes of their names.

    `sha256sum -c` reads it from the root of the archive. A name that no file of a POSIX system can have (Windows
    has such) is left to the record.
    """
    lines = []
    for file in record.files:
        name = _bytes_of(file.path)
        if file.sha256 is not None and name is not None:
            lines.append((name, _line(file.sha256, name)))
    return b"".join(line for _, line in sorted(lines))


def parse_manifest(data: bytes) -> Mapping[str, str]:
    """The SHA-256 of each file by its path. Raises `RecordError`."""
    if data and not data.endswith(b"\n"):
        raise RecordError("the manifest is cut short: its last line has no end")
    found: dict[str, str] = {}
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise RecordError(f"line {number} of the manifest is none of a manifest")
        path = match[3].decode("utf-8", "surrogateescape")
        if match[1]:
            path = _unescaped(path, number)
        if not is_sound(path):
            raise RecordError(
                f"line {number} of the manifest names {shown(path)}, which is no path"
            )
        if found.setdefault(path, match[2].decode()) != match[2].decode():
            raise RecordError(f"the manifest has two checksums of {shown(path)}")
    return found


def _bytes_of(path: str) -> bytes | None:
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def _line(sha256: str, name: bytes) -> bytes:
    written = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    if written.endswith(b"\r"):
        written = written[:-1] + b"\\r"
    return (b"\\" if written != name else b"") + sha256.encode() + b"  " + written + b"\n"


def _unescaped(path: str, number: int) -> str:
    def meaning(match: re.Match[str]) -> str:
        if match[1] not in _MEANING:
            raise RecordError(f"line {number} of the manifest has an escape that means nothing")
        return _MEANING[match[1]]

    return _ESCAPED.sub(meaning, path)
