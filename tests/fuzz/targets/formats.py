"""The judges of files: whatever the bytes, an answer in bounded work, and never a false "finished"."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import partial

from archived.core.model import Answer, Verdict
from tests import media
from tests.core.formats import metas
from tests.fuzz.reader import CountedDisk
from tests.fuzz.target import Shape, Target, safe_to_show

STEM = "SC011_022319_g0_tcat.imec0.ap"
TERABYTE = 10**12
LONGEST_REASON = 1000


def _only(verdicts: Sequence[Verdict]) -> Verdict:
    (verdict,) = verdicts
    assert safe_to_show(verdict.reason), "a reason that steers a terminal"
    assert len(verdict.reason) < LONGEST_REASON, "a reason that nobody reads"
    return verdict


def _finished(name: str, content: bytes, size: int | None = None) -> bool:
    disk = CountedDisk({name: content}, {} if size is None else {name: size})
    return _only(disk.judge("video")).answer is Answer.FINISHED


def _video(name: str, closed: Callable[[bytes], bool], content: bytes) -> None:
    """`closed` is what a finished file of this format has at the very least, found in another way."""
    if _finished(name, content):
        assert closed(content), "finished, although it does not end as the format says"
        # What is whole is whole with these very bytes.
        assert not _finished(name, content[:-1]), "finished without its last byte"
        assert not _finished(name, content + b"\1"), "finished with a byte too many"
        assert not _finished(name, content[: len(content) // 2]), "finished when cut in half"
    elif zlib.crc32(content) % 16 == 0:
        # What lies behind the content is the hole of a sparse file.
        _finished(name, content, TERABYTE)


def _riffs_end_with_the_file(content: bytes) -> bool:
    end, form = 0, b"AVI "
    while end < len(content):
        if content[end : end + 4] != b"RIFF" or content[end + 8 : end + 12] != form:
            return False
        size = int.from_bytes(content[end + 4 : end + 8], "little")
        if size in (0, 0xFFFFFFFF) or b"movi" not in content[end : end + 8 + size]:
            return False
        end, form = end + 8 + size + size % 2, b"AVIX"
    return end == len(content)


def _boxes_end_with_the_file(content: bytes) -> bool:
    end, kinds = 0, set()
    while end < len(content):
        size = int.from_bytes(content[end : end + 4], "big")
        if size == 1:
            size = int.from_bytes(content[end + 8 : end + 16], "big")
        if size < 8:
            return False
        kinds.add(content[end + 4 : end + 8])
        end += size
    frames = b"mdat" in kinds or b"moof" in kinds
    return end == len(content) and frames and b"moov" in kinds and b"stbl" in content


def _segment_ends_with_the_file(content: bytes) -> bool:
    """Whether some Segment with a size of its own ends where the file does."""
    at = content.find(b"\x18\x53\x80\x67")
    while at >= 0:
        first = content[at + 4] if at + 4 < len(content) else 0
        length = 9 - first.bit_length()
        if 1 <= length <= 8:
            size = int.from_bytes(content[at + 4 : at + 4 + length], "big")
            size &= (1 << 7 * length) - 1
            if at + 4 + length + size == len(content):
                return True
        at = content.find(b"\x18\x53\x80\x67", at + 1)
    return False


def _videos(*kinds: str) -> list[bytes]:
    return [media.video(kind) for kind in kinds]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _small_avi() -> bytes:
    """The smallest that is complete, also one of two parts: what is spoiled in it matters more often."""
    header = _chunk(b"LIST", b"hdrl" + _chunk(b"avih", bytes(16) + b"\1\0\0\0" + bytes(36)))
    movie = _chunk(b"LIST", b"movi" + _chunk(b"00dc", b"frame123"))
    index = _chunk(b"idx1", b"00dc" + struct.pack("<III", 16, 4, 8))
    return _chunk(b"RIFF", b"AVI " + header + movie + index) + _chunk(b"RIFF", b"AVIX" + movie)


def _ch(content: bytes) -> None:
    """A `.ch` beside the `.cbin` that its original belongs to."""
    data = bytes(1000)
    disk = CountedDisk({f"{STEM}.ch": content, f"{STEM}.cbin": data})
    verdict = _only(disk.judge("mtscomp"))
    if verdict.answer is Answer.FINISHED:
        assert json.loads(content)["chunk_offsets"][-1] == len(data)
        cut = CountedDisk({f"{STEM}.ch": content.rstrip()[:-1], f"{STEM}.cbin": data})
        assert _only(cut.judge("mtscomp")).answer is not Answer.FINISHED


def _header() -> bytes:
    content = {
        "chunk_bounds": [0, 60, 100], "chunk_offsets": [0, 610, 1000], "dtype": "int16", "n_channels": 385,
        "sample_rate": 30000.0, "shape": [100, 385], "version": "1.0",
    }  # fmt: skip
    return json.dumps(content).encode()


def _meta(content: bytes) -> None:
    """A `.meta` beside a `.bin` of the size that its original announces."""
    name = STEM.replace("tcat", "t0")
    files, sizes = {f"{name}.meta": content, f"{name}.bin": b""}, {f"{name}.bin": metas.size()}
    verdicts = CountedDisk(files, sizes).judge("spikeglx")
    pair = [each for each in verdicts if each.rule == "spikeglx" and each.file.endswith("n")]
    assert all(safe_to_show(each.reason) for each in verdicts)
    assert all(len(each.reason) < LONGEST_REASON for each in verdicts)
    if pair and pair[0].answer is Answer.FINISHED:
        lines = content.decode("utf-8-sig", "replace").split("\n")
        said = re.compile(f"fileSizeBytes=0*{metas.size()}")
        assert any(said.fullmatch(line.strip()) for line in lines)
        cut = CountedDisk({**files, f"{name}.meta": content.rstrip()}, sizes).judge("spikeglx")
        assert all(e.answer is not Answer.FINISHED for e in cut if e.file.endswith(".bin"))


def _run(content: bytes) -> None:
    """Names of files as a run may have them, one in each line, all of them with the same `.meta`."""
    names = {
        line.decode("utf-8", "surrogateescape").replace("/", "_")
        for line in content.split(b"\n")[:40]
        if line and b"\0" not in line
    }
    files = {name: metas.meta() if name.endswith(".meta") else b"x" * 77 for name in names}
    for rule in ("spikeglx", "catgt", "mtscomp", "video", "quiet", "sentinel:*.flag"):
        for verdict in CountedDisk(files).judge(rule):
            assert safe_to_show(verdict.reason)


def _run_names() -> list[bytes]:
    probe = "SC011_022319_g0_t{}.imec{}.{}"
    names = [
        probe.format(trial, device, rest)
        for trial in (0, 1, "cat")
        for device in (0, 1010, "")
        for rest in ("ap.bin", "ap.meta", "lf.bin", "lf.meta", "ap.cbin", "ap.ch", "ap.cbin_tmp")
    ]
    others = [
        "SC011_022319_g0_tcat.nidq.meta", "SC011_022319_g0_fyi.txt", "x.avi", "y.MP4", "z.mkv", "done.flag",
        "SC011_022319_g0_t0.exported.imec0.ap.bin", "SC011_022319_g0_t0.obx0.obx.meta",
    ]  # fmt: skip
    return ["\n".join(names[at::4] + others).encode() for at in range(4)]


TARGETS = (
    Target(
        "avi",
        partial(_video, "v.avi", _riffs_end_with_the_file),
        lambda: [_small_avi(), *_videos("avi", "avi-with-sound")],
        tokens=(b"RIFF", b"LIST", b"AVI ", b"AVIX", b"movi", b"hdrl", b"strl", b"strh", b"vids", b"avih", b"indx",
                b"idx1", b"JUNK", b"\xff\xff\xff\xff", b"00dc"),
    ),
    Target(
        "mp4",
        partial(_video, "v.mp4", _boxes_end_with_the_file),
        lambda: _videos("mp4", "mp4-faststart", "mp4-fragmented", "mp4-hybrid", "mov"),
        tokens=(b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"mfro", b"trak", b"mdia", b"minf", b"stbl", b"stco",
                b"co64", b"free", b"mvex", b"uuid", b"\0\0\0\1", b"\0\0\0\0", b"\0\0\0\x08"),
    ),
    Target(
        "matroska",
        partial(_video, "v.mkv", _segment_ends_with_the_file),
        lambda: _videos("mkv", "mkv-live", "webm"),
        tokens=(b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x11\x4d\x9b\x74", b"\x1f\x43\xb6\x75", b"\xec",
                b"\x1c\x53\xbb\x6b", b"\x01\xff\xff\xff\xff\xff\xff\xff", b"\xff", b"\x80", b"\x4d\xbb"),
    ),
    Target("mtscomp", _ch, lambda: [_header()], shape=Shape.JSON, longest=1 << 19),
    Target(
        "meta",
        _meta,
        lambda: [metas.meta(flavour) for flavour in metas.FLAVOURS] + [metas.recording()],
        tokens=(b"fileSizeBytes=", b"fileTimeSecs=", b"fileSHA1=", b"~snsChanMap=", b"~snsGeomMap=", b"=", b"\r\n",
                b"nSavedChans=0", b"imSampRate=1e-320", b"fileTimeSecs=1e308", b"\xef\xbb\xbf"),
        shape=Shape.TEXT,
    ),
    Target(
        "run", _run, _run_names, shape=Shape.TEXT, longest=6000,
        tokens=(b"_g0", b"_t0", b"_tcat", b".imec0", b".imec1010", b".ap", b".bin", b".meta", b"\n", b"999999999"),
    ),
)  # fmt: skip
