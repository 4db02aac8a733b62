"""How hard tests try that can always try harder: `make test-more` sets EFFORT, a factor."""

from __future__ import annotations

import os

EFFORT = int(os.environ.get("EFFORT", "1"))


def examples(number: int) -> int:
    """How many examples to try, where `number` is what every run of the suite can afford."""
    return number * EFFORT
