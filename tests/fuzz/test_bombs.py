"""Small inputs that unpack to a lot do not take the memory of the rig with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.bombs import BOMBS

pytestmark = pytest.mark.timeout(
    240
)  # on a busy machine; work is counted, or the processor's time is


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_a_limit_of_memory(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.bombs", name],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()[-3000:]
