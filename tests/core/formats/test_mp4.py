"""MP4 and MOV by their bytes: boxes of every sort of size, fragments, indexes that point too far, hostile boxes."""

from __future__ import annotations

import struct

import pytest

from archived.core.formats import mp4
from archived.core.formats.reading import ObjectionError, Opinion
from archived.core.model import Answer
from tests.core.formats.memory import Bytes


def box(kind: bytes, *content: bytes, size: int | None = None) -> bytes:
    """A box; `size` makes its header lie."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body) if size is None else size, kind) + body


def long_box(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    """A box with a size of 64 bits."""
    return struct.pack(">I4sQ", 1, kind, 16 + len(body) if size is None else size) + body


def index(
    *offsets: int, announced: int | None = None, wide: bool = False, extra: bytes = b""
) -> bytes:
    """`moov` of one track whose frames begin at these places."""
    count = len(offsets) if announced is None else announced
    table = struct.pack(">II", 0, count) + struct.pack(
        f">{len(offsets)}{'Q' if wide else 'I'}", *offsets
    )
    chunks = box(b"co64" if wide else b"stco", table)
    return box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", chunks)))), extra)


FTYP = box(b"ftyp", b"isom", bytes(4))
DATA = box(b"mdat", b"frames")
END = box(b"mfra", bytes(6), box(b"mfro", struct.pack(">II", 0, 8 + 6 + 16)))
FRAGMENT = box(b"moof", b"x" * 20) + DATA
INIT = index(extra=box(b"mvex", bytes(8)))


def opinion(content: bytes, size: int | None = None) -> Opinion:
    try:
        return mp4.opinion(Bytes(content, size))
    except ObjectionError as objection:
        return objection.opinion


def answer(*content: bytes) -> Answer:
    return opinion(b"".join(content))[0]


@pytest.mark.parametrize(
    "content",
    [
        FTYP + DATA + index(20),
        FTYP + index(20) + DATA,
        FTYP + DATA + index(20) + box(b"free", bytes(50)),
        FTYP + box(b"wide") + DATA + DATA + index(30),
        FTYP + long_box(b"mdat", b"frames") + index(20),
        FTYP + DATA + index(20, wide=True),
        box(b"mdat", b"frames") + index(8),
        box(b"wide") + box(b"mdat", b"frames") + index(8),
    ],
)
def test_real_layouts_are_finished(content: bytes) -> None:
    assert opinion(content) == (Answer.FINISHED, "is a complete video")


def test_without_an_index_it_is_unfinished() -> None:
    assert answer(FTYP, DATA) is Answer.UNFINISHED


def test_frames_without_a_size_are_unfinished() -> None:
    assert answer(FTYP, box(b"free"), box(b"mdat", b"frames", size=0)) is Answer.UNFINISHED


def test_frames_without_a_size_after_the_index_leave_it_to_quiet_time() -> None:
    assert answer(FTYP, index(20), box(b"mdat", b"frames", size=0)) is Answer.CANNOT_TELL


def test_an_index_without_frames_is_unfinished() -> None:
    assert answer(FTYP, index()) is Answer.UNFINISHED


@pytest.mark.parametrize("wide", [False, True])
def test_an_index_that_points_behind_the_end_is_a_contradiction(wide: bool) -> None:
    content = FTYP + index(30, 5000, wide=wide) + DATA

    said, why = opinion(content)

    assert said is Answer.CONTRADICTION
    assert why == f"breaks off: it has {len(content)} of at least 5 001 bytes"


def test_an_index_may_not_point_at_the_very_end() -> None:
    size = len(FTYP + index(0) + DATA)

    assert answer(FTYP, index(size - 1), DATA) is Answer.FINISHED
    assert answer(FTYP, index(size), DATA) is Answer.CONTRADICTION


def test_an_index_without_room_for_its_count_points_at_nothing() -> None:
    chunks = box(b"stbl", box(b"stco", bytes(4)))
    short = box(b"moov", box(b"trak", box(b"mdia", box(b"minf", chunks))))

    assert answer(FTYP, short, DATA) is Answer.CANNOT_TELL


def test_a_file_cut_between_two_boxes_of_frames_is_a_contradiction() -> None:
    frames = box(b"mdat", b"x" * 30)
    whole = FTYP + index(120, 150) + frames + frames

    assert answer(whole) is Answer.FINISHED
    assert answer(whole[: -len(frames)]) is Answer.CONTRADICTION


@pytest.mark.parametrize("announced", [0xFFFFFFFF, 4])
def test_an_index_that_lies_about_its_length_does_not_crash_it(announced: int) -> None:
    assert answer(FTYP, index(20, 21, announced=announced), DATA) is Answer.FINISHED


def test_frames_that_break_off_are_a_contradiction() -> None:
    assert opinion(FTYP + index(20) + box(b"mdat", b"frames", size=2_000_000)) == (
        Answer.CONTRADICTION,
        f"breaks off: it has {len(FTYP + index(20)) + 14} of at least "
        f"{mp4.grouped(len(FTYP + index(20)) + 2_000_000)} bytes",
    )


@pytest.mark.parametrize("size", [2, 7])
def test_a_box_smaller_than_its_header_is_a_contradiction(size: int) -> None:
    assert answer(FTYP, box(b"free", size=size), DATA) is Answer.CONTRADICTION


@pytest.mark.parametrize("size", [0, 1, 15, 1 << 63, (1 << 64) - 1])
def test_a_senseless_long_size_is_a_contradiction(size: int) -> None:
    assert answer(FTYP, long_box(b"mdat", b"frames", size=size)) is Answer.CONTRADICTION


def test_fragments_without_a_mark_of_their_end_leave_it_to_quiet_time() -> None:
    assert answer(FTYP, INIT, FRAGMENT * 5) is Answer.CANNOT_TELL


def test_fragments_with_a_mark_of_their_end_are_finished() -> None:
    content = FTYP + INIT + FRAGMENT * 5 + END

    assert opinion(content) == (Answer.FINISHED, "is a complete video in fragments")


def test_a_mark_whose_content_never_reached_the_disk_leaves_it_to_quiet_time() -> None:
    lost = END[:8] + bytes(len(END) - 8)

    assert answer(FTYP, INIT, FRAGMENT, lost) is Answer.CANNOT_TELL


def test_fragments_after_the_mark_leave_it_to_quiet_time() -> None:
    assert answer(FTYP, INIT, FRAGMENT, END, FRAGMENT) is Answer.CANNOT_TELL


def test_a_fragment_that_breaks_off_is_unfinished() -> None:
    assert answer(FTYP, INIT, FRAGMENT, FRAGMENT[:-1]) is Answer.UNFINISHED


def test_an_index_that_announces_fragments_is_not_finished_by_itself() -> None:
    assert answer(FTYP, INIT) is Answer.CANNOT_TELL
    assert answer(FTYP, INIT, DATA) is Answer.CANNOT_TELL


def test_a_damaged_index_leaves_it_to_quiet_time() -> None:
    assert answer(FTYP, DATA, box(b"moov", box(b"trak", bytes(20), size=500))) is Answer.CANNOT_TELL


def test_an_index_that_ends_in_the_zeros_that_quicktime_writes_is_left_to_quiet_time() -> None:
    assert answer(FTYP, DATA, index(20, extra=bytes(4))) is Answer.CANNOT_TELL
    assert answer(FTYP, DATA, index(20, extra=bytes(4)), box(b"free", bytes(9))) is Answer.FINISHED


def test_frames_at_the_end_that_end_in_zeros_are_left_to_quiet_time() -> None:
    place = len(FTYP + index(0)) + 8

    assert answer(FTYP, index(place), box(b"mdat", b"frame")) is Answer.FINISHED
    assert answer(FTYP, index(place), box(b"mdat", b"frame\0")) is Answer.CANNOT_TELL


def test_an_index_whose_content_never_reached_the_disk_is_a_contradiction() -> None:
    assert answer(FTYP, DATA, box(b"moov", bytes(4))) is Answer.CONTRADICTION
    assert answer(FTYP, DATA, box(b"moov", bytes(500))) is Answer.CONTRADICTION


def test_an_index_of_which_a_part_reached_the_disk_leaves_it_to_quiet_time() -> None:
    whole = FTYP + DATA + index(20, 21, 22)

    for place in range(len(FTYP + DATA) + 16, len(whole) - 3):
        assert answer(whole[:place], bytes(len(whole) - place)) is Answer.CANNOT_TELL


def test_an_index_without_frames_leaves_it_to_quiet_time() -> None:
    assert answer(FTYP, DATA, box(b"moov", box(b"mvhd", bytes(100)))) is Answer.CANNOT_TELL


def test_millions_of_tiny_boxes_are_not_all_looked_at() -> None:
    file = Bytes(FTYP + index(8) + box(b"free") * 200_000)

    with pytest.raises(ObjectionError) as objection:
        mp4.opinion(file)

    assert objection.value.opinion[0] is Answer.CANNOT_TELL
    assert file.reads < 100_100


def test_tracks_in_tracks_are_not_followed_for_ever() -> None:
    nested = b""
    for _ in range(2000):
        nested = box(b"trak", nested)

    assert answer(FTYP, DATA, box(b"moov", nested)) is Answer.CANNOT_TELL
