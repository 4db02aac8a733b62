"""Retry, hold, release and accept: moves that a person asked for, with an event that says who."""

from __future__ import annotations

import pytest

from archived.core.lifecycle import State
from archived.core.model import Checksum, FileState
from archived.errors import MoveRefusedError, NameNotFoundError
from archived.store import Selector
from tests.store.bench import G0, G1, LOCATION, Bench

NAME = f"{LOCATION}/{G0}"


def set_apart(bench: Bench, fault: str, *names: str) -> None:
    """All files of the dataset travel, these are set apart, and the others are archived."""
    batch = bench.plan()
    bench.submit(batch)
    files = bench.files()
    bench.store.release_files(
        batch.id, [files[name].id for name in names], bench.now, fault=fault, reason="no"
    )
    bench.store.sent_batch(batch.id, bench.now)
    bench.prove(batch)
    bench.end(batch)


def test_what_waits_is_tried_again_now(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.fail(batch)
    assert bench.store.retry([NAME], bench.now, user="anna") == [(NAME, State.WAITING, State.READY)]
    event = bench.store.events()[-1]
    assert (event.move, event.why) == ("retry", "asked by anna: tried again now")


def test_what_failed_is_looked_at_again_with_every_file(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    set_apart(bench, "unreadable", "b.bin")
    assert bench.state() is State.FAILED
    moved = bench.store.retry([NAME], bench.now, user="anna", why="mended the disk")
    assert moved == [(NAME, State.FAILED, State.SETTLING)]
    dataset = bench.dataset()
    assert (dataset.attempts, dataset.reason) == (0, "asked by anna: mended the disk")
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED, "b.bin": FileState.PENDING}
    bench.settle()
    bench.archive()
    assert bench.state() is State.ARCHIVED


def test_a_held_dataset_goes_on_where_it_was(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.store.hold([NAME], bench.now, user="anna")
    dataset = bench.dataset()
    assert (dataset.state, dataset.held_from) == (State.HELD, State.READY)
    assert bench.plan_files([each.id for each in bench.store.files(dataset.id)]) is None
    bench.store.release([NAME], bench.now, user="ben")
    dataset = bench.dataset()
    assert (dataset.state, dataset.held_from) == (State.READY, None)


def test_a_changed_file_is_archived_as_a_new_revision_once_accepted(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    bench.archive()
    bench.write("a.bin", 12)
    bench.sight()
    bench.store.accept([NAME], bench.now, user="anna")
    dataset = bench.dataset()
    assert (dataset.state, dataset.revision, dataset.accepted) == (State.READY, 2, True)
    batch = bench.plan()
    files = bench.store.batch_files(batch.id)
    assert [(each.path, each.overwrite) for each in files] == [(f"{G0}/a.bin", True)]
    bench.send(batch)
    bench.prove(batch)
    bench.end(batch)
    assert bench.state() is State.ARCHIVED
    assert bench.files()["a.bin"].archived_size == 12


def test_what_the_archive_holds_differently_is_replaced_once_accepted(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    set_apart(bench, "conflict", "a.bin")
    bench.store.accept([NAME], bench.now, user="anna")
    files = bench.store.batch_files(bench.plan().id)
    assert [(each.path, each.overwrite) for each in files] == [(f"{G0}/a.bin", True)]
    assert bench.dataset().revision == 1


def test_a_checksum_that_does_not_fit_is_dropped_once_accepted(bench: Bench) -> None:
    bench.write("a.bin")
    bench.sight()
    bench.store.set_external_checksums(
        bench.dataset().id, {f"{G0}/a.bin": Checksum("SHA1", "0" * 40)}
    )
    bench.settle()
    set_apart(bench, "checksum", "a.bin")
    bench.store.accept([NAME], bench.now, user="anna")
    files = bench.store.batch_files(bench.plan().id)
    assert [(each.external_checksum, each.overwrite) for each in files] == [(None, False)]


def test_a_contradiction_is_sent_as_it_is_once_accepted(bench: Bench) -> None:
    bench.write("a.bin")
    bench.sight()
    bench.store.move(
        bench.dataset().id,
        State.SETTLING,
        State.FAILED,
        "needs a person",
        "short",
        bench.now,  # type: ignore[arg-type]
    )
    bench.store.accept([NAME], bench.now, user="anna")
    assert bench.dataset().accepted
    bench.archive()
    assert bench.state() is State.ARCHIVED


def test_what_was_accepted_is_what_was_there_then(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    bench.write("a.bin", 12)
    bench.sight()
    bench.store.accept([NAME], bench.now, user="anna")
    bench.write("a.bin", 13)
    bench.sight()
    dataset = bench.dataset()
    assert (dataset.state, dataset.accepted) == (State.SETTLING, False)
    assert bench.file_states() == {"a.bin": FileState.CHANGED}


def test_other_faults_cannot_be_accepted(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    set_apart(bench, "unreadable", "a.bin")
    before = bench.dataset()
    with pytest.raises(MoveRefusedError, match="nothing that could be accepted"):
        bench.store.accept([NAME], bench.now, user="anna")
    assert bench.dataset() == before
    assert bench.files()["a.bin"].state is FileState.FAILED


def test_a_changed_file_that_left_the_rig_cannot_be_accepted(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    bench.write("a.bin", 12)
    bench.sight()
    bench.remove(f"{G0}/a.bin")
    bench.sight()
    with pytest.raises(MoveRefusedError):
        bench.store.accept([NAME], bench.now, user="anna")


def test_a_changed_file_that_left_the_rig_is_as_large_as_what_was_archived_of_it(
    bench: Bench,
) -> None:
    bench.ready("a.bin")
    bench.archive()
    bench.write("a.bin", 12)
    bench.sight()
    bench.remove(f"{G0}/a.bin")
    bench.sight()
    bench.store.retry([NAME], bench.now, user="anna")
    left = bench.files()["a.bin"]
    assert (left.state, left.size, left.mtime_ns) == (
        FileState.ARCHIVED,
        left.archived_size,
        left.archived_mtime_ns,
    )
    assert bench.dataset().bytes == left.size


def test_a_refusal_names_the_state_and_moves_nothing(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.ready("b.bin", dataset=G1)
    bench.archive(G1)
    with pytest.raises(MoveRefusedError, match="g1 is archived; hold is for") as refused:
        bench.store.hold([NAME, f"{LOCATION}/{G1}"], bench.now, user="anna")
    assert "settling or ready or waiting or failed" in str(refused.value)
    assert bench.state() is State.READY


def test_an_unknown_name_moves_nothing(bench: Bench) -> None:
    bench.ready("a.bin")
    with pytest.raises(NameNotFoundError):
        bench.store.hold([NAME, f"{LOCATION}/nobody"], bench.now, user="anna")
    assert bench.state() is State.READY


def test_a_selector_moves_what_can_move(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.ready("b.bin", dataset=G1)
    bench.archive(G1)
    moved = bench.store.hold(Selector(h2o="SC011"), bench.now, user="anna")
    assert moved == [(NAME, State.READY, State.HELD)]
    assert bench.store.retry(Selector(), bench.now, user="anna") == []


@pytest.mark.parametrize("verb", ["retry", "release", "accept"])
def test_a_ready_dataset_needs_none_of_these(bench: Bench, verb: str) -> None:
    bench.ready("a.bin")
    with pytest.raises(MoveRefusedError, match="is ready"):
        getattr(bench.store, verb)([NAME], bench.now, user="anna")


def test_a_conflict_that_was_accepted_and_changes_is_not_accepted_any_more(bench: Bench) -> None:
    bench.ready("a.bin")
    set_apart(bench, "conflict", "a.bin")
    bench.store.accept([NAME], bench.now, user="anna")
    bench.write("a.bin", 11)
    bench.sight()
    bench.settle()
    assert [each.overwrite for each in bench.store.batch_files(bench.plan().id)] == [False]


def test_one_that_cannot_be_helped_does_not_keep_the_others(bench: Bench) -> None:
    bench.ready("a.bin", dataset=G0)
    bench.ready("a.bin", dataset=G1)
    for dataset in (G0, G1):
        bench.store.set_apart(
            [bench.files(dataset)["a.bin"].id], "unreadable", bench.now, fault="unreadable"
        )
    bench.store._door.change(
        "UPDATE file SET state = 'missing', missing = 1, archived_size = 10 WHERE dataset_id = ?",
        bench.dataset(G0).id,
    )
    moved = bench.store.retry(Selector(), bench.now, user="anna")
    assert moved == [(f"{LOCATION}/{G1}", State.FAILED, State.SETTLING)]
    assert bench.state(G0) is State.FAILED
    assert bench.file_states(G0) == {"a.bin": FileState.MISSING}
    with pytest.raises(MoveRefusedError, match="can be sent again"):
        bench.store.retry(Selector(), bench.now, user="anna")
