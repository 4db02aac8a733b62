"""The end of a Matroska file: from the last frames that its index (Cues) knows of, its parts must fill it."""

from __future__ import annotations

import zlib

from archived.core.formats.ebml import (
    Element,
    Held,
    Whole,
    damaged,
    element_at,
    filling,
    nothing_there,
)
from archived.core.formats.reading import Budget, ObjectionError, Readable
from archived.core.formats.wording import grouped
from archived.core.formats.zeros import object_to_zeros_at_the_end
from archived.core.model import Answer

CLUSTER = 0x1F43B675
CUES = 0x1C53BB6B
VOID = 0xEC
CRC = 0xBF
_CUE_POINT = 0xBB
_CUE_POSITIONS = 0xB7
_CUE_CLUSTER = 0xF1
_BLOCKS = (0xA3, 0xA1)
_OUTERMOST = frozenset(
    [0x114D9B74, 0x1549A966, 0x1654AE6B, CLUSTER, CUES, 0x1941A469, 0x1043A770, 0x1254C367, VOID, CRC]
)  # fmt: skip
"""SeekHead, Info, Tracks, Cluster, Cues, Attachments, Chapters, Tags (RFC 9559, section 5.1)."""
_OF_ELEMENTS = _OUTERMOST - {VOID, CRC} | frozenset(
    [0x4DBB, 0xAE, 0xE0, 0xE1, 0xA0, _CUE_POINT, _CUE_POSITIONS, 0x61A7, 0x45B9, 0xB6, 0x80, 0x7373, 0x63C0, 0x67C8]
)  # fmt: skip
"""Those whose content is elements again."""
_HELD = 1 << 20
_TAIL = 1 << 16
_STEPS = 20_000


def object_to_lost_end(readable: Readable, body: int, end: int, cues: int | None) -> None:
    """Raise `ObjectionError` where what should be between the last known frames and the end is not there.

    `body` and `end` are those of the segment, `cues` is where its list of contents says that the index is. A
    cluster holds some seconds; to walk through all of them would be to read all over the disk.
    """
    start = _last_known_cluster(readable, body, end, cues)
    budget = Budget(_STEPS)
    last: Whole | None = None
    cluster: Whole | None = None
    shown = False
    for element in filling(readable, start, end, budget):
        last = element
        if element.id not in _OUTERMOST:
            raise damaged(element.start)
        if element.id == CLUSTER:
            cluster = element
        elif element.id == CUES:
            if element.start != cues:
                _last_cue(readable, element, budget)
            shown = _object_to_other_checksum(readable, element, budget)
        else:
            shown = _object_to_lost_inside(readable, element, budget)
    if cluster is not None:
        inside = _object_to_lost_inside(readable, cluster, budget)
        shown = inside if cluster == last else shown
    if not shown:
        object_to_zeros_at_the_end(readable)


def _last_known_cluster(readable: Readable, body: int, end: int, cues: int | None) -> int:
    """Where the cluster begins that the last entry of the index points at; without an index, the first part."""
    if cues is None:
        return body
    index = element_at(readable, cues)
    if index is None or index.end is None or index.end > end:
        raise nothing_there(readable, cues) if index is None else damaged(cues)
    point = _last_cue(readable, Whole(index.id, cues, index.body, index.end), Budget(_STEPS))
    if point is None:
        return body
    start = body + point
    cluster: Element | None = element_at(readable, start) if start < end else None
    if cluster is None:
        raise nothing_there(readable, start)
    if cluster.id != CLUSTER:
        raise damaged(start)
    return start


def _last_cue(readable: Readable, index: Whole, budget: Budget) -> int | None:
    """The place in the segment that the last entry of the index gives; None where the index has no entries."""
    first, held = index.body, _held(readable, index)
    if held.start > first:
        first = _first_entry(held)
    point: Whole | None = None
    for entry in filling(held, first, index.end, budget):
        if entry.id == _CUE_POINT:
            point = entry
        elif entry.id not in (VOID, CRC):
            raise damaged(entry.start)
    if point is None:
        return None
    for positions in filling(held, point.body, point.end, budget):
        if positions.id == _CUE_POSITIONS:
            for value in filling(held, positions.body, positions.end, budget):
                if value.id == _CUE_CLUSTER:
                    return int.from_bytes(held.read(value.body, min(8, value.end - value.body)))
    raise damaged(point.start)


def _held(readable: Readable, element: Whole) -> Held:
    """An element that may have many entries, or the end of a very long one."""
    length = element.end - element.body
    start = element.body if length <= _TAIL * 4 else element.end - _TAIL
    return Held(readable.read(start, element.end - start), start)


def _first_entry(held: Held) -> int:
    """Where in the end of an index its first entry begins that is there whole: from there, entries fill it."""
    ends, first = {held.size}, held.size
    for start in range(held.size - 2, held.start - 1, -1):
        if held.content[start - held.start] == _CUE_POINT:
            entry = element_at(held, start)
            if entry is not None and entry.end in ends:
                ends.add(start)
                first = start
    if first == held.size:
        raise nothing_there(held, held.size - 12)
    return first


def _object_to_lost_inside(readable: Readable, element: Whole, budget: Budget) -> bool:
    """The elements in one must fill it, and so must those in the last of them, and so on.

    Returns whether zeros at its end instead of what was there would have shown, by a checksum. What a void holds
    is lost to nobody.
    """
    shown = False
    while element.id in _OF_ELEMENTS and element.end > element.body:
        last = element
        for part in filling(readable, element.body, element.end, budget):
            last = part
        if element.id != CLUSTER:
            shown = _object_to_other_checksum(readable, element, budget) or shown
        element = last
    # A block begins with the number of its track, which is never 0 (and so never begins with a zero byte).
    if element.id in _BLOCKS and readable.read(element.body, 1) == b"\0":
        raise nothing_there(readable, element.body)
    return shown or element.id == VOID


def _object_to_other_checksum(readable: Readable, element: Whole, budget: Budget) -> bool:
    """What an element has as its first may be the checksum of the rest (RFC 8794, section 11.3.1).

    Returns whether it has one, which agrees.
    """
    length = element.end - element.body
    first = element_at(readable, element.body)
    if length > _HELD or first is None or first.id != CRC or first.end != first.body + 4:
        return False
    budget.spend(1 + (length >> 12))
    announced = int.from_bytes(readable.read(first.body, 4), "little")
    content = readable.read(first.end, element.end - first.end)
    if zlib.crc32(content) == announced:
        return True
    if not content.endswith(b"\0"):
        raise damaged(element.start)
    raise ObjectionError(
        Answer.CONTRADICTION,
        f"has a part from byte {grouped(element.start)} on that ends in zeros and is not what its checksum says, "
        "as after a power failure",
    )
