"""AVI, also above 1 GiB (OpenDML): its parts must fill the file, each with its frames, and none be missing."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from archived.core.formats.reading import (
    Budget,
    ObjectionError,
    Opinion,
    Readable,
    each_file,
)
from archived.core.formats.riff import HEADER, UNSET, Chunk, chunk_at, chunks
from archived.core.formats.wording import grouped, in_bytes
from archived.core.formats.zeros import after_the_end, object_to_zeros_at_the_end
from archived.core.model import Answer

_ENTRY = 16
"""Bytes of an entry of the index `idx1`: the name of a chunk, flags, where it is, its size."""
_NUMBER = 4
_LONGEST_INDEX = 1 << 16
_INDEX_OF_INDEXES = 0


def opinion(readable: Readable) -> Opinion:
    """Judge the bytes of one AVI.

    A finished one is a `RIFF AVI `, above 1 GiB followed by `RIFF AVIX` parts (OpenDML AVI file format
    extensions 1.02), that end at the end of the file. While it is written, the size of its last part is
    unset; the earlier parts, and the counts of frames in the first, look finished all the while.
    """
    budget = Budget()
    first, pieces = _part(readable, 0, b"AVI ", budget)
    last, parts, end = pieces, 1, _padded_end(readable, first)
    while end < readable.size:
        following = chunk_at(readable, end)
        if following is None or following.kind != b"RIFF":
            return after_the_end(readable, end)
        part, last = _part(readable, end, b"AVIX", budget)
        parts, end = parts + 1, _padded_end(readable, part)
    _object_to_missing_parts(readable, pieces, parts, budget)
    _object_to_lost_end(readable, last)
    return Answer.FINISHED, "is a complete AVI" + (f" of {parts} parts" if parts > 1 else "")


def _part(
    readable: Readable, start: int, form: bytes, budget: Budget
) -> tuple[Chunk, Sequence[Chunk]]:
    """The RIFF that begins here, once it is found to be whole, and the chunks in it."""
    budget.spend()
    part = chunk_at(readable, start)
    if part is None:
        raise ObjectionError(
            Answer.UNFINISHED, f"has {in_bytes(readable.size)}, too few for the header of an AVI"
        )
    if part.kind != b"RIFF":
        raise _no_avi(readable)
    if part.size in UNSET:
        raise ObjectionError(
            Answer.UNFINISHED,
            "has no size in its header: it is being written, or its writer was killed",
        )
    if part.end > readable.size:
        raise ObjectionError(
            Answer.CONTRADICTION,
            f"breaks off: it has {grouped(readable.size)} of the {grouped(part.end)} bytes "
            "announced in its header",
        )
    if part.form != form:
        raise _no_avi(readable)
    pieces = chunks(readable, part.body, part.end, budget)
    _object_to_missing_frames(pieces)
    return part, pieces


def _no_avi(readable: Readable) -> ObjectionError:
    if not any(readable.read(0, 4096)):
        return ObjectionError(Answer.UNFINISHED, "begins with zeros: nothing was written there yet")
    return ObjectionError(Answer.CONTRADICTION, "is not the AVI that its name says")


def _object_to_missing_frames(pieces: Sequence[Chunk]) -> None:
    movie = [chunk for chunk in pieces if chunk.kind == b"LIST" and chunk.form in (b"movi", b"")]
    if not movie or not movie[0].form:
        raise ObjectionError(
            Answer.UNFINISHED,
            "has no list of frames: it is being written, or its writer was killed",
        )
    following = pieces[pieces.index(movie[-1]) + 1 :]
    if following and not any(chunk.kind.strip(b"\0") for chunk in following):
        raise ObjectionError(
            Answer.CONTRADICTION,
            f"has nothing but zeros after its frames, from byte {grouped(following[0].start)} on, where its "
            "index should be, as after a power failure",
        )
    if {chunk.size for chunk in movie} == {_NUMBER}:
        raise ObjectionError(
            Answer.CANNOT_TELL, "is an AVI without a single frame; quiet time decides"
        )


def _object_to_lost_end(readable: Readable, pieces: Sequence[Chunk]) -> None:
    """The last entry of the index at the end must be the header of a chunk of the frames; nothing else may end in zeros."""
    last = pieces[-1]
    if last.kind == b"JUNK":
        return
    if last.kind != b"idx1" or last.size < _ENTRY:
        object_to_zeros_at_the_end(readable, _NUMBER)
        return
    entry = readable.read(last.body + last.size // _ENTRY * _ENTRY - _ENTRY, _ENTRY)
    offset = int.from_bytes(entry[8:12], "little")
    # The offset counts from the name of the list, and with some writers from the beginning of the file.
    places = [chunk.start + HEADER + offset for chunk in pieces if chunk.form == b"movi"]
    if entry[:4] + entry[12:] not in (readable.read(place, HEADER) for place in (*places, offset)):
        raise ObjectionError(
            Answer.CANNOT_TELL,
            "has an index whose last entry is none of its frames, so that its end may be lost; "
            "quiet time decides",
        )


def _padded_end(readable: Readable, part: Chunk) -> int:
    if part.size % 2 and part.end == readable.size:
        raise ObjectionError(
            Answer.CANNOT_TELL,
            "is complete but for a last byte of padding, which some writers leave out; "
            "quiet time decides",
        )
    return part.end + part.size % 2


def _object_to_missing_parts(
    readable: Readable, first: Sequence[Chunk], parts: int, budget: Budget
) -> None:
    """A file that was cut exactly between two parts shows it only in the header of the first.

    The index of indexes names a place in every part; without one, the frames of the whole file (in the
    stream's header) against those of the first part (in the main header) are a hint.
    """
    in_first = in_all = 0
    for chunk, stream_is_video in _header_chunks(readable, first, budget):
        if chunk.kind == b"avih":
            in_first = _number(readable, chunk, 16)
        elif chunk.kind == b"strh" and stream_is_video:
            in_all = max(in_all, _number(readable, chunk, 32))
        elif (
            chunk.kind == b"indx"
            and (last := _last_indexed(readable, chunk, budget)) >= readable.size
        ):
            raise ObjectionError(
                Answer.CONTRADICTION,
                f"breaks off: its index goes on to byte {grouped(last)}, "
                f"but it has {in_bytes(readable.size)}",
            )
    if parts == 1 and in_all > in_first:
        raise ObjectionError(
            Answer.CANNOT_TELL,
            f"counts {grouped(in_all)} frames in all and {grouped(in_first)} in its first and only "
            "part, so that a part may be missing; quiet time decides",
        )


def _header_chunks(
    readable: Readable, first: Sequence[Chunk], budget: Budget
) -> Iterator[tuple[Chunk, bool]]:
    """The chunks of the header, each with whether it belongs to a video stream."""
    for header in first:
        if header.form != b"hdrl":
            continue
        for outer in chunks(readable, header.body, header.end, budget):
            if outer.form != b"strl":
                yield outer, False
                continue
            inner = chunks(readable, outer.body, outer.end, budget)
            kinds = [readable.read(chunk.body, 4) for chunk in inner if chunk.kind == b"strh"]
            for chunk in inner:
                yield chunk, b"vids" in kinds


def _number(readable: Readable, chunk: Chunk, offset: int) -> int:
    """The unsigned 32-bit number there, 0 where the chunk is too short for it."""
    if chunk.size < offset + 4:
        return 0
    return int.from_bytes(readable.read(chunk.body + offset, 4), "little")


def _last_indexed(readable: Readable, chunk: Chunk, budget: Budget) -> int:
    """The furthest byte that an index of indexes points at, -1 where it points at nothing."""
    index = readable.read(chunk.body, min(chunk.size, _LONGEST_INDEX))
    if len(index) < 24 or index[3] != _INDEX_OF_INDEXES:
        return -1
    used = min(int.from_bytes(index[4:8], "little"), (len(index) - 24) // 16)
    budget.spend(used)
    return max(
        (
            struct.unpack_from("<Q", index, 24 + 16 * number)[0] + HEADER - 1
            for number in range(used)
        ),
        default=-1,
    )


check = each_file("avi", (".avi",), opinion)
