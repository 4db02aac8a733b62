"""Real video files, made by a real ffmpeg and kept for the session; and a writer to be killed half-way."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path
from threading import Event

import imageio_ffmpeg

_FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov")
_MAKERS = {
    "avi": ("v.avi", "-c:v", "mpeg4"),
    "avi-with-sound": ("v.avi", "-f", "lavfi", "-i", "sine=duration=1", "-c:v", "mjpeg"),
    "mp4": ("v.mp4", "-c:v", "mpeg4"),
    "mp4-faststart": ("v.mp4", "-c:v", "mpeg4", "-movflags", "+faststart"),
    "mp4-fragmented": ("v.mp4", "-c:v", "mpeg4", "-g", "5", *_FRAGMENTS),
    "mp4-hybrid": ("v.mp4", "-c:v", "mpeg4", "-movflags", "frag_keyframe+hybrid_fragmented"),
    "mov": ("v.mov", "-c:v", "mpeg4"),
    "mkv": ("v.mkv", "-c:v", "mpeg4"),
    "mkv-live": ("v.mkv", "-c:v", "mpeg4", "-live", "1"),
    "webm": ("v.webm", "-c:v", "libvpx"),
}
FINISHED = tuple(name for name in _MAKERS if name != "mkv-live")
"""The kinds of video whose format can tell that they are finished."""
_PICTURES = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=25")


def suffix(kind: str) -> str:
    """How the names of such files end."""
    return Path(_MAKERS[kind][0]).suffix


@functools.cache
def video(kind: str) -> bytes:
    """A finished video of one second, of some 10 kB."""
    name, *options = _MAKERS[kind]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        _run(*_PICTURES, *options, "-t", "1", str(path))
        return path.read_bytes()


def killed_video(kind: str, path: Path, at_least: int = 20_000) -> None:
    """Have ffmpeg record to `path` as a camera would, and kill it once `at_least` bytes are there."""
    _, *options = _MAKERS[kind]
    # Many frames come at once, and then no more than a camera gives: it can not be through before it is killed.
    pace = ("-readrate", "1", "-readrate_initial_burst", "20")
    command = _command(*pace, *_PICTURES, *options, "-flush_packets", "1", "-t", "600", str(path))
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as writer:
        try:
            for _ in range(1000):
                if path.exists() and path.stat().st_size >= at_least:
                    break
                Event().wait(0.02)
            assert writer.poll() is None
        finally:
            writer.kill()


def _run(*arguments: str) -> None:
    subprocess.run(_command(*arguments), check=True, stdin=subprocess.DEVNULL, timeout=60)


def _command(*arguments: str) -> list[str]:
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments]
