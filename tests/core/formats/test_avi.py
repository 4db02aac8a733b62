"""AVI by its bytes: parts above 1 GiB, sizes that are unset, padding, hostile chunks."""

from __future__ import annotations

import struct
from contextlib import closing
from pathlib import Path

import pytest

from archived.core.formats import avi
from archived.core.formats.reading import ObjectionError, Opinion, Readable
from archived.core.model import Answer
from tests.core.formats.memory import Bytes

GIB = 1 << 30
MOVIE = b"00dc" + struct.pack("<I", 4) + b"abcd"


def chunk(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    """A chunk with its padding; `size` makes its header lie."""
    header = struct.pack("<4sI", kind, len(body) if size is None else size)
    return header + body + b"\0" * (len(body) % 2)


def header(frames: int = 1, in_all: int = 1, index: bytes = b"", kind: bytes = b"vids") -> bytes:
    """`LIST hdrl` with the frames of the first part and of all."""
    main = bytearray(56)
    struct.pack_into("<I", main, 16, frames)
    stream = bytearray(56)
    stream[:4] = kind
    struct.pack_into("<I", stream, 32, in_all)
    stream_list = chunk(b"LIST", b"strl" + chunk(b"strh", bytes(stream)) + index)
    return chunk(b"LIST", b"hdrl" + chunk(b"avih", bytes(main)) + stream_list)


def super_index(*offsets: int, used: int | None = None, kind: int = 0) -> bytes:
    """`indx`, which says where the index of each part is."""
    entries = b"".join(struct.pack("<QII", offset, 100, 1) for offset in offsets)
    count = len(offsets) if used is None else used
    return chunk(b"indx", struct.pack("<HBBI4s12x", 4, 0, kind, count, b"00dc") + entries)


def riff(*content: bytes, form: bytes = b"AVI ", size: int | None = None) -> bytes:
    return chunk(b"RIFF", form + b"".join(content), size)


def movie(frames: bytes = MOVIE) -> bytes:
    return chunk(b"LIST", b"movi" + frames)


def opinion(readable: Readable) -> Opinion:
    try:
        return avi.opinion(readable)
    except ObjectionError as objection:
        return objection.opinion


def answer(content: bytes) -> Answer:
    return opinion(Bytes(content))[0]


def test_the_least_avi_is_finished() -> None:
    assert opinion(Bytes(riff(header(), movie()))) == (Answer.FINISHED, "is a complete AVI")


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_an_unset_size_is_a_definite_no(size: int) -> None:
    assert opinion(Bytes(riff(header(), movie(), size=size))) == (
        Answer.UNFINISHED,
        "has no size in its header: it is being written, or its writer was killed",
    )


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_an_unset_size_of_the_second_part_is_a_definite_no(size: int) -> None:
    content = riff(header(), movie()) + riff(movie(), form=b"AVIX", size=size)

    assert answer(content) is Answer.UNFINISHED


def test_a_second_part_that_is_whole_is_finished() -> None:
    content = riff(header(), movie()) + riff(movie(), form=b"AVIX")

    assert opinion(Bytes(content)) == (Answer.FINISHED, "is a complete AVI of 2 parts")


def test_a_second_part_of_another_form_is_a_contradiction() -> None:
    assert answer(riff(header(), movie()) + riff(movie(), form=b"WAVE")) is Answer.CONTRADICTION


def test_bytes_after_the_last_part_are_a_definite_no() -> None:
    whole = riff(header(), movie())

    assert opinion(Bytes(whole + b"x")) == (
        Answer.UNFINISHED,
        "goes on for 1 byte after its own end: its writer has not closed it, or was killed",
    )


def test_another_kind_of_riff_is_a_contradiction() -> None:
    assert answer(riff(movie(), form=b"WAVE")) is Answer.CONTRADICTION


def test_a_part_without_frames_is_unfinished() -> None:
    assert answer(riff(header())) is Answer.UNFINISHED


def test_a_list_of_frames_without_a_size_is_unfinished() -> None:
    assert answer(riff(header(), chunk(b"LIST", b"", size=0))) is Answer.UNFINISHED


def test_an_avi_without_a_single_frame_leaves_it_to_quiet_time() -> None:
    assert answer(riff(header(frames=0, in_all=0), movie(b""))) is Answer.CANNOT_TELL


def test_a_chunk_that_sticks_out_is_a_contradiction() -> None:
    assert answer(riff(header(), chunk(b"LIST", b"movi" + MOVIE, size=500))) is Answer.CONTRADICTION


def test_chunks_of_odd_size_are_padded() -> None:
    assert answer(riff(header(), chunk(b"JUNK", b"odd"), movie(), chunk(b"idx1", b"x"))) is (
        Answer.FINISHED
    )


def test_a_last_chunk_without_its_padding_is_accepted() -> None:
    body = b"AVI " + header() + movie() + chunk(b"idx1", b"x")
    unpadded = body[:-1]
    whole = struct.pack("<4sI", b"RIFF", len(unpadded)) + unpadded

    assert answer(whole + b"\0") is Answer.FINISHED
    assert answer(whole) is Answer.CANNOT_TELL


def test_more_frames_than_the_only_part_has_leave_it_to_quiet_time() -> None:
    said, why = opinion(Bytes(riff(header(frames=821, in_all=1800), movie())))

    assert said is Answer.CANNOT_TELL
    assert "counts 1 800 frames in all and 821 in its first" in why


def test_the_length_of_the_sound_is_no_count_of_frames() -> None:
    assert answer(riff(header(frames=1, in_all=44_100, kind=b"auds"), movie())) is Answer.FINISHED


def test_an_index_may_point_at_no_header_that_is_not_there() -> None:
    size = len(riff(header(index=super_index(0)), movie()))

    fits = riff(header(index=super_index(size - 8)), movie())
    sticks_out = riff(header(index=super_index(size - 7)), movie())

    assert answer(fits) is Answer.FINISHED
    assert answer(sticks_out) is Answer.CONTRADICTION


@pytest.mark.parametrize("used", [0xFFFFFFFF, 2])
def test_an_index_that_lies_about_its_length_does_not_crash_it(used: int) -> None:
    assert answer(riff(header(index=super_index(12, used=used)), movie())) is Answer.FINISHED


def test_an_index_of_another_kind_is_not_followed() -> None:
    assert answer(riff(header(index=super_index(10**9, kind=1)), movie())) is Answer.FINISHED


def test_header_chunks_that_are_too_short_do_not_crash_it() -> None:
    short = chunk(
        b"LIST", b"hdrl" + chunk(b"avih", b"ab") + chunk(b"LIST", b"strl" + super_index()[:8])
    )

    assert answer(riff(short, movie())) is Answer.CONTRADICTION
    assert answer(riff(chunk(b"LIST", b"hdrl" + chunk(b"avih", b"ab")), movie())) is Answer.FINISHED


def test_millions_of_tiny_chunks_are_not_all_looked_at() -> None:
    file = Bytes(riff(header(), movie(), chunk(b"JUNK", b"") * 200_000))

    assert opinion(file)[0] is Answer.CANNOT_TELL
    assert file.reads < 100_100


class _File:
    """A file on disk, read as the rules read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = path.stat().st_size

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)

    def close(self) -> None:
        self._file.close()


class LargeFile:
    """An OpenDML file of three parts of 1 GiB, laid out as ffmpeg does; full of holes, so that it takes no room."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.starts = [0, GIB, 2 * GIB]
        self.end = 3 * GIB
        index = super_index(*(start + GIB - 200 for start in self.starts))
        beginning = header(frames=600, in_all=1800, index=index)
        with path.open("wb") as file:
            for start, form in zip(self.starts, (b"AVI ", b"AVIX", b"AVIX"), strict=True):
                head = struct.pack("<4sI4s", b"RIFF", GIB - 8, form)
                head += b"" if start else beginning
                frames = GIB - len(head) - 8
                file.seek(start)
                file.write(head + struct.pack("<4sI4s", b"LIST", frames, b"movi"))
            file.seek(self.end - 1)
            file.write(b"\1")

    def patch(self, offset: int, content: bytes) -> None:
        """Overwrite some bytes."""
        with self.path.open("r+b") as file:
            file.seek(offset)
            file.write(content)

    def cut(self, size: int) -> None:
        """Cut it off there."""
        with self.path.open("r+b") as file:
            file.truncate(size)

    def opinion(self) -> Opinion:
        """What the rule says of it."""
        with closing(_File(self.path)) as file:
            return opinion(file)


@pytest.fixture
def large(tmp_path: Path) -> LargeFile:
    return LargeFile(tmp_path / "large.avi")


def test_a_file_of_three_gibibytes_is_finished(large: LargeFile) -> None:
    assert large.opinion() == (Answer.FINISHED, "is a complete AVI of 3 parts")


def test_a_large_file_that_ends_in_zeros_is_left_to_quiet_time(large: LargeFile) -> None:
    large.patch(large.end - 1, b"\0")

    assert large.opinion()[0] is Answer.CANNOT_TELL


@pytest.mark.parametrize("parts", [1, 2])
def test_a_large_file_cut_exactly_between_two_parts_is_a_contradiction(
    large: LargeFile, parts: int
) -> None:
    large.cut(parts * GIB)

    said, why = large.opinion()

    assert said is Answer.CONTRADICTION
    assert why.startswith("breaks off: its index goes on to byte ")


@pytest.mark.parametrize(
    "size",
    [1, 11, 12, 5000, GIB - 1, GIB + 1, GIB + 9, GIB + 20, 2 * GIB - 1, 2 * GIB + 3, 3 * GIB - 1],
)
def test_a_large_file_cut_anywhere_is_never_finished(large: LargeFile, size: int) -> None:
    large.cut(size)

    assert large.opinion()[0] in (Answer.UNFINISHED, Answer.CONTRADICTION)


@pytest.mark.parametrize("unset", [bytes(4), b"\xff" * 4])
def test_a_large_file_under_way_looks_finished_but_for_its_last_part(
    large: LargeFile, unset: bytes
) -> None:
    large.patch(large.starts[2] + 4, unset)
    large.patch(large.starts[2] + 16, unset)

    assert large.opinion()[0] is Answer.UNFINISHED


def test_a_large_file_with_its_second_part_just_begun_is_unfinished(large: LargeFile) -> None:
    large.patch(large.starts[1] + 4, bytes(4))
    large.cut(large.starts[1] + 24)

    assert large.opinion()[0] is Answer.UNFINISHED
