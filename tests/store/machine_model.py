"""What simple dictionaries say that a store should say: of alarms, settings, counters, a pause, and animals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archived.core.subjects import Subject
from archived.store.glances import LOOKED_AT
from archived.store.subjects import PRECEDENCE


@dataclass
class Model:
    """One rig, and the animals that it knows of."""

    alarms: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    paused: tuple[str, datetime | None] | None = None
    said: dict[str, dict[str, str]] = field(
        default_factory=lambda: {source: {} for source in PRECEDENCE}
    )
    """By source and animal."""

    def raise_alarm(self, key: str, message: str, now: datetime) -> None:
        """Raising it again renews its words, not its time."""
        since = self.alarms.get(key, ("", now))[1]
        self.alarms[key] = (message, since)

    def replace(self, source: str, subjects: list[Subject], *, complete: bool) -> None:
        """What a source says from now on."""
        said = {} if complete else self.said[source]
        self.said[source] = {**said, **{each.h2o: each.subject for each in subjects}}

    def note_by_hand(self, subject: Subject, *, replace: bool) -> None:
        """What a person said otherwise before is refused, unless it is to be replaced."""
        if replace or subject.h2o not in self.said["hand"]:
            self.said["hand"][subject.h2o] = subject.subject

    def subjects(self) -> dict[str, str]:
        """Who is believed."""
        believed: dict[str, str] = {}
        for source in sorted(PRECEDENCE, key=lambda each: -PRECEDENCE[each]):
            believed |= self.said[source]
        return believed

    def conflicts(self) -> set[str]:
        """The animals that have several numbers."""
        return {
            h2o
            for h2o in self.subjects()
            if len({said[h2o] for said in self.said.values() if h2o in said}) > 1
        }

    def check(self, store: Any, now: datetime) -> None:
        """The store says the same."""
        # What is missing in the archive is told of by whoever looks there.
        alarms = [each for each in store.alarms() if not each.key.startswith("missing:")]
        assert {each.key: (each.message, each.since) for each in alarms} == self.alarms
        assert {key: store.get_setting(key) for key in self.settings} == self.settings
        # How much was looked at in the archive is told of by whoever looks there.
        counted = {
            key: number for key, number in store.counters().items() if number and key != LOOKED_AT
        }
        assert counted == {key: number for key, number in self.counters.items() if number}
        pause = store.paused(now)
        over = self.paused is None or (self.paused[1] is not None and self.paused[1] <= now)
        assert (pause is None) == over
        if pause is not None:
            assert (pause.why, pause.until) == self.paused
        assert store.subject_names() == self.subjects()
        assert {each.h2o for each in store.subject_conflicts()} == self.conflicts()
