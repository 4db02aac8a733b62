"""Short stories that broke a rule once, each from a seed that was made short, and a few that are worth telling again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulation.story import Action, Setting, Story


def story(setting: Setting, *actions: Action) -> Story:
    """A story of these things."""
    return Story(setting, tuple(sorted(actions, key=lambda each: each.at)))


def _video(*, animal: int) -> dict[str, Any]:
    words = {"animal": animal, "day": 1, "number": 1, "trials": 3, "pace": 1, "spoil": ""}
    return {"program": "video", **words}


def _trouble(error: str, *, after: bool = False, skip: int = 0) -> dict[str, Any]:
    return {"verb": "submit", "error": error, "after": after, "times": 1, "skip": skip}


STORIES: Mapping[str, Story] = {
    # The service took an order, and its answer was lost. Asked again, it refused, which was believed: its files went
    # to a person, who had them tried again, together with others, while the first task was still at them.
    **{
        f"what_was_accepted_before_is_not_{error}": story(
            Setting(1, days=1.0, seconds_a_file=3600.0, stride=300.0, poll=300, batch_wait=1200),
            Action(60, "record", _video(animal=1)),
            Action(70, "trouble", _trouble("away", after=True)),
            Action(71, "trouble", _trouble(error, skip=1)),
            Action(3500, "record", _video(animal=2)),
            Action(4000, "retry all", {}),
        )
        for error in ("refused", "forbidden")
    },
    # An order was refused for good, and its files counted as sent all the same: what somebody else had put into their
    # places meanwhile was taken for ours, and replaced.
    "what_was_refused_does_not_make_the_archive_ours": story(
        Setting(1, days=0.5, poll=300),
        Action(60, "record", _video(animal=1)),
        Action(70, "trouble", _trouble("refused")),
        Action(3600, "squat", {"pick": 0, "same": False}),
        Action(4000, "retry all", {}),
    ),
    # One look could not stat the file, which was noted as "not there"; then its location left the configuration,
    # so that nothing took the note back, and two complete looks gave up a file that had been there all the time.
    "a_file_that_could_not_be_looked_at_is_not_gone": story(
        Setting(39, days=1, rescan=1800),
        Action(
            1617,
            "record",
            {
                "program": "catgt",
                "animal": 2,
                "day": 2,
                "number": 3,
                "trials": 1,
                "pace": 3000,
                "spoil": "crash",
            },
        ),
        Action(5993, "disk error", {"pick": 17303, "folder": False, "times": 9}),
        Action(13283, "without location", {"pick": 13516, "lasts": 38573}),
    ),
}
