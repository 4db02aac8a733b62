"""A recorder: writes at a steady rate, and has the system begin early to bring that to the disk: `writer FILE RATE SECONDS`.

Prints how many bytes a second came to the disk, and the longest that one write took.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

BLOCK = 1 << 20
AHEAD = 8 * BLOCK
PAUSE = 0.0005


def main(path: str, rate: str, seconds: str) -> None:
    """Record."""
    wanted, length = float(rate), float(seconds)
    data, pause = os.urandom(BLOCK), threading.Event()
    longest = written = 0.0
    begun = time.perf_counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    while (now := time.perf_counter() - begun) < length:
        if written > wanted * now:
            # As a camera or a probe does, which has nothing more to say yet.
            pause.wait(PAUSE)
            continue
        os.write(descriptor, data)
        written += BLOCK
        if int(written) % AHEAD == 0:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        longest = max(longest, time.perf_counter() - begun - now)
    os.fdatasync(descriptor)
    elapsed = time.perf_counter() - begun
    os.close(descriptor)
    Path(path).unlink()
    json.dump({"rate": written / elapsed, "longest": longest, "wall": elapsed}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
