"""Matroska by its bytes: sizes known and unknown, numbers of every length, hostile elements."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.formats import matroska
from archived.core.formats.reading import ObjectionError, Opinion
from archived.core.model import Answer
from tests.core.formats.matroskas import (
    CLUSTER_ID,
    CUES_ID,
    INFO,
    KINDS,
    cluster,
    cues,
    element,
    seek_head,
)
from tests.core.formats.matroskas import (
    matroska as matroska_of,
)
from tests.core.formats.memory import Bytes

UNKNOWN = b"\x01" + b"\xff" * 7
EBML = b"\x1a\x45\xdf\xa3"
TAGS = b"\x12\x54\xc3\x67"
SEGMENT = b"\x18\x53\x80\x67"
VOID = b"\xec"


HEAD = element(EBML, b"\x42\x86\x81\x01", length=1)
PLACE = len(seek_head((INFO[:4], 0)))
CONTENTS = seek_head((INFO[:4], PLACE))
CLUSTER = cluster()
BODY = CONTENTS + INFO + element(VOID, bytes(30)) + CLUSTER


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


def places(length: int) -> list[int]:
    """Every place near both ends of a file, and many between."""
    edge = min(400, length)
    return sorted(
        {*range(edge), *range(edge, length, length // 400 + 1), *range(length - edge, length)}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_a_real_writer_is_finished_however_it_is_laid_out(kind: str) -> None:
    assert opinion(matroska_of(kind)) == (Answer.FINISHED, "is a complete Matroska file")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_zeros_from_anywhere_to_its_end_is_never_finished(kind: str) -> None:
    whole = matroska_of(kind)
    lost = {place: whole[:place].ljust(len(whole), b"\0") for place in places(len(whole))}

    assert [
        place
        for place, content in lost.items()
        if content != whole and answer(content) is Answer.FINISHED
    ] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_zeros_from_its_first_frames_on_contradicts_itself_or_its_list(
    kind: str,
) -> None:
    whole = matroska_of(kind)
    frames = whole.index(CLUSTER_ID)

    for place in (frames, frames + 1, (frames + len(whole)) // 2):
        assert answer(whole[:place].ljust(len(whole), b"\0")) is not Answer.FINISHED
    if whole.rindex(CUES_ID) > frames:
        assert answer(whole[:frames].ljust(len(whole), b"\0")) is Answer.CONTRADICTION


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_anywhere_is_never_finished(kind: str) -> None:
    whole = matroska_of(kind)

    assert [place for place in places(len(whole)) if answer(whole[:place]) is Answer.FINISHED] == []


def test_a_file_without_an_index_is_looked_at_from_its_first_cluster_to_its_last() -> None:
    body = BODY + cluster() * 300

    assert answer(HEAD, element(SEGMENT, body)) is Answer.FINISHED
    lost = HEAD + element(SEGMENT, body)
    for place in range(len(HEAD) + 90, len(lost) - 1, 61):
        assert answer(lost[:place].ljust(len(lost), b"\0")) is not Answer.FINISHED


def crc_of(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")


def indexed(clusters: int, listed: int | None = None) -> bytes:
    """A segment whose index is at its end, with a few clusters, and entries about the last of them."""
    first = len(seek_head((CUES_ID, 0)))
    last = first + (clusters - 1) * len(CLUSTER)
    head = seek_head((CUES_ID, first + clusters * len(CLUSTER)))
    return head + CLUSTER * clusters + cues(*[last] * (listed or 1))


def test_an_index_of_a_recording_of_many_hours_is_looked_at_in_its_end_only() -> None:
    for listed in (10_000, 12_500, 200_000):
        file = Bytes(HEAD + element(SEGMENT, indexed(3, listed)))

        assert matroska.opinion(file)[0] is Answer.FINISHED, listed
        assert file.reads < 200
        assert file.longest_read <= 1 << 20


def test_from_the_clusters_that_the_index_knows_only_the_last_ones_are_read() -> None:
    file = Bytes(HEAD + element(SEGMENT, indexed(50_000)))

    assert matroska.opinion(file)[0] is Answer.FINISHED
    assert file.reads < 200


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (CLUSTER, Answer.FINISHED),
        (cluster(b"picture\0"), Answer.CANNOT_TELL),
        (cluster() + element(VOID, bytes(70)), Answer.FINISHED),
        (cluster(bytes(70), track=0), Answer.CONTRADICTION),
        (element(CLUSTER_ID, size=UNKNOWN), Answer.CANNOT_TELL),
        (CLUSTER[:-1], Answer.CANNOT_TELL),
        (CLUSTER + bytes(40), Answer.CONTRADICTION),
        (CLUSTER + b"\x99\x81a", Answer.CANNOT_TELL),
    ],
)
def test_what_the_file_ends_with_decides(last: bytes, expected: Answer) -> None:
    assert answer(HEAD, element(SEGMENT, CONTENTS + INFO + CLUSTER + last)) is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [(b"a tag", Answer.FINISHED), (b"a tag\0", Answer.FINISHED), (bytes(6), Answer.FINISHED)],
)
def test_a_checksum_tells_that_zeros_at_the_end_were_meant(tags: bytes, expected: Answer) -> None:
    tag = element(b"\x44\x87", tags, length=1)
    whole = element(b"\xbf", crc_of(tag), length=1) + tag
    other = element(b"\xbf", b"\1\2\3\4", length=1) + tag
    begun = CONTENTS + INFO + CLUSTER

    assert answer(HEAD, element(SEGMENT, begun + element(TAGS, whole))) is expected
    wrong = answer(HEAD, element(SEGMENT, begun + element(TAGS, other)))
    # Zeros are a block that was lost; another checksum alone may be the fault of a program that changed a tag.
    assert wrong is (Answer.CONTRADICTION if tags.endswith(b"\0") else Answer.CANNOT_TELL)


def test_checksums_within_checksums_do_not_keep_it_busy() -> None:
    inner = element(VOID, bytes(1_000_000))
    for _ in range(200):
        inner = element(b"\xb6", element(b"\xbf", crc_of(inner), length=1) + inner)
    body = CONTENTS + INFO + CLUSTER + element(b"\x10\x43\xa7\x70", inner)
    file = Bytes(HEAD + element(SEGMENT, body))

    with pytest.raises(ObjectionError, match="too many to look at"):
        matroska.opinion(file)
    assert file.bytes_read < 100 << 20


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
