"""The rig as a whole: alarms, a pause, settings and counters."""

from __future__ import annotations

from datetime import timedelta

from archived.core.model import Alarm
from archived.store import Store
from tests.builders import NOON
from tests.store.bench import LOCATION, Bench

HOUR = timedelta(hours=1)


def test_an_alarm_lasts_until_it_is_cleared(store: Store) -> None:
    store.raise_alarm("root:/data", "the root is gone", "mount it", NOON)
    assert store.alarms() == [Alarm("root:/data", "the root is gone", "mount it", NOON)]
    store.clear_alarm("root:/data")
    store.clear_alarm("never raised")
    assert store.alarms() == []


def test_an_alarm_raised_again_keeps_its_time(store: Store) -> None:
    store.raise_alarm("full", "the archive is full", "make room", NOON)
    store.raise_alarm("full", "the archive is full", "make room", NOON + HOUR)
    store.raise_alarm("full", "the quota is used up", "ask for more", NOON + HOUR)
    store.raise_alarm("later", "latin-\udce9", "", NOON + HOUR)
    assert store.alarms() == [
        Alarm("full", "the quota is used up", "ask for more", NOON),
        Alarm("later", "latin-\udce9", "", NOON + HOUR),
    ]


def test_a_pause_is_on_until_it_ends(store: Store) -> None:
    assert store.paused(NOON) is None
    store.pause("archive is being moved", NOON, until=NOON + HOUR)
    pause = store.paused(NOON)
    assert pause is not None
    assert (pause.why, pause.since, pause.until) == ("archive is being moved", NOON, NOON + HOUR)
    assert store.paused(NOON + HOUR) is None


def test_a_pause_without_an_end_lasts_until_it_is_resumed(store: Store) -> None:
    store.pause("no network", NOON)
    assert store.paused(NOON + 10_000 * HOUR) is not None
    store.resume()
    store.resume()
    assert store.paused(NOON) is None


def test_settings_are_kept(store: Store) -> None:
    assert store.get_setting("root:/data") is None
    store.put_setting("root:/data", "{}")
    store.put_setting("root:/data", "{1}")
    store.put_setting("root:/other", "\udce9")
    assert store.get_setting("root:/data") == "{1}"
    assert store.get_setting("root:/other") == "\udce9"


def test_counters_only_grow(store: Store) -> None:
    store.count("found_only_by_rescan")
    store.count("found_only_by_rescan", 41)
    store.count("nothing", 0)
    assert store.counters() == {"found_only_by_rescan": 42}


def test_totals_and_counts_are_those_of_the_rows(bench: Bench) -> None:
    for number in range(5):
        bench.ready("a.bin", "b.bin", dataset=f"SC011/r{number}")
    bench.archive("SC011/r0", "SC011/r1")
    assert bench.store.archived_totals() == {LOCATION: (4, 40)}
    counts = bench.store.counts()
    assert {state.value: number for state, number in counts.items() if number} == {
        "ready": 3,
        "archived": 2,
    }
