"""Matroska and WebM: the segment must have its size, end with the file, and have its list of contents."""

from __future__ import annotations

from collections.abc import Iterator

from archived.core.formats.ebml import (
    LONGEST_ID,
    LONGEST_SIZE,
    Element,
    Whole,
    damaged,
    element_at,
    filling,
)
from archived.core.formats.matroska_end import CLUSTER, CRC, CUES, VOID, object_to_lost_end
from archived.core.formats.reading import (
    Budget,
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
_FEW = 64
_STEPS = 20_000


def opinion(readable: Readable) -> Opinion:
    """Judge the bytes of one Matroska or WebM file (RFC 8794 and RFC 9559).

    While it is written, the size of its segment is unknown and a void stands where the list of contents
    (SeekHead) will go. A live stream never learns its size.
    """
    segment = _segment(readable)
    contents = _beginning(readable, segment)
    if segment.end is None and contents[:1] == [VOID]:
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
    cues = _cues_of_contents(readable, segment, segment.end)
    object_to_lost_end(readable, segment.body, segment.end, cues)
    return Answer.FINISHED, "is a complete Matroska file"


def _segment(readable: Readable) -> Element:
    """The segment, which follows the EBML header, perhaps after a void."""
    head = element_at(readable, 0)
    if head is None and readable.size < LONGEST_ID + LONGEST_SIZE:
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
        element = element_at(readable, element.end)
        if element is not None and element.id == _SEGMENT:
            return element
        if element is not None and element.id not in (VOID, CRC):
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
        if position is None or position >= readable.size or found[-1:] == [CLUSTER]:
            break
        element = element_at(readable, position)
        if element is None:
            break
        found.append(element.id)
        position = element.end
    return found


def _cues_of_contents(readable: Readable, segment: Element, end: int) -> int | None:
    """Where the index (Cues) is, by the list of contents, all of whose entries must be true; None where it has none.

    The list tells where each part of the file is; the index is mostly written last, behind the frames.
    """
    cues, entries, budget = None, 0, Budget(_STEPS)
    for head in _outermost(readable, segment, end, budget):
        if head.id != _SEEK_HEAD:
            continue
        for seek in filling(readable, head.body, head.end, budget):
            if seek.id != _SEEK:
                continue
            entries += 1
            wanted, place = _entry(readable, seek, budget)
            place += segment.body
            _object_to_another(readable, seek, wanted, place)
            cues = place if int.from_bytes(wanted) == CUES else cues
    if not entries:
        raise ObjectionError(
            Answer.CANNOT_TELL, "has a list of contents without an entry; quiet time decides"
        )
    return cues


def _outermost(readable: Readable, segment: Element, end: int, budget: Budget) -> Iterator[Whole]:
    """The first parts of the segment, up to its frames."""
    for number, element in enumerate(filling(readable, segment.body, end, budget)):
        if element.id == CLUSTER or number == _FEW:
            return
        yield element


def _entry(readable: Readable, seek: Whole, budget: Budget) -> tuple[bytes, int]:
    """What an entry of the list of contents says: the id of a part, and its place in the segment."""
    values = {
        each.id: readable.read(each.body, min(each.end - each.body, LONGEST_SIZE))
        for each in filling(readable, seek.body, seek.end, budget)
    }
    if not values.get(_SEEK_ID) or _SEEK_POSITION not in values:
        raise damaged(seek.start)
    return values[_SEEK_ID], int.from_bytes(values[_SEEK_POSITION])


def _object_to_another(readable: Readable, seek: Whole, wanted: bytes, place: int) -> None:
    there = readable.read(place, len(wanted))
    if there == wanted:
        return
    if place >= readable.size or not any(there) or not any(wanted):
        raise ObjectionError(
            Answer.CONTRADICTION,
            f"holds nothing at byte {grouped(place)}, where its list of contents says that a part of it is, "
            "as after a power failure",
        )
    raise ObjectionError(
        Answer.CANNOT_TELL,
        f"has a list of contents that is damaged near byte {grouped(seek.start)}; quiet time decides",
    )


check = each_file("matroska", (".mkv", ".webm", ".mka", ".mk3d"), opinion)
