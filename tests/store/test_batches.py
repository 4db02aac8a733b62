"""Batches on their way: what may travel, and what is stored before anything is asked of a mover."""

from __future__ import annotations

from datetime import timedelta

import peewee
import pytest

from archived.core.lifecycle import State
from archived.core.model import BatchState, Direction, FileState
from archived.store import Store
from tests.builders import NOON
from tests.store.bench import G0, G1, LOCATION, Bench


def test_a_batch_takes_the_files_of_several_datasets(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    bench.ready("c.bin", dataset=G1)
    batch = bench.plan(G0, G1)
    assert (batch.state, batch.files, batch.bytes) == (BatchState.PLANNED, 3, 30)
    assert (batch.location, batch.direction) == (LOCATION, Direction.ARCHIVE)
    assert batch.deadline == bench.now + timedelta(days=3)
    assert bench.state(G0) is bench.state(G1) is State.TRANSFERRING
    assert bench.store.events()[-1].why == f"batch {batch.id}"
    assert bench.file_states() == dict.fromkeys(["a.bin", "b.bin"], FileState.TRAVELLING)


def test_a_file_travels_as_it_was_planned(bench: Bench) -> None:
    path = bench.write("a.bin", 12)
    bench.sight()
    bench.settle()
    planned = bench.disk[path]
    batch = bench.plan()
    bench.write("a.bin", 13)
    bench.sight()
    (file,) = bench.store.batch_files(batch.id)
    assert (file.path, file.stat, file.overwrite) == (path, planned, False)


def test_a_file_is_never_in_two_live_batches(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    files = bench.files()
    assert bench.plan_files([files["a.bin"].id]) is not None
    both = bench.plan_files([each.id for each in files.values()])
    assert both is not None
    assert [each.path for each in bench.store.batch_files(both.id)] == [f"{G0}/b.bin"]
    assert bench.plan_files([each.id for each in files.values()]) is None


def test_the_schema_itself_refuses_a_file_in_two_live_batches(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    files = bench.files()
    bench.plan_files([files["a.bin"].id])
    bench.plan_files([files["b.bin"].id])
    with pytest.raises(peewee.IntegrityError):
        bench.store._door.change(
            "UPDATE batch_file SET live_file_id = ? WHERE file_id = ?",
            files["a.bin"].id,
            files["b.bin"].id,
        )


@pytest.mark.parametrize("state", [State.SETTLING, State.HELD, State.FAILED])
def test_only_datasets_that_are_ready_are_planned(bench: Bench, state: State) -> None:
    bench.ready("a.bin")
    if state is State.SETTLING:
        bench.write("b.bin")
        bench.sight()
    elif state is State.HELD:
        bench.store.hold([f"{LOCATION}/{G0}"], NOON, user="anna")
    else:
        batch = bench.plan()
        bench.fail(batch, needs_person="no")
    assert bench.state() is state
    assert bench.plan_files([each.id for each in bench.files().values()]) is None
    assert bench.store.batches(BatchState.PLANNED) == []


def test_files_of_another_location_stay_out(bench: Bench) -> None:
    bench.ready("a.bin")
    ids = [each.id for each in bench.files().values()]
    planned = bench.store.plan_batch("b", "raw-video", ids, NOON, NOON)
    assert planned is None
    assert bench.state() is State.READY


def test_an_empty_plan_is_no_batch(bench: Bench) -> None:
    assert bench.plan_files([]) is None
    assert bench.plan_files([12345]) is None


def test_the_submission_id_is_stored_before_the_task_exists(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    assert bench.store.reserve_batch(batch.id, "sub-1", bench.now)
    assert not bench.store.reserve_batch(batch.id, "sub-2", bench.now)
    found = bench.store.batch(batch.id)
    assert found is not None
    assert (found.state, found.submission_id) == (BatchState.RESERVED, "sub-1")
    assert bench.files()["a.bin"].submitted == 1
    assert [each.submitted for each in bench.store.batch_files(batch.id)] == [0]
    assert bench.store.start_batch(batch.id, "task-1", bench.now)
    assert not bench.store.start_batch(batch.id, "task-2", bench.now)
    found = bench.store.batch(batch.id)
    assert found is not None
    assert (found.state, found.task_id) == (BatchState.ACTIVE, "task-1")


def test_a_task_that_the_mover_forgot_is_submitted_with_the_same_id(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.submit(batch)
    assert bench.store.move_batch(
        batch.id, BatchState.ACTIVE, BatchState.RESERVED, bench.now, reason="task unknown"
    )
    found = bench.store.batch(batch.id)
    assert found is not None
    assert (found.submission_id, found.reason) == (f"submission of {batch.id}", "task unknown")
    assert not bench.store.move_batch(batch.id, BatchState.ACTIVE, BatchState.CANCELLING, bench.now)


@pytest.mark.parametrize("end", [BatchState.PROVED, BatchState.FAILED])
def test_a_batch_cannot_be_ended_by_a_mere_move(bench: Bench, end: BatchState) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    with pytest.raises(ValueError, match="move_batch"):
        bench.store.move_batch(batch.id, BatchState.PLANNED, end, bench.now)


def test_progress_is_what_the_mover_says(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.store.postpone_batch(batch.id, bench.now + timedelta(minutes=1), 3, "no answer")
    found = bench.store.batch(batch.id)
    assert found is not None
    assert (found.attempts, found.reason) == (3, "no answer")
    bench.store.update_batch(
        batch.id,
        files_done=1,
        bytes_done=7,
        rate=1e9,
        nice_status="CONNECT_FAILED \udce9",
        now=bench.now,
    )
    found = bench.store.batch(batch.id)
    assert found is not None
    assert (found.files_done, found.bytes_done, found.rate) == (1, 7, 1e9)
    assert (found.nice_status, found.attempts) == ("CONNECT_FAILED \udce9", 0)


def test_batches_are_listed_by_state_and_by_what_is_due(bench: Bench) -> None:
    for number in range(3):
        bench.ready("a.bin", dataset=f"SC011/r{number}")
    one, two, three = (bench.plan(f"SC011/r{number}") for number in range(3))
    bench.store.reserve_batch(two.id, "sub", bench.now)
    bench.store.postpone_batch(three.id, bench.now + timedelta(minutes=1), 1, "busy")
    ids = [each.id for each in bench.store.batches()]
    assert ids == [one.id, two.id, three.id]
    planned = [each.id for each in bench.store.batches(BatchState.PLANNED)]
    assert planned == [one.id, three.id]
    due = bench.store.batches(BatchState.PLANNED, BatchState.RESERVED, due_by=bench.now)
    assert [each.id for each in due] == [one.id, two.id]


def test_an_unknown_batch_is_none_and_moves_nothing(store: Store) -> None:
    assert store.batch("nobody") is None
    assert store.batch_files("nobody") == []
    assert not store.reserve_batch("nobody", "sub", NOON)
    assert store.sent_batch("nobody", NOON) == []
    assert store.prove("nobody", [], NOON).proved == 0


def test_the_rest_of_a_split_dataset_does_not_travel_once_it_changed(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    files = bench.files()
    bench.plan_files([files["a.bin"].id])
    bench.write("b.bin", 11)
    bench.sight()
    assert bench.state() is State.TRANSFERRING
    assert bench.plan_files([files["b.bin"].id]) is None
