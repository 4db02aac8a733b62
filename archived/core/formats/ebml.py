"""The elements that a Matroska file is made of (RFC 8794): an id, a size, and content, which may be elements again."""

from __future__ import annotations

from collections.abc import Iterator

from archived.core.dataclass import dataclass
from archived.core.formats.reading import Budget, ObjectionError, Readable
from archived.core.formats.wording import grouped
from archived.core.model import Answer

LONGEST_ID = 4
LONGEST_SIZE = 8


@dataclass(frozen=True, slots=True)
class Element:
    """One EBML element. `end` is None where its size is unknown."""

    id: int
    body: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Whole:
    """One EBML element whose end is known."""

    id: int
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Held:
    """A piece of a file that was read at once; what is outside of it reads as nothing."""

    content: bytes
    start: int

    @property
    def size(self) -> int:
        """Where the piece ends in its file."""
        return self.start + len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there, as far as they are held."""
        at = offset - self.start
        return self.content[at : at + length] if at >= 0 else b""


def element_at(readable: Readable, start: int) -> Element | None:
    """The element that begins here, or None where these bytes are none."""
    header = readable.read(start, LONGEST_ID + LONGEST_SIZE)
    id_length = _length(header, 0, LONGEST_ID)
    size_length = _length(header, id_length, LONGEST_SIZE) if id_length else 0
    if not size_length:
        return None
    # The marker of the length belongs to an id and not to a size.
    size = int.from_bytes(header[id_length : id_length + size_length], "big")
    size &= (1 << 7 * size_length) - 1
    body = start + id_length + size_length
    unknown = size == (1 << 7 * size_length) - 1
    return Element(
        int.from_bytes(header[:id_length], "big"), body, None if unknown else body + size
    )


def _length(header: bytes, offset: int, longest: int) -> int:
    """How many bytes the number there has, by its leading zero bits; 0 where it is none or is cut."""
    if offset >= len(header):
        return 0
    length = 9 - header[offset].bit_length()
    return length if length <= longest and offset + length <= len(header) else 0


def filling(readable: Readable, start: int, end: int, budget: Budget) -> Iterator[Whole]:
    """The elements that fill `start` to `end` exactly. Raises `ObjectionError` where they do not."""
    while start < end:
        budget.spend()
        element = element_at(readable, start)
        if element is None or (element.end is not None and element.end > end):
            raise nothing_there(readable, start)
        if element.end is None:
            raise ObjectionError(
                Answer.CANNOT_TELL,
                f"leaves the size of a part open at byte {grouped(start)}, as a live stream does; "
                "quiet time decides",
            )
        yield Whole(element.id, start, element.body, element.end)
        start = element.end


def nothing_there(readable: Readable, start: int) -> ObjectionError:
    """What to say where an element should begin and does not: zeros are blocks that never reached the disk."""
    if not any(readable.read(start, LONGEST_ID + LONGEST_SIZE)):
        return ObjectionError(
            Answer.CONTRADICTION,
            f"holds zeros at byte {grouped(start)}, where a part of it should begin, "
            "as after a power failure",
        )
    return damaged(start)


def damaged(start: int) -> ObjectionError:
    """What to say of bytes that are something else than they should be."""
    return ObjectionError(
        Answer.CANNOT_TELL, f"is damaged near byte {grouped(start)}; quiet time decides"
    )
