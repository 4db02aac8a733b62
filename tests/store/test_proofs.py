"""How batches end: a file is ARCHIVED only with its receipt, and a dataset only with all of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState, Checksum, FileState, Receipt
from archived.store import Store
from tests.store.bench import G0, G1, LOCATION, Bench


def test_a_dataset_with_every_receipt_is_archived(bench: Bench) -> None:
    bench.ready("a.bin", "a.meta")
    batch = bench.plan()
    bench.send(batch)
    assert bench.state() is State.VERIFYING
    result = bench.prove(batch)
    bench.end(batch)
    assert (result.proved, result.changed) == (2, [])
    assert bench.state() is State.ARCHIVED
    assert bench.dataset().archived_at == bench.now
    file = bench.files()["a.bin"]
    assert file.state is FileState.ARCHIVED
    assert (file.archived_size, file.archived_at) == (10, bench.now)
    assert file.checksum == Checksum("MD5", "d41d8cd9")
    assert (file.proof, file.batch) == ("successful transfers", batch.id)


def test_events_tell_the_whole_way(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    moves = [(each.before, each.after, each.move) for each in bench.store.events()]
    assert moves == [
        (None, State.SETTLING, None),
        (State.SETTLING, State.READY, "settled"),
        (State.READY, State.TRANSFERRING, "batched"),
        (State.TRANSFERRING, State.VERIFYING, "sent"),
        (State.VERIFYING, State.ARCHIVED, "proved"),
    ]


def test_a_file_without_a_receipt_keeps_its_dataset_from_being_archived(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    batch = bench.plan()
    bench.send(batch)
    bench.prove(batch, without=[f"{G0}/b.bin"])
    bench.fail(batch)
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED, "b.bin": FileState.PENDING}
    dataset = bench.dataset()
    assert (dataset.state, dataset.attempts) == (State.WAITING, 1)
    assert dataset.due == bench.now + timedelta(minutes=1)
    assert dataset.reason == "the transfer failed"


def test_a_receipt_of_another_size_is_no_proof(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.send(batch)
    result = bench.store.prove(batch.id, [Receipt(f"{G0}/a.bin", 9, None, "listing")], bench.now)
    assert (result.proved, result.changed) == (0, [f"{G0}/a.bin"])
    bench.end(batch)
    assert bench.state() is State.SETTLING


def test_a_file_that_changed_while_it_travelled_settles_again(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.write("b.bin", 11)
    bench.later(minutes=2)
    bench.sight()
    assert bench.state() is State.TRANSFERRING
    bench.store.sent_batch(batch.id, bench.now)
    assert bench.prove(batch).changed == [f"{G0}/b.bin"]
    bench.end(batch)
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED, "b.bin": FileState.PENDING}
    assert bench.state() is State.SETTLING
    assert bench.dataset().changed_at == bench.now


def test_a_file_that_appears_while_others_travel_is_not_sent_before_it_settled(
    bench: Bench,
) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.write("late.bin")
    bench.sight()
    late = bench.files()["late.bin"]
    assert bench.state() is State.TRANSFERRING
    assert bench.plan_files([late.id]) is None
    bench.send(batch)
    bench.prove(batch)
    bench.end(batch)
    assert bench.state() is State.SETTLING
    bench.settle()
    bench.archive()
    assert bench.state() is State.ARCHIVED


def test_proving_twice_writes_one_receipt_and_counts_once(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.send(batch)
    assert bench.prove(batch).proved == 1
    assert bench.prove(batch).proved == 0
    bench.end(batch)
    assert bench.prove(batch).proved == 0
    assert bench.store.archived_totals() == {LOCATION: (1, 10)}


def test_receipts_for_strange_paths_mean_nothing(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.send(batch)
    result = bench.store.prove(batch.id, [Receipt("elsewhere.bin", 10, None, "listing")], bench.now)
    assert (result.proved, result.changed) == (0, [])
    assert bench.file_states() == {"a.bin": FileState.TRAVELLING}


def test_a_dataset_in_two_batches_is_verified_when_both_were_sent(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    files = bench.files()
    one, two = bench.plan_files([files["a.bin"].id]), bench.plan_files([files["b.bin"].id])
    assert one is not None
    assert two is not None
    bench.send(one)
    assert bench.state() is State.TRANSFERRING
    bench.prove(one)
    bench.end(one)
    assert bench.state() is State.TRANSFERRING
    bench.send(two)
    assert bench.state() is State.VERIFYING
    bench.prove(two)
    bench.end(two)
    assert bench.state() is State.ARCHIVED
    assert [each.id for each in bench.store.file_batches(bench.dataset().id)] == [one.id, two.id]


def test_the_rest_of_a_split_dataset_follows_at_once_and_costs_no_attempt(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    one = bench.plan_files([bench.files()["a.bin"].id])
    assert one is not None
    bench.send(one)
    bench.prove(one)
    bench.end(one)
    dataset = bench.dataset()
    assert (dataset.state, dataset.due, dataset.attempts) == (State.WAITING, bench.now, 0)
    assert bench.store.waiting_due(bench.now, 10) == [dataset]


def test_attempts_add_up_until_the_dataset_is_archived(bench: Bench) -> None:
    bench.ready("a.bin")
    for attempt in (1, 2, 3):
        batch = bench.plan()
        bench.submit(batch)
        bench.fail(batch)
        dataset = bench.dataset()
        assert dataset.attempts == attempt
        bench.store.move(dataset.id, State.WAITING, State.READY, Reason.DUE, "again", bench.now)
    assert bench.files()["a.bin"].submitted == 3
    bench.archive()
    assert (bench.state(), bench.dataset().attempts) == (State.ARCHIVED, 0)


def test_a_fault_for_a_person_sends_the_dataset_there(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.fail(batch, needs_person="PERMISSION_DENIED: you may not write there")
    dataset = bench.dataset()
    assert dataset.state is State.FAILED
    assert dataset.reason == "PERMISSION_DENIED: you may not write there"
    assert bench.store.attention(10) == [dataset]


def test_a_file_set_apart_lets_the_others_travel_on(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    batch = bench.plan()
    bench.submit(batch)
    bad = bench.files()["b.bin"]
    bench.store.release_files(
        batch.id, [bad.id], bench.now, fault="unreadable", reason="permission denied"
    )
    assert [each.path for each in bench.store.batch_files(batch.id)] == [f"{G0}/a.bin"]
    found = bench.store.batch(batch.id)
    assert found is not None
    assert (found.files, found.bytes) == (1, 10)
    assert bench.state() is State.TRANSFERRING
    bench.store.sent_batch(batch.id, bench.now)
    bench.prove(batch)
    bench.end(batch)
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED, "b.bin": FileState.FAILED}
    dataset = bench.dataset()
    assert dataset.state is State.FAILED
    assert dataset.reason == f"{G0}/b.bin: permission denied"


def test_one_bad_dataset_does_not_hold_up_another_in_its_batch(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.ready("b.bin", dataset=G1)
    batch = bench.plan(G0, G1)
    bench.submit(batch)
    bad = bench.files(G1)["b.bin"]
    bench.store.release_files(batch.id, [bad.id], bench.now, fault="name", reason="bad name")
    assert bench.state(G1) is State.FAILED
    bench.store.sent_batch(batch.id, bench.now)
    bench.prove(batch)
    bench.end(batch)
    assert (bench.state(G0), bench.state(G1)) == (State.ARCHIVED, State.FAILED)


def test_files_found_changed_before_sending_settle_again(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.later(minutes=1)
    bench.store.release_files(batch.id, [bench.files()["a.bin"].id], bench.now)
    dataset = bench.dataset()
    assert (dataset.state, dataset.changed_at) == (State.SETTLING, bench.now)
    assert bench.store.batch_files(batch.id) == []
    bench.fail(batch)
    assert bench.state() is State.SETTLING


def test_a_cancelled_task_that_succeeded_after_all_counts_as_sent(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.submit(batch)
    assert bench.store.move_batch(
        batch.id, BatchState.ACTIVE, BatchState.CANCELLING, bench.now, "hopeless"
    )
    bench.store.sent_batch(batch.id, bench.now)
    assert bench.state() is State.VERIFYING


def test_an_ended_batch_cannot_end_again_or_lose_files(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.fail(batch)
    before = bench.dataset()
    bench.later(minutes=1)
    bench.end(batch)
    bench.store.release_files(batch.id, [bench.files()["a.bin"].id], bench.now)
    bench.store.sent_batch(batch.id, bench.now)
    assert bench.dataset() == before
    found = bench.store.batch(batch.id)
    assert found is not None
    assert (found.state, found.reason) == (BatchState.FAILED, "the transfer failed")


def test_a_batch_ends_only_as_proved_or_failed(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    with pytest.raises(ValueError, match="no batch ends as active"):
        bench.end(batch, BatchState.ACTIVE)


def test_a_dataset_that_only_grew_sends_only_what_is_new(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    bench.write("sorting.npy")
    bench.sight()
    assert bench.state() is State.SETTLING
    assert bench.store.events()[-1].move == "grew"
    bench.settle()
    batch = bench.plan()
    assert [each.path for each in bench.store.batch_files(batch.id)] == [f"{G0}/sorting.npy"]


def test_an_accepted_revision_that_changes_once_more_waits_for_a_person_again(
    bench: Bench,
) -> None:
    bench.ready("a.bin")
    bench.archive()
    bench.write("a.bin", 12)
    bench.sight()
    bench.store.accept([f"{LOCATION}/{G0}"], bench.now, user="anna")
    batch = bench.plan()
    assert [each.overwrite for each in bench.store.batch_files(batch.id)] == [True]
    bench.write("a.bin", 13)
    bench.sight()
    bench.send(batch)
    bench.prove(batch)
    bench.end(batch)
    assert bench.file_states() == {"a.bin": FileState.CHANGED}
    dataset = bench.dataset()
    assert dataset.state is State.FAILED
    assert dataset.reason == (
        f"{G0}/a.bin changed while it travelled; accept archives it as a new revision"
    )


def test_totals_grow_by_files_and_by_the_difference_of_a_revision(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    bench.archive()
    assert bench.store.archived_totals() == {LOCATION: (2, 20)}
    bench.write("a.bin", 15)
    bench.sight()
    bench.store.accept([f"{LOCATION}/{G0}"], bench.now, user="anna")
    bench.archive()
    assert bench.store.archived_totals() == {LOCATION: (2, 25)}
    assert bench.dataset().revision == 2


def test_counts_follow_every_move(bench: Bench, store: Store) -> None:
    bench.ready("a.bin")
    bench.ready("b.bin", dataset=G1)
    bench.archive(G1)
    counts = store.counts()
    assert (counts[State.READY], counts[State.ARCHIVED], sum(counts.values())) == (1, 1, 2)
    assert store.counts("raw-video") == dict.fromkeys(State, 0)
    assert store.counts(LOCATION) == counts


def test_what_changed_on_the_way_may_replace_what_we_sent_of_it(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.send(batch)
    bench.store.release_files(batch.id, [bench.files()["a.bin"].id], bench.now, ours=True)
    bench.end(batch, BatchState.FAILED)
    for size in (11, 12):
        bench.write("a.bin", size)
        bench.sight()
    bench.settle()
    again = bench.plan()
    assert [each.overwrite for each in bench.store.batch_files(again.id)] == [True]
    bench.write("a.bin", 13)
    bench.sight()
    bench.submit(again)
    bench.fail(again)
    bench.settle()
    bench.archive()
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED}
    bench.write("a.bin", 14)
    bench.sight()
    assert bench.state() is State.FAILED


def test_what_changed_before_it_was_sent_replaces_nothing(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.store.release_files(batch.id, [bench.files()["a.bin"].id], bench.now)
    bench.fail(batch)
    bench.settle()
    assert [each.overwrite for each in bench.store.batch_files(bench.plan().id)] == [False]
