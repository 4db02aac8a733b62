"""Matroska files of a real ffmpeg, laid out in every way that it knows; and the elements to build others of."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg

_PICTURES = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=25")
_SOUND = ("-f", "lavfi", "-i", "sine=duration=1")
_SHORT_CLUSTERS = ("-c:v", "mpeg4", "-g", "5", "-cluster_time_limit", "200")
_MAKERS = {
    "plain.mkv": ("-c:v", "mpeg4"),
    "many clusters.mkv": _SHORT_CLUSTERS,
    "index in front.mkv": (*_SHORT_CLUSTERS, "-reserve_index_space", "2000", "-cues_to_front", "1"),
    "no checksums.mkv": (*_SHORT_CLUSTERS, "-write_crc32", "0"),
    "every picture for itself.mkv": ("-c:v", "mjpeg", "-cluster_size_limit", "9000"),
    "attachment.mkv": ("-c:v", "mpeg4", "-attach", "{folder}/note", "-metadata:s:t", "mimetype=text/plain"),
    "sound.mkv": (*_SOUND, "-c:v", "mpeg4", "-c:a", "aac"),
    "sound alone.mka": (*_SOUND, "-map", "1", "-c:a", "flac"),
    "vp8.webm": ("-c:v", "libvpx"),
    "sound.webm": (*_SOUND, "-c:v", "libvpx", "-c:a", "libopus"),
    "one picture.mkv": ("-c:v", "mpeg4", "-frames:v", "1"),
}  # fmt: skip
KINDS = tuple(_MAKERS)


@functools.cache
def matroska(kind: str) -> bytes:
    """A finished file of one second."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "note").write_text("x" * 3000)
        path = Path(folder) / f"v{Path(kind).suffix}"
        options = [each.format(folder=folder) for each in _MAKERS[kind]]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *_PICTURES, *options]
        command += ["-t", "1", str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
        return path.read_bytes()


def number(value: int, length: int = 8) -> bytes:
    """An EBML number of so many bytes."""
    return (value | 1 << 7 * length).to_bytes(length, "big")


def element(id: bytes, body: bytes = b"", size: bytes | None = None, length: int = 8) -> bytes:
    """One element, whose size is written in `length` bytes unless it is given."""
    return id + (number(len(body), length) if size is None else size) + body


CLUSTER_ID = b"\x1f\x43\xb6\x75"
CUES_ID = b"\x1c\x53\xbb\x6b"
INFO = element(b"\x15\x49\xa9\x66", element(b"\x2a\xd7\xb1", b"\x0f\x42\x40", length=1))


def seek_head(*places: tuple[bytes, int]) -> bytes:
    """A list of contents: the ids of parts, and where in the segment they are. It has 31 bytes for each, and 12."""
    entries = b"".join(
        element(
            b"\x4d\xbb",
            element(b"\x53\xab", id, length=1) + element(b"\x53\xac", place.to_bytes(8), length=1),
        )
        for id, place in places
    )
    return element(b"\x11\x4d\x9b\x74", entries)


def cluster(frame: bytes = b"picture", track: int = 1) -> bytes:
    """Two frames, of which the last is in a group; there is no track 0, so that stands for what was lost."""
    block = (number(track, 1) + b"\0\0\x80" if track else bytes(4)) + frame
    simple = element(b"\xa3", block, length=2)
    group = element(b"\xa0", element(b"\xa1", block, length=2), length=2)
    return element(CLUSTER_ID, element(b"\xe7", b"\0", length=1) + simple + group)


def cues(*clusters: int, length: int = 8) -> bytes:
    """An index: where in the segment each of the clusters is."""
    points = b"".join(
        element(
            b"\xbb",
            element(b"\xb3", b"\1", length=1)
            + element(
                b"\xb7",
                element(b"\xf7", b"\1", length=1) + element(b"\xf1", place.to_bytes(8), length=1),
                length=1,
            ),
            length=1,
        )
        for place in clusters
    )
    return element(CUES_ID, points, length=length)
