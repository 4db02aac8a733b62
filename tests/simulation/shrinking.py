"""Making a story short that breaks a rule: what happens in it is left out, piece by piece, while the rule still breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.simulation.story import Action, Setting, Story
from tests.simulation.telling import Told, tell

PLAIN = Setting(0)
SIMPLER = (
    "records",
    "events",
    "order",
    "hurry",
    "max_files",
    "max_active",
    "batch_wait",
    "deadline",
    "give_up",
    "quiet",
    "rescan",
    "deep_look",
    "poll",
    "retry_first",
    "retry_longest",
    "seconds_a_file",
    "bytes_a_second",
    "stride",
)


def shrink(
    told: Told, *, tries: int = 200, say: Callable[[str], None] = lambda _text: None
) -> Told:
    """The shortest telling that was found, in so many tries, of a story that breaks the same rule."""
    best = told
    left = tries

    def still(story: Story) -> bool:
        nonlocal best, left
        left -= 1
        again = tell(story)
        if again.rule != told.rule:
            return False
        best = again
        say(f"{len(story.actions)} things happen")
        return True

    portion = max(1, len(best.story.actions) // 2)
    while portion and left > 0:
        start = 0
        while start < len(best.story.actions) and left > 0:
            kept = _without(best.story.actions, start, portion)
            if not still(replace(best.story, actions=kept)):
                start += portion
        portion = 0 if portion == 1 else max(1, portion // 2)
    for name in SIMPLER:
        plain = getattr(PLAIN, name)
        if left > 0 and getattr(best.story.setting, name) != plain:
            still(replace(best.story, setting=replace(best.story.setting, **{name: plain})))
    return best


def _without(actions: Sequence[Action], start: int, number: int) -> tuple[Action, ...]:
    return (*actions[:start], *actions[start + number :])
