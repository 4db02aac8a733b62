"""Checksums as a GridFTP server computes them: lower-case hexadecimal of a file's whole content."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

CHUNK = 1 << 20


def checksum(path: Path, algorithm: str, *, pause: Callable[[], None] = lambda: None) -> str:
    """The checksum of a file. `pause` is called after each chunk and may raise to give up.

    Raises `OSError` where the file cannot be read.
    """
    adler = 1
    digest = None if algorithm == "ADLER32" else hashlib.new(algorithm)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if digest is None:
                adler = zlib.adler32(chunk, adler)
            else:
                digest.update(chunk)
            pause()
    return f"{adler:08x}" if digest is None else digest.hexdigest()
