"""Telling one story, or one seed; what came of it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.oracle import BrokenRuleError
from tests.simulation.story import Story
from tests.simulation.wiring import working_folder
from tests.simulation.world import World


@dataclass
class Told:
    """What came of a story. `rule` is the rule that was broken, "" for none."""

    story: Story
    rule: str = ""
    what: str = ""
    trace: list[str] = field(default_factory=list)
    digest: str = ""
    figures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    """Of processor time."""


def tell(story: Story, *, wary: bool = False) -> Told:
    """Tell a story to its end, or until a rule is broken. `wary` also compares what is remembered with the store."""
    began = time.process_time()
    with working_folder() as folder:
        world = World(story, folder, wary=wary)
        told = Told(story)
        try:
            world.run()
        except BrokenRuleError as error:
            told.rule, told.what = error.rule, error.what
        finally:
            world.oracle.close()
        told.trace, told.figures = world.trace, world.figures
        told.digest = world.hash.hexdigest()
    told.seconds = time.process_time() - began
    return told
