"""The oracle of files: one that was cut, or whose end was lost, is never finished; a whole one contradicts nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from archived.core.model import Answer, Verdict
from demo.rig import spikeglx
from tests import media
from tests.core.formats import metas
from tests.fuzz.reader import CountedDisk
from tests.fuzz.running import new_seed

CLOSING = {
    "avi": (b"idx1", 0), "avi-with-sound": (b"idx1", 0), "mp4": (b"moov", 4), "mp4-hybrid": (b"moov", 4), "mov": (b"moov", 4),
    "mp4-fragmented": (b"mfra", 4), "mkv": (b"\x1c\x53\xbb\x6b", 0), "webm": (b"\x1c\x53\xbb\x6b", 0),
}  # fmt: skip
"""What each kind of file ends with, and where behind its name its content begins."""


def verdict(kind: str, content: bytes) -> Verdict:
    """What is said of a video with this content."""
    [found] = CountedDisk({f"v{media.suffix(kind)}": content}).judge("video")
    return found


def closing(kind: str, content: bytes) -> int:
    """Where the structure begins that is written last."""
    name, behind = CLOSING[kind]
    return content.rindex(name) + behind


def ends_lost(kind: str) -> list[int]:
    """From where on the file of a writer is zeros whose last blocks never reached the disk, though its length did.

    From the very header on: what tells that a file is complete may all be written there.
    """
    whole = media.video(kind)
    last = closing(kind, whole) if kind in CLOSING else len(whole) - 1
    near = {last, last - 1, last - 50, last - 512, last // 2, *range(4096, last, 4096)}
    even = {
        *range(129),
        *range(129, last, last // 60),
        *range(last, len(whole), 1 + len(whole) // 60),
    }
    return sorted(place for place in near | even | {len(whole) - 1} if any(whole[place:]))


@pytest.mark.parametrize("kind", media.FINISHED)
def test_a_file_whose_end_was_lost_to_a_power_failure_is_never_finished(kind: str) -> None:
    whole = media.video(kind)
    finished = [
        place
        for place in ends_lost(kind)
        if verdict(kind, whole[:place].ljust(len(whole), b"\0")).answer is Answer.FINISHED
    ]

    assert finished == []


@pytest.mark.parametrize("kind", CLOSING)
def test_a_closing_structure_under_another_name_is_never_taken_for_it(kind: str) -> None:
    whole = media.video(kind)
    at = whole.rindex(CLOSING[kind][0])
    spoiled = whole[:at] + b"\xa5\xa5\xa5\xa5" + whole[at + 4 :]

    if kind not in (
        "avi",
        "avi-with-sound",
    ):  # an AVI may have any chunk after its frames, and needs no index
        assert verdict(kind, spoiled).answer is not Answer.FINISHED


@pytest.mark.parametrize("kind", media.FINISHED)
def test_bytes_behind_a_whole_file_or_missing_in_it_are_never_overlooked(kind: str) -> None:
    seed = new_seed()
    generator = random.Random(seed)
    whole = media.video(kind)
    for _ in range(40):
        at, length = generator.randrange(64, len(whole)), generator.choice((1, 2, 16, 512, 4096))
        for content in (
            whole[:at],
            whole + generator.randbytes(length) + b"\1",
            whole[:at] + whole[at + length :],
            whole[:at] + generator.randbytes(length) + b"\1" + whole[at:],
        ):
            assert verdict(kind, content).answer is not Answer.FINISHED, (seed, at, length)


@pytest.mark.parametrize("kind", media.FINISHED)
def test_whatever_its_frames_are_a_whole_file_contradicts_nothing(kind: str) -> None:
    """What a camera saw is in the frames, and nothing there is ever taken for a part of the format."""
    whole = media.video(kind)
    name = b"mdat" if kind.startswith(("mp4", "mov")) else b"00dc" if "avi" in kind else b"\xa3"
    at = whole.index(name) + 16
    frames = bytearray(whole)
    frames[at : at + 40] = (
        b"moovRIFFAVIXidx1\x18\x53\x80\x67\x1a\x45\xdf\xa3mfra\0\0\0\0\0\0\0\0\xff\xff\xff\xff"
    )

    assert verdict(kind, whole).answer is Answer.FINISHED
    assert verdict(kind, bytes(frames)).answer is not Answer.CONTRADICTION


def pair(content: bytes, size: int) -> Answer:
    """What is said of a `.bin` of that size beside this `.meta`."""
    stem = "SC011_022319_g0_t0.imec0.ap"
    disk = CountedDisk({f"{stem}.meta": content, f"{stem}.bin": b""}, {f"{stem}.bin": size})
    return disk.judge("spikeglx")[0].answer


@pytest.mark.parametrize("flavour", metas.FLAVOURS)
def test_a_meta_that_was_cut_or_lost_its_end_never_finishes_its_bin(flavour: str) -> None:
    whole, size = metas.meta(flavour), metas.size(flavour)
    last = max(whole.rindex(b"\r\n~"), 0)
    cut = [whole[:place] for place in range(len(whole))]
    lost = [whole[:place] + bytes(len(whole) - place) for place in range(0, len(whole), 7)]

    assert pair(whole, size) is Answer.FINISHED
    # (Of several lines about geometry the last may be missing without a trace: then the one before it tells.)
    finished = [len(each) for each in (*cut, *lost) if pair(each, size) is Answer.FINISHED]
    assert all(place > last for place in finished)
    assert len(finished) <= 1


def test_the_recordings_of_the_demonstration_are_whole_and_no_longer_when_cut(
    tmp_path: Path,
) -> None:
    for _ in spikeglx(tmp_path, "SC011_022319_g0", probes=1):
        pass
    metas_of = sorted(tmp_path.rglob("*.meta"))

    assert metas_of
    for each in metas_of:
        content, size = each.read_bytes(), each.with_suffix(".bin").stat().st_size
        assert pair(content, size) is Answer.FINISHED
        assert pair(content, size - 2) is Answer.CONTRADICTION
        for place in range(0, len(content), 3):
            assert pair(content[:place], size) is Answer.UNFINISHED
        assert pair(content[:-1], size) is Answer.UNFINISHED
