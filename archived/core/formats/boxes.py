"""The boxes that an MP4 or MOV file is made of (big endian; ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from archived.core.dataclass import dataclass
from archived.core.formats.reading import Budget, ObjectionError, Readable
from archived.core.model import Answer


@dataclass(frozen=True, slots=True)
class Box:
    """One box. `size` counts its header; it is 0 where the box says "to the end of the file"."""

    kind: bytes
    start: int
    header: int
    size: int

    @property
    def body(self) -> int:
        """Where its content begins."""
        return self.start + self.header

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + self.size

    @property
    def sound(self) -> bool:
        """Whether its size has room for its own header."""
        return self.size >= self.header


def box_at(readable: Readable, start: int) -> Box | None:
    """The box that begins here, or None where not even its header fits."""
    header = readable.read(start, 16)
    if len(header) < 8:
        return None
    size, kind = struct.unpack(">I4s", header[:8])
    if size != 1:
        return Box(kind, start, 8, size)
    if len(header) < 16:
        return None
    # A long size of 0 has no meaning; 1 makes it as unsound as it is.
    return Box(kind, start, 16, struct.unpack(">Q", header[8:])[0] or 1)


def boxes_in(readable: Readable, outer: Box, budget: Budget) -> Iterator[Box]:
    """The boxes in a box. Raises `ObjectionError` (cannot tell) where they do not fit into it."""
    position = outer.body
    while outer.end - position >= 8:
        budget.spend()
        box = box_at(readable, position)
        if box is None or not box.sound or box.end > outer.end:
            raise ObjectionError(
                Answer.CANNOT_TELL,
                f"has an index that is damaged near byte {position}; quiet time decides",
            )
        yield box
        position = box.end


def boxes_below(
    readable: Readable, outer: Box, path: tuple[bytes, ...], budget: Budget
) -> Iterator[Box]:
    """The boxes in the boxes that `path` leads to."""
    for box in boxes_in(readable, outer, budget):
        if not path:
            yield box
        elif box.kind == path[0]:
            yield from boxes_below(readable, box, path[1:], budget)
