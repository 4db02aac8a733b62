"""How a figure grows with the number of files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

FLAT = 0.15
"""Below this exponent a figure counts as flat: ten times the files are then at most 1.4 times the figure."""


@dataclass(frozen=True)
class Growth:
    """The exponent of the power law through the figures at the two largest sizes, and the slope there for each file."""

    exponent: float
    slope: float

    @property
    def flat(self) -> bool:
        """Whether the number of files makes no difference to speak of."""
        return self.exponent < FLAT


def growth(figures: Mapping[int, float]) -> Growth | None:
    """How figures by size grow; None for fewer than two sizes, or where nothing was measured."""
    largest = sorted(figures)[-2:]
    if len(largest) < 2 or min(figures[each] for each in largest) <= 0:
        return None
    smaller, larger = largest
    exponent = math.log(figures[larger] / figures[smaller]) / math.log(larger / smaller)
    return Growth(exponent, (figures[larger] - figures[smaller]) / (larger - smaller))
