"""Texts that look alike to some databases, and long ones: all of them keep them as they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archived.core.sighting import KnownFolder
from archived.store import Selector
from tests.builders import NOON
from tests.store.bench import ROOT, Bench


@pytest.mark.parametrize("other", ["CATGT", "catgt ", "c\u00e2tgt"])
def test_conventions_are_told_apart_by_every_letter(bench: Bench, other: str) -> None:
    bench.ready("a.bin")
    assert len(list(bench.store.select(Selector(convention="catgt")))) == 1
    assert list(bench.store.select(Selector(convention=other))) == []


@pytest.mark.parametrize("other", ["Watcher", "watcher ", "w\u00e4tcher"])
def test_settings_and_counters_are_too(bench: Bench, other: str) -> None:
    bench.store.put_setting("watcher", "here")
    bench.store.put_setting(other, "there")
    bench.store.count("watcher")
    bench.store.count(other, 2)
    assert bench.store.get_setting("watcher") == "here"
    assert bench.store.get_setting(other) == "there"
    assert bench.store.counters() == {"watcher": 1, other: 2}


def test_a_folder_with_very_many_folders_is_remembered_whole(bench: Bench) -> None:
    names = tuple(f"session-{number:06}" for number in range(10_000))
    bench.store.sight_plain(ROOT, "SC011", 1, names)
    bench.ready("a.bin")
    assert bench.store.known_folders(ROOT)["SC011"] == KnownFolder(1, names)


def test_what_a_person_says_may_hold_any_character(bench: Bench) -> None:
    why = "\U0001f400 caf\u00e9 \u6f22\u5b57 'quoted' \"twice\" back\\slash %s ? \n end"
    bench.store.pause(why, NOON, NOON + timedelta(hours=1))
    paused = bench.store.paused(NOON)
    assert paused is not None
    assert paused.why == why
    bench.store.raise_alarm("root", why, why, NOON)
    assert [each.message for each in bench.store.alarms()] == [why]
