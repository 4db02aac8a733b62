"""Reading datasets: by name, by selector, by what is due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from archived.core.lifecycle import Reason, State
from archived.core.model import FileState, Recording
from archived.errors import NameNotFoundError
from archived.store import FolderSighting, Selector, Store
from tests.builders import NOON
from tests.store.bench import G0, G1, LOCATION, ROOT, Bench, file_stat

QUIET = timedelta(minutes=10)


@pytest.fixture
def catalogue(store: Store) -> Store:
    """Four datasets: SC011 on two days, SC012, and a video of SC011."""
    for location, path, h2o, day, file_type in (
        ("raw-ephys", "SC011/catgt_SC011_022319_g0", "SC011", date(2019, 2, 23), "ap"),
        ("raw-ephys", "SC011/catgt_SC011_022419_g0", "SC011", date(2019, 2, 24), "lf"),
        ("raw-ephys", "SC012/catgt_SC012_022419_g0", "SC012", date(2019, 2, 24), "ap"),
        ("raw-video", "SC011/20190224", "SC011", date(2019, 2, 24), "trial"),
    ):
        recording = Recording("c", path, h2o, day)
        files = ((file_stat(f"{path}/a"), file_type),)
        store.sight([FolderSighting(ROOT, location, recording, path, 1, (), files)], NOON)
    return store


def chosen(store: Store, **fields: object) -> list[str]:
    return [each.name for each in store.select(Selector(**fields))]  # type: ignore[arg-type]


def test_an_unknown_name_is_answered_with_the_nearest(catalogue: Store) -> None:
    with pytest.raises(NameNotFoundError, match="nearest: raw-ephys/SC011/catgt_SC011_022319_g0"):
        catalogue.dataset("raw-ephys/SC011/catgt_SC011_022318_g0")
    with pytest.raises(NameNotFoundError, match="there is no dataset") as wild:
        catalogue.dataset("zzz\n")
    assert "nearest" not in str(wild.value)
    assert r"zzz\n" in str(wild.value)


def test_names_are_exact_to_the_letter(catalogue: Store) -> None:
    with pytest.raises(NameNotFoundError):
        catalogue.dataset("raw-ephys/sc011/catgt_SC011_022319_g0")


def test_an_id_that_does_not_exist_is_not_found(catalogue: Store) -> None:
    with pytest.raises(NameNotFoundError):
        catalogue.dataset_by_id(999)
    assert catalogue.files(999) == []
    dataset = catalogue.dataset("raw-video/SC011/20190224")
    assert catalogue.dataset_by_id(dataset.id) == dataset


def test_everything_in_a_selector_must_fit(catalogue: Store) -> None:
    assert len(chosen(catalogue)) == 4
    assert len(chosen(catalogue, h2o="SC011")) == 3
    assert chosen(catalogue, h2o="SC011", location="raw-video") == ["raw-video/SC011/20190224"]
    assert len(chosen(catalogue, date=date(2019, 2, 24))) == 3
    assert len(chosen(catalogue, since=date(2019, 2, 24))) == 3
    assert len(chosen(catalogue, until=date(2019, 2, 23))) == 1
    assert len(chosen(catalogue, file_type="ap")) == 2
    assert chosen(catalogue, convention="other") == []
    assert chosen(catalogue, subject="407513") == []
    assert chosen(catalogue, states=[State.READY]) == []
    assert len(chosen(catalogue, states=[State.READY, State.SETTLING])) == 4


def test_names_may_be_patterns(catalogue: Store) -> None:
    assert len(chosen(catalogue, names=["raw-ephys/SC011/*"])) == 2
    assert len(chosen(catalogue, names=["*_022?19_g0"])) == 3
    assert chosen(catalogue, names=["raw-video/SC011/20190224"]) == ["raw-video/SC011/20190224"]
    assert chosen(catalogue, names=["raw-video/nobody"]) == []
    assert len(chosen(catalogue, names=["raw-video/*", "raw-ephys/SC012/*"])) == 2
    assert chosen(catalogue, names=["*/sc011/*"]) == []


def test_a_name_with_wildcards_in_it_is_found_as_it_is(bench: Bench) -> None:
    path = "SC011/odd[1]*"
    bench.write("a", dataset=path)
    bench.sight()
    assert chosen(bench.store, names=[f"{LOCATION}/{path}"]) == [f"{LOCATION}/{path}"]


def test_a_limit_ends_the_selection(catalogue: Store) -> None:
    assert len(list(catalogue.select(Selector(), limit=3))) == 3
    assert list(catalogue.select(Selector(), limit=0)) == []


def test_a_selection_larger_than_a_page_is_whole_and_in_order(bench: Bench) -> None:
    for number in range(601):
        bench.write("a", dataset=f"SC011/r{number:05}")
    bench.sight()
    ids = [each.id for each in bench.store.select(Selector())]
    assert len(ids) == 601
    assert ids == sorted(ids)


def test_names_complete(catalogue: Store) -> None:
    assert catalogue.names("raw-e") == [
        "raw-ephys/SC011/catgt_SC011_022319_g0",
        "raw-ephys/SC011/catgt_SC011_022419_g0",
        "raw-ephys/SC012/catgt_SC012_022419_g0",
    ]
    assert catalogue.names("raw-ephys/SC012") == ["raw-ephys/SC012/catgt_SC012_022419_g0"]
    assert catalogue.names("raw-ephys/sc012") == []
    assert catalogue.names("raw-ephys/SC0%") == []
    assert len(catalogue.names("", limit=2)) == 2


def test_settling_lists_what_is_quiet_and_due_the_quietest_first(bench: Bench) -> None:
    bench.write("a.bin", dataset=G1)
    bench.sight()
    bench.later(minutes=1)
    bench.write("a.bin")
    bench.sight()
    one, other = bench.dataset(G1), bench.dataset(G0)
    quiet_at = NOON + QUIET
    assert bench.store.settling(quiet_at - timedelta(microseconds=1), QUIET, 10) == []
    assert bench.store.settling(quiet_at, QUIET, 10) == [one]
    bench.later(hours=1)
    assert bench.store.settling(bench.now, QUIET, 10) == [one, other]
    assert bench.store.settling(bench.now, QUIET, 1) == [one]
    bench.store.note(one.id, State.SETTLING, "a.bin has 1 of 2 bytes", bench.now + QUIET)
    assert bench.store.settling(bench.now, QUIET, 10) == [other]
    assert bench.store.settling(bench.now + QUIET, QUIET, 10) == [bench.dataset(G1), other]


def test_a_note_is_for_one_state_only(bench: Bench) -> None:
    bench.ready("a.bin")
    before = bench.dataset()
    bench.store.note(before.id, State.SETTLING, "not finished", None)
    assert bench.dataset() == before
    bench.store.note(before.id, State.READY, "waits for company", None)
    assert bench.dataset().reason == "waits for company"
    assert len(bench.store.events()) == 2


def test_ready_lists_those_that_wait_for_longest_first(bench: Bench) -> None:
    bench.ready("a.bin", dataset=G1)
    bench.later(minutes=1)
    bench.ready("a.bin", dataset=G0)
    assert [each.path for each in bench.store.ready(10)] == [G1, G0]
    assert [each.path for each in bench.store.ready(1)] == [G1]


def test_a_move_is_made_only_from_the_state_it_was_meant_for(bench: Bench) -> None:
    dataset = bench.ready("a.bin")
    assert not bench.store.move(
        dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", bench.now
    )
    assert not bench.store.move(
        999, State.SETTLING, State.READY, Reason.SETTLED, "finished", bench.now
    )
    assert len(bench.store.events()) == 2


def test_a_move_that_the_lifecycle_does_not_have_is_a_bug(bench: Bench) -> None:
    dataset = bench.ready("a.bin")
    with pytest.raises(ValueError, match="no move ready to verifying"):
        bench.store.move(
            dataset.id, State.READY, State.VERIFYING, Reason.SENT, "trust me", bench.now
        )
    assert bench.state() is State.READY


def test_a_move_can_set_more_along_with_it(bench: Bench) -> None:
    bench.write("a.bin")
    bench.sight()
    due = bench.now + QUIET
    bench.store.move(
        bench.dataset().id,
        State.SETTLING,
        State.FAILED,
        Reason.NEEDS_A_PERSON,
        "odd",
        bench.now,
        due=due,
        attempts=3,
        accepted=True,
    )
    dataset = bench.dataset()
    assert (dataset.due, dataset.attempts, dataset.accepted) == (due, 3, True)


def test_events_are_told_of_one_dataset_since_a_time_and_not_too_many(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.later(minutes=1)
    bench.ready("a.bin", dataset=G1)
    name = f"{LOCATION}/{G1}"
    assert [each.dataset for each in bench.store.events(name=name)] == [name, name]
    assert [each.dataset for each in bench.store.events(since=bench.now)] == [name, name]
    assert [each.after for each in bench.store.events(limit=1)] == [State.READY]
    with pytest.raises(NameNotFoundError):
        bench.store.events(name="nobody")


def test_a_pending_file_can_be_set_apart(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("b.bin")
    bench.sight()
    files = bench.files()
    bench.store.set_apart([files["a.bin"].id], "not UTF-8", bench.now, fault="name")
    assert bench.files()["a.bin"].reason == "not UTF-8"
    assert bench.file_states() == {"a.bin": FileState.FAILED, "b.bin": FileState.PENDING}
    assert bench.state() is State.SETTLING


def test_the_kinds_of_faults_of_a_dataset_are_told(bench: Bench) -> None:
    for name in ("a.bin", "b.bin", "c.bin", "d.bin"):
        bench.write(name)
    bench.sight()
    files = bench.files()
    dataset_id = bench.dataset().id
    assert bench.store.faults(dataset_id) == frozenset()
    bench.store.set_apart(
        [files["a.bin"].id, files["b.bin"].id], "differs", bench.now, fault="conflict"
    )
    bench.store.set_apart([files["c.bin"].id], "not readable", bench.now, fault="unreadable")
    assert bench.store.faults(dataset_id) == {"conflict", "unreadable"}


def test_a_ready_dataset_with_every_file_set_apart_needs_a_person(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.store.set_apart(
        [bench.files()["a.bin"].id], "not readable", bench.now, fault="unreadable"
    )
    dataset = bench.dataset()
    assert (dataset.state, dataset.reason) == (State.FAILED, f"{G0}/a.bin: not readable")
