"""Short stories that broke a rule once, each from a seed that was made short, and a few that are worth telling again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.simulation.story import Action, Setting, Story


def story(setting: Setting, *actions: Action) -> Story:
    """A story of these things."""
    return Story(setting, tuple(sorted(actions, key=lambda each: each.at)))


PLAIN = Setting(1, days=0.6, poll=300)
SLOW = Setting(1, days=0.6, poll=300, seconds_a_file=600.0)
"""A file takes ten minutes."""
HOURS = 3600


def _record(
    at: float, program: str, *, animal: int = 1, pace: float = 1, spoil: str = ""
) -> Action:
    words = {"animal": animal, "day": 1, "number": 1, "trials": 3, "pace": pace, "spoil": spoil}
    return Action(at, "record", {"program": program, **words})


def _refuses(
    at: float, error: str, *, after: bool = False, times: int = 1, skip: int = 0
) -> Action:
    words = {"verb": "submit", "error": error, "after": after, "times": times, "skip": skip}
    return Action(at, "trouble", words)


def _dies(at: float, point: str, count: int) -> Action:
    words = {"point": point, "count": count, "then": "die", "do": "die"}
    return Action(at, "trap", {**words, "words": {"away": 0, "late": 90}})


def _at(at: float, kind: str, **words: Any) -> Action:
    return Action(at, kind, words)


BROKE_ONCE: Mapping[str, Story] = {
    # The service took an order, and its answer was lost. Asked again, it refused, which was believed: its files went
    # to a person, who had them tried again, together with others, while the first task was still at them.
    **{
        f"what_was_accepted_before_is_not_{error}": story(
            replace(SLOW, seconds_a_file=3600.0, batch_wait=1200),
            _record(60, "video"),
            _refuses(70, "away", after=True),
            _refuses(71, error, skip=1),
            _record(3500, "video", animal=2),
            _at(4000, "retry all"),
        )
        for error in ("refused", "forbidden")
    },
    # An order was refused for good, and its files counted as sent all the same: what somebody else had put into their
    # places meanwhile was taken for ours, and replaced.
    "what_was_refused_does_not_make_the_archive_ours": story(
        PLAIN,
        _record(60, "video"),
        _refuses(70, "refused"),
        _at(3600, "squat", pick=0, same=False),
        _at(4000, "retry all"),
    ),
    # One look could not stat the file, which was noted as "not there"; then its location left the configuration,
    # so that nothing took the note back, and two complete looks gave up a file that had been there all the time.
    "a_file_that_could_not_be_looked_at_is_not_gone": story(
        replace(PLAIN, rescan=1800, days=1.0),
        _at(1, "pause", lasts=30 * HOURS),
        _record(60, "video"),
        _at(3 * HOURS, "disk error", pick=0, folder=False, times=2),
        _at(4 * HOURS, "without location", pick=2, lasts=9 * HOURS),
    ),
    # A new revision was accepted, and left the rig before it was sent: the file was given up as one that never was
    # archived, and so the catalogue forgot what the archive holds of it.
    "a_revision_that_left_is_what_was_archived_before": story(
        replace(PLAIN, days=2.0),
        _record(60, "photon"),
        _at(3 * HOURS, "pause", lasts=20 * HOURS),
        _at(3 * HOURS + 100, "append", pick=0, size=7),
        _at(5 * HOURS, "accept", pick=0),
        _at(6 * HOURS, "delete", pick=0),
    ),
}
"""Each was made short from a seed, or found on the way to one."""

WORTH_TELLING: Mapping[str, Story] = {
    "changed_while_the_service_was_away": story(
        PLAIN,
        _record(60, "photon"),
        _refuses(70, "away", times=6),
        _at(2000, "touch", pick=0),
        _at(2500, "append", pick=1, size=7),
    ),
    # What a dead process had sent arrived after the same order had been refused: to the catalogue that is another's,
    # which a person has to know for theirs.
    "an_order_that_arrives_after_it_was_refused": story(
        replace(PLAIN, seed=6, max_files=1, days=1.0),
        _record(60, "video"),
        _refuses(70, "refused"),
        _dies(71, "before submit", 1),
    ),
    # The oracle looked for what was readable again under the name that it had when it was not.
    "renamed_while_nobody_could_read_it": story(
        PLAIN,
        _record(60, "photon"),
        _at(70, "deny", pick=0, folder=False, lasts=2000),
        _at(600, "rename", pick=0),
    ),
    # The oracle took an empty file that arrived for the beginning of one.
    "crashed_before_its_first_sample_and_accepted": story(
        replace(PLAIN, give_up=7200),
        _record(60, "spikeglx", animal=4, pace=3000, spoil="crash"),
        _at(12_000, "accept", pick=0),
    ),
    "renamed_while_it_travels": story(SLOW, _record(60, "photon"), _at(1500, "rename", pick=0)),
    "unmounted_while_it_travels": story(
        SLOW, _record(60, "video"), _at(1000, "mount", root=0, state="empty", lasts=8000)
    ),
    "another_disk_while_it_travels": story(
        SLOW, _record(60, "video"), _at(1000, "mount", root=0, state="other", lasts=8000)
    ),
    "killed_within_transactions": story(
        PLAIN, _record(60, "video"), *(_dies(70 + n, "statement", 150 * n + 7) for n in range(14))
    ),
    "killed_at_commits": story(
        PLAIN, _record(60, "video"), *(_dies(70 + n, "commit", 10 * n + 1) for n in range(12))
    ),
    "commits_whose_answers_are_lost": story(
        PLAIN,
        _record(60, "video"),
        *(
            _at(60 + 37 * n, "store trouble", what="commit lost", count=n % 5, times=1)
            for n in range(60)
        ),
    ),
    "forgotten_by_the_service_and_changed": story(
        replace(PLAIN, poll=3000, seconds_a_file=100.0),
        _record(60, "photon"),
        _at(1000, "touch", pick=0),
        *(_at(1100 + 60 * n, "forget", pick=0) for n in range(40)),
    ),
    "the_clock_goes_back_a_day": story(
        replace(SLOW, seconds_a_file=1800.0),
        _record(60, "video"),
        _at(2000, "jump", seconds=-86_400),
        _at(9000, "jump", seconds=90_000),
    ),
    "held_changed_and_released": story(
        PLAIN,
        _at(1, "pause", lasts=8000),
        _record(60, "photon"),
        _at(2000, "hold", pick=0),
        _at(2500, "touch", pick=0),
        _at(3500, "delete", pick=1),
        _at(6000, "release", pick=0),
    ),
    "discovered_while_it_travels": story(
        SLOW,
        _record(60, "video"),
        *(_at(1000 * n, "discover", pick=n) for n in range(1, 9)),
    ),
    "lost_by_the_archive_and_sent_again": story(
        PLAIN,
        _record(60, "video"),
        _at(9000, "lose", pick=0),
        _at(10_000, "discover", pick=1),
        _at(12_000, "discover", pick=1),
        _at(14_000, "retry all"),
    ),
    "out_of_the_configuration_while_it_is_submitted": story(
        SLOW,
        _record(60, "video"),
        _refuses(70, "away", after=True, times=8),
        _at(1500, "without location", pick=2, lasts=9000),
    ),
    "odd_names": story(
        PLAIN,
        _record(60, "video"),
        _record(61, "photon", animal=2),
        _record(62, "catgt"),
        *(_at(70 + n, "odd file", pick=3 * n, name=n) for n in range(11)),
        *(_at(90 + n, "stray", name=n) for n in range(14)),
    ),
    "verified_and_copied_at_every_moment": story(
        SLOW,
        _record(60, "video"),
        _record(90, "photon", animal=2),
        *(_at(300 * n, "backup") for n in range(1, 60)),
        *(_at(1100 * n, "verify", sample=None, believe=n % 2 == 0) for n in range(1, 20)),
        _at(9000, "lose", pick=0),
        _at(13_000, "rot", pick=1),
    ),
    "a_second_daemon": story(
        PLAIN, _record(60, "video"), *(_at(300 * n, "second daemon") for n in range(1, 9))
    ),
}
"""None of these ever broke a rule; each is a corner that seeds seldom come to."""
