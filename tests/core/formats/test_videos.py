"""Videos of a real ffmpeg: finished when whole; never when cut anywhere, nor when their writer was killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.formats import avi, matroska, mp4
from archived.core.formats.zeros import only_zeros
from archived.core.model import Answer
from tests import media
from tests.core.formats.memory import Bytes, judged

NEVER_FINISHED = (Answer.UNFINISHED, Answer.CONTRADICTION, Answer.CANNOT_TELL)
EDGE = 2000
"""Bytes at both ends of a file where every single place is cut."""


@pytest.mark.parametrize("kind", media.FINISHED)
def test_a_whole_video_is_finished(kind: str) -> None:
    name = f"SC011_side_19-0000{media.suffix(kind)}"
    verdict = judged(media.video(kind), name)

    assert verdict.answer is Answer.FINISHED
    assert verdict.reason.startswith(f"{name} is a complete ")


def test_a_live_stream_never_says_that_it_is_finished() -> None:
    assert judged(media.video("mkv-live"), "v.mkv").answer is Answer.CANNOT_TELL


@pytest.mark.parametrize("kind", media.FINISHED)
def test_a_video_cut_at_its_ends_is_never_finished(kind: str) -> None:
    whole, name = media.video(kind), f"v{media.suffix(kind)}"
    lengths = {*range(EDGE), *range(len(whole) - EDGE, len(whole))}
    finished = [
        length
        for length in lengths
        if 0 <= length < len(whole) and judged(whole[:length], name).answer not in NEVER_FINISHED
    ]

    assert finished == []


@settings(deadline=None)
@given(kind=st.sampled_from(media.FINISHED), data=st.data())
def test_a_video_cut_anywhere_is_never_finished(kind: str, data: st.DataObject) -> None:
    whole = media.video(kind)
    length = data.draw(st.integers(0, len(whole) - 1))

    assert judged(whole[:length], f"v{media.suffix(kind)}").answer in NEVER_FINISHED


@pytest.mark.parametrize("kind", [*media.FINISHED, "mkv-live"])
def test_a_video_whose_writer_was_killed_is_never_finished(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{media.suffix(kind)}"

    media.killed_video(kind, path)

    assert judged(path.read_bytes(), path.name).answer in NEVER_FINISHED


@pytest.mark.parametrize(
    "kind", ["avi", "avi-with-sound", "mp4", "mp4-faststart", "mov", "mkv", "webm"]
)
def test_a_killed_writer_is_a_definite_no(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{media.suffix(kind)}"

    media.killed_video(kind, path)

    verdict = judged(path.read_bytes(), path.name)
    assert verdict.answer is Answer.UNFINISHED
    assert "it is being written, or its writer was killed" in verdict.reason


@pytest.mark.parametrize("kind", ["avi", "mp4", "mov", "mkv"])
def test_space_allocated_in_advance_leaves_it_to_quiet_time(kind: str) -> None:
    verdict = judged(media.video(kind) + bytes(5000), f"v{media.suffix(kind)}")

    assert verdict.answer is Answer.CANNOT_TELL
    assert "followed by 5 000 bytes of zeros" in verdict.reason


@pytest.mark.parametrize("kind", ["avi", "mp4", "mov", "mkv"])
def test_an_endless_tail_of_zeros_is_looked_at_in_few_places(kind: str) -> None:
    parse = {"avi": avi.opinion, "mkv": matroska.opinion}.get(kind, mp4.opinion)
    file = Bytes(media.video(kind), size=1 << 42)

    assert parse(file)[0] is Answer.CANNOT_TELL
    assert file.reads < 500
    assert file.longest_read <= 1 << 20


@pytest.mark.parametrize("place", [0, 1 << 19, 1 << 20, (3 << 20) - 1])
def test_a_single_byte_in_the_tail_is_found(place: int) -> None:
    tail = bytearray(3 << 20)
    tail[place] = 1

    assert judged(media.video("avi") + tail, "v.avi").answer is Answer.UNFINISHED


class _LastByte:
    """Zeros to the very last byte."""

    size = 5 << 30

    def read(self, offset: int, length: int) -> bytes:
        piece = bytes(max(0, min(length, self.size - offset)))
        return piece[:-1] + b"x" if offset + length >= self.size else piece


def test_the_last_byte_of_a_long_tail_is_looked_at() -> None:
    assert not only_zeros(_LastByte(), 3 << 30)


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("length", [1, 11, 12, 4096, 10_000])
def test_a_file_of_zeros_is_unfinished(suffix: str, length: int) -> None:
    assert judged(bytes(length), f"v{suffix}").answer is Answer.UNFINISHED


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mov", ".mkv", ".webm"])
def test_an_empty_file_is_unfinished(suffix: str) -> None:
    verdict = judged(b"", f"v{suffix}")

    assert (verdict.answer, verdict.reason) == (Answer.UNFINISHED, f"v{suffix} is empty")


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mkv"])
def test_a_file_of_another_format_than_its_name_says_is_a_contradiction(suffix: str) -> None:
    verdict = judged(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, f"v{suffix}")

    assert verdict.answer is Answer.CONTRADICTION
    assert "that its name says" in verdict.reason


@settings(deadline=None)
@given(st.binary(max_size=600), st.sampled_from([".avi", ".mp4", ".mkv"]))
def test_arbitrary_bytes_never_crash_a_rule(content: bytes, suffix: str) -> None:
    assert judged(content, f"v{suffix}").answer in Answer


@settings(deadline=None)
@given(kind=st.sampled_from(media.FINISHED), data=st.data())
def test_a_video_with_damaged_bytes_never_crashes_a_rule(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(media.video(kind))
    # Sizes and kinds stand at the beginning and the end, so that damage there does most.
    places = st.integers(0, 300) | st.integers(1, 300).map(lambda n: len(damaged) - n)
    for place in data.draw(st.lists(places, min_size=1, max_size=20)):
        damaged[place] = data.draw(st.sampled_from([0, 1, 8, 127, 128, 255]))

    assert judged(bytes(damaged), f"v{media.suffix(kind)}").answer in Answer
