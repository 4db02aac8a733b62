"""The chunks that a RIFF file is made of (little endian; a chunk of odd size has a byte of padding)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from archived.core.formats.reading import Budget, ObjectionError, Readable
from archived.core.model import Answer

HEADER = 8
UNSET = (0, 0xFFFFFFFF)
"""What stands in a size field that its writer has yet to fill in."""

_FORM = 4
_unpacked = Struct("<4sI").unpack_from
_LISTS = (b"RIFF", b"LIST")


class Chunk(NamedTuple):
    """One chunk. `form` is the four letters after the size of a RIFF or LIST, empty otherwise."""

    kind: bytes
    start: int
    size: int
    form: bytes
    body: int
    """Where its content begins."""
    end: int
    """Where its content ends, without padding."""


def chunk_at(readable: Readable, start: int) -> Chunk | None:
    """The chunk that begins here, or None where not even a header fits."""
    header = readable.read(start, HEADER + _FORM)
    if len(header) < HEADER:
        return None
    kind, size = _unpacked(header)
    form = header[HEADER:] if size >= _FORM and kind in _LISTS else b""
    body = start + HEADER
    return Chunk(kind, start, size, form, body + len(form), body + size)


def chunks(readable: Readable, start: int, end: int, budget: Budget) -> list[Chunk]:
    """The chunks that fill `start` to `end` exactly. Raises `ObjectionError` where they do not."""
    found = []
    while start < end:
        budget.spend()
        chunk = chunk_at(readable, start)
        if chunk is None or chunk.end > end:
            raise ObjectionError(
                Answer.CONTRADICTION,
                f"is damaged: what begins at byte {start} does not fit in there",
            )
        found.append(chunk)
        start = chunk.end + chunk.size % 2
    return found
