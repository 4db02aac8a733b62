"""MP4 and QuickTime: the boxes must fill the file, with the index (`moov`) among them."""

from __future__ import annotations

from dataclasses import dataclass, field

from archived.core.formats.boxes import Box, box_at, boxes_below, boxes_in
from archived.core.formats.reading import (
    Budget,
    ObjectionError,
    Opinion,
    Readable,
    each_file,
)
from archived.core.formats.wording import grouped, in_bytes
from archived.core.formats.zeros import after_the_end, object_to_zeros_at_the_end
from archived.core.model import Answer

_FIRST = frozenset(b"ftyp moov mdat free skip wide junk pnot pict styp sidx moof uuid".split())
_TO_THE_CHUNKS = (b"trak", b"mdia", b"minf", b"stbl")
_ENDS = (b"free", b"skip", b"mfra")
_WIDTH = {b"stco": 4, b"co64": 8}


@dataclass
class _Seen:
    """The outermost boxes as far as they were looked at: the index, and where the last of a kind begins."""

    moov: Box | None = None
    mfra: Box | None = None
    outermost: Box | None = None
    """The last of all."""
    last: dict[bytes, int] = field(default_factory=dict)

    def note(self, box: Box) -> None:
        """Add the next box."""
        self.outermost = box
        if box.kind == b"moov":
            self.moov = box
        elif box.kind in (b"mdat", b"moof", b"mfra"):
            self.last[box.kind] = box.start
            self.mfra = box if box.kind == b"mfra" else self.mfra


def opinion(readable: Readable) -> Opinion:
    """Judge the bytes of one MP4 or MOV (ISO/IEC 14496-12; QuickTime File Format).

    While a plain one is written, its `mdat` has no size and there is no `moov`. One in fragments (`moof`)
    has no mark of its end but `mfra`, which not every writer leaves.
    """
    budget = Budget()
    seen = _Seen()
    position = 0
    while position < readable.size:
        budget.spend()
        box = box_at(readable, position)
        if seen.moov and (box is None or box.size == 0) and _zeros_at(readable, position):
            return after_the_end(readable, position)
        box = _whole(readable, position, box, seen)
        seen.note(box)
        position = box.end
    return _by_its_boxes(readable, seen, budget)


def _zeros_at(readable: Readable, position: int) -> bool:
    return not readable.read(position, 16).strip(b"\0")


def _whole(readable: Readable, position: int, box: Box | None, seen: _Seen) -> Box:
    """The box, once it is found to be all there."""
    if position == 0:
        _object_to_other_formats(readable, box)
    if box is None:
        raise _breaks_off(readable, position + 8, seen)
    if box.size == 0 and seen.moov:
        raise ObjectionError(
            Answer.CANNOT_TELL,
            "leaves open where its last part ends, as a stream does; quiet time decides",
        )
    if box.size == 0:
        raise _no_index()
    if not box.sound:
        raise ObjectionError(Answer.CONTRADICTION, f"is damaged at byte {grouped(position)}")
    if box.end > readable.size:
        raise _breaks_off(readable, box.end, seen)
    return box


def _object_to_other_formats(readable: Readable, box: Box | None) -> None:
    if box is None:
        raise ObjectionError(
            Answer.UNFINISHED, f"has {in_bytes(readable.size)}, too few for the header of an MP4"
        )
    if not any(readable.read(0, 4096)):
        raise ObjectionError(Answer.UNFINISHED, "begins with zeros: nothing was written there yet")
    if box.kind not in _FIRST:
        raise ObjectionError(Answer.CONTRADICTION, "is not the MP4 or MOV that its name says")


def _no_index() -> ObjectionError:
    return ObjectionError(
        Answer.UNFINISHED,
        "has no index (moov), which is written last: it is being written, or its writer was killed",
    )


def _breaks_off(readable: Readable, end: int, seen: _Seen) -> ObjectionError:
    if b"moof" in seen.last:
        return ObjectionError(
            Answer.UNFINISHED,
            "ends within a fragment: it is being written, or its writer was killed",
        )
    return ObjectionError(
        Answer.CONTRADICTION,
        f"breaks off: it has {grouped(readable.size)} of at least {grouped(end)} bytes",
    )


def _by_its_boxes(readable: Readable, seen: _Seen, budget: Budget) -> Opinion:
    if seen.moov is None:
        raise _no_index()
    _object_to_lost_index(readable, seen.moov)
    frames = max(seen.last.get(b"mdat", -1), seen.last.get(b"moof", -1))
    in_fragments = b"moof" in seen.last or any(
        box.kind == b"mvex" for box in boxes_in(readable, seen.moov, budget)
    )
    if in_fragments and not (
        seen.mfra and seen.mfra.start > frames and _is_closed(readable, seen.mfra)
    ):
        return (
            Answer.CANNOT_TELL,
            "is a video in fragments without a mark of its end (mfra); quiet time decides",
        )
    first_chunk, last_chunk = _chunks(readable, seen.moov, budget)
    if last_chunk >= readable.size:
        raise _breaks_off(readable, last_chunk + 1, seen)
    if frames < 0:
        return Answer.UNFINISHED, "has an index and no frames: it is being written"
    if first_chunk <= 0 and not in_fragments:
        return (
            Answer.CANNOT_TELL,
            "has an index that does not say where its frames are; quiet time decides",
        )
    # What is left free has nothing to lose, and the mark of an end was looked at.
    if seen.outermost and seen.outermost.kind not in _ENDS:
        object_to_zeros_at_the_end(readable)
    return Answer.FINISHED, "is a complete " + ("video in fragments" if in_fragments else "video")


def _object_to_lost_index(readable: Readable, moov: Box) -> None:
    """The size of the index is there, and the index is not: its blocks never reached the disk."""
    beginning = readable.read(moov.body, min(moov.end - moov.body, 64))
    if beginning and not any(beginning):
        raise ObjectionError(
            Answer.CONTRADICTION,
            "holds zeros where its index (moov) should be, as after a power failure",
        )


def _is_closed(readable: Readable, mfra: Box) -> bool:
    """Whether it ends with the box that tells its own size (`mfro`; ISO/IEC 14496-12, section 8.8.11)."""
    return (
        readable.read(mfra.end - 16, 16)[4:] == b"mfro\0\0\0\0" + mfra.size.to_bytes(8, "big")[4:]
    )


def _chunks(readable: Readable, moov: Box, budget: Budget) -> tuple[int, int]:
    """The first and the furthest byte at which the index says that the last frames of a track begin.

    Both are -1 where it says nothing. A file whose index comes first and which was cut between two boxes shows it
    only here.
    """
    found = []
    for box in boxes_below(readable, moov, _TO_THE_CHUNKS, budget):
        width = _WIDTH.get(box.kind)
        if width is None or box.end - box.body < 8:
            continue
        announced = int.from_bytes(readable.read(box.body + 4, 4), "big")
        count = min(announced, (box.end - box.body - 8) // width)
        if count:
            offset = readable.read(box.body + 8 + width * (count - 1), width)
            found.append(int.from_bytes(offset, "big"))
    return min(found, default=-1), max(found, default=-1)


check = each_file("mp4", (".mp4", ".m4v", ".mov", ".qt"), opinion)
