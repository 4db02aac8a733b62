"""The chunks that a RIFF file is made of (little endian; a chunk of odd size has a byte of padding)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from archived.core.formats.reading import Budget, ObjectionError, Readable
from archived.core.model import Answer

HEADER = 8
UNSET = (0, 0xFFFFFFFF)
"""What stands in a size field that its writer has yet to fill in."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk. `form` is the four letters after the size of a RIFF or LIST, empty otherwise."""

    kind: bytes
    start: int
    size: int
    form: bytes

    @property
    def body(self) -> int:
        """Where its content begins."""
        return self.start + HEADER + len(self.form)

    @property
    def end(self) -> int:
        """Where its content ends, without padding."""
        return self.start + HEADER + self.size


def chunk_at(readable: Readable, start: int) -> Chunk | None:
    """The chunk that begins here, or None where not even a header fits."""
    header = readable.read(start, 12)
    if len(header) < HEADER:
        return None
    kind, size = struct.unpack("<4sI", header[:HEADER])
    form = header[HEADER:] if kind in (b"RIFF", b"LIST") and size >= 4 else b""
    return Chunk(kind, start, size, form)


def chunks(readable: Readable, start: int, end: int, budget: Budget) -> Iterator[Chunk]:
    """The chunks that fill `start` to `end` exactly. Raises `ObjectionError` where they do not."""
    while start < end:
        budget.spend()
        chunk = chunk_at(readable, start)
        if chunk is None or chunk.end > end:
            raise ObjectionError(
                Answer.CONTRADICTION,
                f"is damaged: what begins at byte {start} does not fit in there",
            )
        yield chunk
        start = chunk.end + chunk.size % 2
