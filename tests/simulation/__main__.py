"""`python -m tests.simulation`."""

from __future__ import annotations

import sys

from tests.simulation.story import story_of
from tests.simulation.telling import tell

told = tell(story_of(int(sys.argv[1])))
print("\n".join(told.trace[-80:]))
print(told.rule, told.what, told.seconds, dict(told.figures))
