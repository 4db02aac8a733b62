"""Absence counts only after two complete looks, and never for a large part of the tree at once (safety rule 6)."""

from __future__ import annotations

import pytest

from archived.core.lifecycle import State
from archived.core.model import FileState, Unrecognised
from archived.core.sighting import KnownFolder
from archived.store import LookSummary, Store
from tests.builders import NOON
from tests.store.bench import G0, G1, LOCATION, ROOT, Bench


def test_a_file_is_gone_after_two_complete_looks(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("b.bin")
    bench.look()
    bench.remove(f"{G0}/b.bin")
    first = bench.look()
    assert (first.gone, first.candidates) == (0, 1)
    assert bench.file_states()["b.bin"] is FileState.PENDING
    bench.later(minutes=5)
    second = bench.look()
    assert (second.gone, second.candidates) == (1, 1)
    assert bench.file_states()["b.bin"] is FileState.GONE
    dataset = bench.dataset()
    assert (dataset.state, dataset.changed_at) == (State.SETTLING, bench.now)
    assert (dataset.files, dataset.bytes) == (1, 10)


def test_a_look_with_errors_counts_for_nothing(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("b.bin")
    bench.look()
    bench.remove(f"{G0}/b.bin")
    for _ in range(5):
        bench.sight()
        assert bench.finish(complete=False).candidates == 0
    assert bench.file_states()["b.bin"] is FileState.PENDING


def test_a_file_seen_in_between_starts_counting_anew(bench: Bench) -> None:
    bench.write("a.bin")
    path = bench.write("b.bin")
    kept = bench.disk[path]
    bench.look()
    bench.remove(path)
    bench.look()
    bench.disk[path] = kept
    bench.look()
    bench.remove(path)
    assert bench.look().gone == 0
    assert bench.look().gone == 1


def test_a_folder_that_no_look_visits_takes_its_files_along(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("imec0/b.bin")
    bench.look()
    bench.remove(f"{G0}/imec0/b.bin")
    bench.sight()
    assert bench.finish().gone == 0
    assert bench.finish().gone == 1
    assert bench.file_states()["imec0/b.bin"] is FileState.GONE


def test_a_dataset_that_left_altogether_needs_a_person(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.remove(f"{G0}/a.bin")
    bench.datasets.clear()
    bench.look()
    result = bench.look()
    assert result.moved == [(f"{LOCATION}/{G0}", State.READY, State.FAILED)]
    assert bench.dataset().reason == "its files left the rig before they were archived"


@pytest.mark.parametrize("state", [State.READY, State.FAILED])
def test_a_dataset_that_lost_a_file_settles_again(bench: Bench, state: State) -> None:
    bench.ready("a.bin", "b.bin")
    if state is State.FAILED:
        batch = bench.plan()
        bench.submit(batch)
        bench.fail(batch, needs_person="no permission")
    bench.remove(f"{G0}/b.bin")
    bench.look()
    assert bench.state() is state
    bench.look()
    assert bench.state() is State.SETTLING
    assert bench.store.events()[-1].why == "1 file left the rig before being archived"


def test_a_held_dataset_is_left_alone(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.store.hold([f"{LOCATION}/{G0}"], bench.now, user="anna")
    bench.remove(f"{G0}/a.bin")
    for _ in range(3):
        assert bench.look().candidates == 0
    assert bench.file_states()["a.bin"] is FileState.PENDING


def test_archived_files_that_left_the_rig_change_no_state(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    bench.remove(f"{G0}/a.bin")
    for _ in range(3):
        bench.look()
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED}
    bench.datasets.clear()
    for _ in range(3):
        bench.look()
    assert bench.state() is State.ARCHIVED
    assert G0 not in bench.store.known_folders(ROOT)


def test_archived_files_may_come_back(bench: Bench) -> None:
    path = bench.write("a.bin")
    kept = bench.disk[path]
    bench.sight()
    bench.settle()
    bench.archive()
    bench.remove(path)
    bench.look()
    bench.disk[path] = kept
    bench.look()
    assert bench.state() is State.ARCHIVED


def accepted_anew(bench: Bench) -> None:
    """Archived with ten bytes, changed to twenty, and accepted so."""
    bench.ready("a.bin", "b.bin")
    bench.archive()
    bench.write("b.bin", size=20)
    bench.sight()
    assert bench.file_states()["b.bin"] is FileState.CHANGED
    bench.store.accept([bench.dataset().name], bench.now, user="anna")
    assert bench.file_states()["b.bin"] is FileState.PENDING


def leaves(bench: Bench) -> None:
    bench.remove(f"{G0}/b.bin")
    bench.look()
    bench.look()


def test_a_revision_that_left_before_it_was_sent_leaves_what_was_archived(bench: Bench) -> None:
    accepted_anew(bench)
    leaves(bench)
    file = bench.files()["b.bin"]
    assert (file.state, file.size, file.reason) == (FileState.ARCHIVED, 10, "")
    assert bench.store.archived_totals() == {LOCATION: (2, 20)}
    assert (bench.dataset().files, bench.dataset().bytes) == (2, 20)


def test_a_revision_that_left_while_it_was_sent_leaves_nothing_certain(bench: Bench) -> None:
    accepted_anew(bench)
    batch = bench.plan()
    bench.submit(batch)
    bench.fail(batch)
    leaves(bench)
    file = bench.files()["b.bin"]
    assert file.state is FileState.GONE
    assert "discover" in file.reason
    assert bench.store.archived_totals() == {LOCATION: (1, 10)}
    assert bench.dataset().files == 1


def many(bench: Bench, number: int) -> None:
    for each in range(number):
        bench.write(f"{each}.bin", dataset=G1)
    bench.look()


def test_the_fuse_blows_when_much_is_missing_at_once(bench: Bench) -> None:
    bench.write("a.bin")
    many(bench, 30)
    before = bench.store.files(bench.dataset(G1).id)
    for _ in range(3):
        result = bench.finish(without=[G1])
        assert (result.fuse_blown, result.candidates, result.gone) == (True, 30, 0)
    assert bench.store.files(bench.dataset(G1).id) == before
    assert bench.state(G1) is State.SETTLING


def test_the_fuse_lets_a_handful_go(bench: Bench) -> None:
    bench.write("a.bin")
    many(bench, 20)
    bench.finish(without=[G1])
    assert bench.finish(without=[G1]).gone == 20


def test_the_fuse_is_a_share_of_what_is_not_archived(bench: Bench) -> None:
    many(bench, 30)
    for each in range(300):
        bench.write(f"{each}.bin")
    bench.look()
    result = bench.finish(without=[G1])
    assert (result.fuse_blown, result.candidates) == (False, 30)
    assert bench.store.finish_look(ROOT, LookSummary({G0}, True), bench.now, fuse=0.05).fuse_blown


def test_what_is_under_way_is_not_given_up(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.plan()
    for _ in range(3):
        assert bench.finish(without=[G0]).candidates == 0
    assert bench.file_states() == {"a.bin": FileState.TRAVELLING}


def test_another_root_is_not_meant(bench: Bench) -> None:
    bench.write("a.bin")
    bench.look()
    for _ in range(3):
        bench.store.finish_look("/another/root", LookSummary(set(), True), bench.now)
    assert bench.file_states() == {"a.bin": FileState.PENDING}


def test_plain_folders_that_left_are_forgotten(store: Store) -> None:
    store.sight_plain(ROOT, "old", 1, ())
    store.sight_plain(ROOT, "new", 1, ())
    store.finish_look(ROOT, LookSummary({"new"}, True), NOON)
    assert "old" not in store.known_folders(ROOT)
    assert store.known_folders(ROOT)["new"] == KnownFolder(1, ())


def test_what_is_unrecognised_is_replaced_by_each_look(store: Store) -> None:
    one = Unrecognised("SC11/\udce9", "h2o has three digits", "{h2o}/catgt_{h2o}")
    two = Unrecognised("b", "a link")
    store.set_unrecognised(ROOT, [one, two], NOON)
    assert store.unrecognised(10) == [one, two]
    assert store.unrecognised(1) == [one]
    store.set_unrecognised("/other", [Unrecognised("b", "a pipe")], NOON)
    changed = Unrecognised("b", "a socket")
    store.set_unrecognised(ROOT, [changed], NOON)
    assert sorted(each.why for each in store.unrecognised(10)) == ["a pipe", "a socket"]
