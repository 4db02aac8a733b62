"""Matroska and WebM: the segment must have its size, end with the file, and have its list of contents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archived.core.formats.reading import (
    ObjectionError,
    Opinion,
    Readable,
    each_file,
)
from archived.core.formats.wording import grouped, in_bytes
from archived.core.formats.zeros import after_the_end
from archived.core.model import Answer

_EBML = 0x1A45DFA3
_SEGMENT = 0x18538067
_SEEK_HEAD = 0x114D9B74
_SEEK = 0x4DBB
_SEEK_ID = 0x53AB
_SEEK_POSITION = 0x53AC
_CLUSTER = 0x1F43B675
_VOID = 0xEC
_CRC = 0xBF
_LONGEST_ID = 4
_LONGEST_SIZE = 8
_FEW = 64
_FEWER = 8
"""Children of an entry of the list of contents; it has two, and perhaps a checksum and a void."""


@dataclass(frozen=True, slots=True)
class Element:
    """One EBML element. `end` is None where its size is unknown."""

    id: int
    body: int
    end: int | None


def opinion(readable: Readable) -> Opinion:
    """Judge the bytes of one Matroska or WebM file (RFC 8794 and RFC 9559).

    While it is written, the size of its segment is unknown and a void stands where the list of contents
    (SeekHead) will go. A live stream never learns its size.
    """
    segment = _segment(readable)
    contents = _beginning(readable, segment)
    if segment.end is None and contents[:1] == [_VOID]:
        return (
            Answer.UNFINISHED,
            "has no size and a void for its list of contents: it is being written, or its writer "
            "was killed",
        )
    if segment.end is None:
        return (
            Answer.CANNOT_TELL,
            "leaves its size open, as a live stream does; quiet time decides",
        )
    if segment.end > readable.size:
        return (
            Answer.CONTRADICTION,
            f"breaks off: it has {grouped(readable.size)} of the {grouped(segment.end)} bytes "
            "announced in its header",
        )
    if segment.end < readable.size:
        return after_the_end(readable, segment.end)
    if _SEEK_HEAD not in contents:
        return Answer.CANNOT_TELL, "is without a list of contents (SeekHead); quiet time decides"
    _object_to_lost_contents(readable, segment)
    return Answer.FINISHED, "is a complete Matroska file"


def _segment(readable: Readable) -> Element:
    """The segment, which follows the EBML header, perhaps after a void."""
    head = _element(readable, 0)
    if head is None and readable.size < _LONGEST_ID + _LONGEST_SIZE:
        raise _only_a_beginning(readable)
    if head is None or head.id != _EBML:
        if not any(readable.read(0, 4096)):
            raise ObjectionError(
                Answer.UNFINISHED, "begins with zeros: nothing was written there yet"
            )
        raise ObjectionError(Answer.CONTRADICTION, "is not the Matroska file that its name says")
    element: Element | None = head
    for _ in range(_FEW):
        if element is None or element.end is None or element.end >= readable.size:
            break
        element = _element(readable, element.end)
        if element is not None and element.id == _SEGMENT:
            return element
        if element is not None and element.id not in (_VOID, _CRC):
            raise ObjectionError(
                Answer.CANNOT_TELL, "has a header that is damaged; quiet time decides"
            )
    raise _only_a_beginning(readable)


def _only_a_beginning(readable: Readable) -> ObjectionError:
    return ObjectionError(
        Answer.UNFINISHED,
        f"has only the beginning of a Matroska header in its {in_bytes(readable.size)}",
    )


def _beginning(readable: Readable, segment: Element) -> list[int]:
    """The ids of the first elements of the segment, up to the first frames."""
    found: list[int] = []
    position: int | None = segment.body
    for _ in range(_FEW):
        if position is None or position >= readable.size or found[-1:] == [_CLUSTER]:
            break
        element = _element(readable, position)
        if element is None:
            break
        found.append(element.id)
        position = element.end
    return found


def _object_to_lost_contents(readable: Readable, segment: Element) -> None:
    """The list of contents tells where each part of the file is; the index (Cues) is written last, behind the frames."""
    for _, head in _children(readable, segment.body, segment.end, _SEEK_HEAD):
        for start, seek in _children(readable, head.body, head.end, _SEEK):
            wanted = _value(readable, seek, _SEEK_ID)
            place = int.from_bytes(_value(readable, seek, _SEEK_POSITION), "big") + segment.body
            there = readable.read(place, max(len(wanted), 1))
            if not wanted or there == wanted:
                continue
            if place >= readable.size or not any(there):
                raise ObjectionError(
                    Answer.CONTRADICTION,
                    f"holds nothing at byte {grouped(place)}, where its list of contents says that a part of it is, "
                    "as after a power failure",
                )
            raise ObjectionError(
                Answer.CANNOT_TELL,
                f"has a list of contents that is damaged near byte {grouped(start)}; quiet time decides",
            )


def _children(
    readable: Readable, start: int, end: int | None, wanted: int
) -> Iterator[tuple[int, Element]]:
    """The first elements in an element, those with this id, each with where it begins."""
    for _ in range(_FEW if wanted in (_SEEK_HEAD, _SEEK) else _FEWER):
        element = _element(readable, start) if end is not None and start < end else None
        if element is None or element.end is None or element.id == _CLUSTER:
            return
        if element.id == wanted:
            yield start, element
        start = element.end


def _value(readable: Readable, seek: Element, wanted: int) -> bytes:
    """The content of a child, which is a few bytes; none where there is no such child."""
    for _, element in _children(readable, seek.body, seek.end, wanted):
        if element.end is not None:
            return readable.read(element.body, min(element.end - element.body, _LONGEST_SIZE))
    return b""


def _element(readable: Readable, start: int) -> Element | None:
    """The element that begins here, or None where these bytes are none."""
    header = readable.read(start, _LONGEST_ID + _LONGEST_SIZE)
    id_length = _length(header, 0, _LONGEST_ID)
    size_length = _length(header, id_length, _LONGEST_SIZE) if id_length else 0
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


check = each_file("matroska", (".mkv", ".webm", ".mka", ".mk3d"), opinion)
