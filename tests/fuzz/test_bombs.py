"""Small inputs that unpack to a lot do not take the memory of the rig with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(
    240
)  # on a busy machine; work is counted, or the processor's time is


def test_bombs_are_refused_within_a_limit_of_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.bombs"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()[-3000:]
