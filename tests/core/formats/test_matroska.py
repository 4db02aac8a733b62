"""Matroska by its bytes: sizes known and unknown, numbers of every length, hostile elements."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.formats import matroska
from archived.core.formats.reading import ObjectionError, Opinion
from archived.core.model import Answer
from tests.core.formats.memory import Bytes

UNKNOWN = b"\x01" + b"\xff" * 7
EBML = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"
VOID = b"\xec"


def number(value: int, length: int = 8) -> bytes:
    """An EBML number of so many bytes."""
    return (value | 1 << 7 * length).to_bytes(length, "big")


def element(id: bytes, body: bytes = b"", size: bytes | None = None, length: int = 8) -> bytes:
    return id + (number(len(body), length) if size is None else size) + body


HEAD = element(EBML, b"\x42\x86\x81\x01", length=1)
CONTENTS = element(b"\x11\x4d\x9b\x74", bytes(40))
CLUSTER = element(b"\x1f\x43\xb6\x75", bytes(200))
BODY = CONTENTS + element(VOID, bytes(30)) + element(b"\x15\x49\xa9\x66", bytes(9)) + CLUSTER


def opinion(content: bytes) -> Opinion:
    try:
        return matroska.opinion(Bytes(content))
    except ObjectionError as objection:
        return objection.opinion


def answer(*content: bytes) -> Answer:
    return opinion(b"".join(content))[0]


@pytest.mark.parametrize("length", range(2, 9))
def test_a_segment_that_ends_with_the_file_is_finished(length: int) -> None:
    assert answer(HEAD, element(SEGMENT, BODY, length=length)) is Answer.FINISHED


def test_a_void_before_the_segment_is_passed_over() -> None:
    assert answer(HEAD, element(VOID, bytes(99)), element(SEGMENT, BODY)) is Answer.FINISHED


@pytest.mark.parametrize("unknown", [UNKNOWN, b"\xff", b"\x7f\xff", b"\x1f\xff\xff\xff"])
def test_an_unknown_size_with_a_void_for_the_contents_is_a_definite_no(unknown: bytes) -> None:
    under_way = element(VOID, bytes(60)) + CLUSTER

    assert answer(HEAD, element(SEGMENT, under_way, size=unknown)) is Answer.UNFINISHED


def test_an_unknown_size_with_contents_is_a_live_stream() -> None:
    assert answer(HEAD, element(SEGMENT, BODY, size=UNKNOWN)) is Answer.CANNOT_TELL


def test_a_segment_that_breaks_off_is_a_contradiction() -> None:
    whole = HEAD + element(SEGMENT, BODY)

    assert opinion(whole[:-1]) == (
        Answer.CONTRADICTION,
        f"breaks off: it has {len(whole) - 1} of the {len(whole)} bytes announced in its header",
    )


def test_bytes_after_the_segment_are_unfinished() -> None:
    assert answer(HEAD, element(SEGMENT, BODY), b"abc") is Answer.UNFINISHED


def test_a_segment_without_contents_leaves_it_to_quiet_time() -> None:
    assert answer(HEAD, element(SEGMENT, CLUSTER)) is Answer.CANNOT_TELL


def test_contents_after_the_first_frames_do_not_count() -> None:
    assert answer(HEAD, element(SEGMENT, CLUSTER + CONTENTS)) is Answer.CANNOT_TELL


def test_a_file_without_a_segment_is_unfinished() -> None:
    assert answer(HEAD) is Answer.UNFINISHED
    assert answer(HEAD, element(VOID, bytes(99))) is Answer.UNFINISHED


@pytest.mark.parametrize("content", [b"\x00" * 4 + b"x" * 20, b"RIFF" + b"x" * 20, b"\xff" * 24])
def test_other_bytes_are_a_contradiction(content: bytes) -> None:
    assert answer(content) is Answer.CONTRADICTION


def test_elements_without_content_are_not_all_looked_at() -> None:
    file = Bytes(HEAD + element(SEGMENT, element(VOID, length=1) * 100_000))

    assert matroska.opinion(file)[0] is Answer.CANNOT_TELL
    assert file.reads < 200


def test_voids_before_the_segment_are_not_all_looked_at() -> None:
    assert answer(HEAD, element(VOID, length=1) * 1000, element(SEGMENT, BODY)) is Answer.UNFINISHED


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_arbitrary_elements_never_crash_it(content: bytes) -> None:
    assert answer(HEAD, content) in Answer
    assert answer(HEAD, element(SEGMENT, content)) in Answer
    assert answer(HEAD, element(SEGMENT, content, size=UNKNOWN)) is not Answer.FINISHED
