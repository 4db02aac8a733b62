"""Short stories that broke a rule once, each from a seed that was made short, and a few that are worth telling again."""

from __future__ import annotations

from collections.abc import Mapping

from tests.simulation.story import Action, Setting, Story


def story(setting: Setting, *actions: Action) -> Story:
    """A story of these things."""
    return Story(setting, tuple(sorted(actions, key=lambda each: each.at)))


STORIES: Mapping[str, Story] = {
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
