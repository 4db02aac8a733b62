"""Write videos as a copying program does, and tell when: `burst FILES RATE FOLDER …`; rate 0 is at full speed.

The files are dealt out one folder after the other.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from benchmarks.rigs import put, video

FIRST_TRIAL = 701
"""The trials before are there already, in folders that are."""


def main(files: int, rate: int, folders: list[Path]) -> None:
    """Write them; times are of the clock that all processes of a machine share."""
    content = video()
    share = -(-files // len(folders))
    pause = threading.Event()
    begun, written = time.monotonic(), 0
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        h2o = folder.parent.name
        for trial in range(FIRST_TRIAL, FIRST_TRIAL + min(share, files - written)):
            put(f"{folder}/{h2o}_side_{trial:03}-0000.avi", content)
            written += 1
            ahead = written / rate - (time.monotonic() - begun) if rate else 0.0
            if ahead > 0.01:
                pause.wait(ahead)
    json.dump({"begun": begun, "ended": time.monotonic(), "written": written}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
