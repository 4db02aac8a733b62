"""What the disk under the benchmarks can do, past all caches."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import command

BLOCK = 1 << 20


def write_speed(folder: Path, blocks: int) -> float:
    """Bytes a second that one writer brings to the disk: `dd` past the cache. What it wrote stays in `folder`."""
    words = ("dd", "if=/dev/zero", f"of={folder / 'dd'}", f"bs={BLOCK}", f"count={blocks}")
    return blocks * BLOCK / command((*words, "oflag=direct", "status=none")).wall


def read_speed(folder: Path) -> float:
    """Bytes a second that one reader has from the disk, of what `write_speed` wrote, which is removed."""
    path = folder / "dd"
    size = path.stat().st_size
    words = ("dd", f"if={path}", "of=/dev/null", f"bs={BLOCK}", "iflag=direct", "status=none")
    seconds = command(words).wall
    path.unlink()
    return size / seconds


def settle() -> None:
    """Bring everything to the disk that waits, so that nobody's turn pays for the one before it."""
    os.sync()


def warm(folder: Path) -> None:
    """Have the files of a folder in memory, as those have that were recorded just now."""
    subprocess.run(
        ["sh", "-c", 'find "$0" -type f -print0 | xargs -0 cat > /dev/null', folder], check=True
    )


def scheduler(folder: Path) -> str:
    """What the kernel says of how it orders requests to the disk of a folder: `none [mq-deadline] kyber bfq`."""
    device = os.stat(folder).st_dev
    name = f"{os.major(device)}:{os.minor(device)}"
    found = Path("/sys/dev/block") / name
    for place in (found, found.parent):
        path = place.resolve() / "queue" / "scheduler"
        if path.exists():
            return path.read_text().strip()
    return "unknown"


def installed(programs: Sequence[str]) -> Sequence[str]:
    """Those of some programs that this machine has."""
    return [each for each in programs if _is_there(each)]


def _is_there(program: str) -> bool:
    return any(
        os.access(Path(folder) / program, os.X_OK)
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
    )
