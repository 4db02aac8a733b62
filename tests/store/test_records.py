"""What the archive is owed is known from the moment that a dataset is archived, and found by an index."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived.core.lifecycle import State
from archived.core.model import BatchState, Direction
from archived.core.records import RecordState
from archived.store import Digest, OwedRecord, Store
from archived.store.address import parse
from archived.store.connection import Door
from archived.store.opening import MIGRATIONS
from tests.builders import NOON
from tests.store.bench import G0, G1, LOCATION, Bench

MINUTE = timedelta(minutes=1)


def note(bench: Bench, path: str = G0) -> OwedRecord:
    """How far the archive was told about a dataset."""
    found = bench.store.record_note(bench.dataset(path).id)
    assert found is not None
    return found


def owed(bench: Bench, **options: Any) -> list[str]:
    """The paths of the datasets whose records are owed."""
    due = bench.store.records_due(RecordState.OWED, bench.now, 10, **options)
    return [each.path for each in due]


def written(bench: Bench, *paths: str) -> None:
    """Write the records of these datasets."""
    for path in paths:
        assert bench.store.set_record(note(bench, path), RecordState.WRITTEN, due=bench.now)


def loaded(bench: Bench, *paths: str) -> str:
    """A batch of the records of these datasets."""
    with bench.store.together():
        bench.store.begin_batch(
            "records-1",
            LOCATION,
            Direction.RECORD,
            files=2 * len(paths),
            size=100,
            now=bench.now,
            deadline=bench.now + timedelta(days=1),
        )
        ids = [bench.dataset(path).id for path in paths]
        assert bench.store.load_records("records-1", ids) == len(paths)
    return "records-1"


def forget(bench: Bench, path: str) -> None:
    """As if discover had found the dataset, rather than the daemon archived it."""
    bench.store._door.change("DELETE FROM record WHERE dataset_id = ?", bench.dataset(path).id)


def two_archived(bench: Bench) -> None:
    """Two datasets, archived a minute apart."""
    bench.ready("a.bin")
    bench.archive()
    bench.later(minutes=1)
    bench.ready("b.bin", dataset=G1)
    bench.archive(G1)


def test_a_record_is_owed_as_soon_as_its_dataset_is_archived(bench: Bench) -> None:
    bench.ready("a.bin")
    assert bench.store.record_note(bench.dataset().id) is None
    bench.archive()
    found = note(bench)
    assert (found.state, found.due, found.known) == (RecordState.OWED, bench.now, False)
    assert (found.location, found.path, found.archived) == (LOCATION, G0, True)


def test_those_that_are_owed_for_longest_come_first_or_last(bench: Bench) -> None:
    two_archived(bench)
    assert owed(bench) == [G0, G1]
    assert owed(bench, newest=True) == [G1, G0]


def test_what_is_postponed_comes_back_in_its_time(bench: Bench) -> None:
    two_archived(bench)
    later = bench.now + MINUTE
    assert bench.store.set_record(
        note(bench), RecordState.OWED, due=later, attempts=3, reason="full"
    )
    assert owed(bench) == [G1]
    assert (note(bench).attempts, note(bench).reason) == (3, "full")
    bench.later(minutes=1)
    assert owed(bench) == [G1, G0]


def test_a_clock_that_was_set_back_postpones_nothing_for_years(bench: Bench) -> None:
    two_archived(bench)
    bench.now -= timedelta(days=700)
    assert owed(bench) == []
    bench.store.forget_future(bench.now, timedelta(0))
    assert owed(bench) == [G0, G1]


def test_records_travel_in_a_batch_and_are_proved(bench: Bench) -> None:
    two_archived(bench)
    written(bench, G0, G1)
    batch = loaded(bench, G0, G1)
    assert [each.path for each in bench.store.records_of_batch(batch)] == [G0, G1]
    bench.store.records_are_ours([bench.dataset(G0).id])
    bench.store.unload_records(
        batch, [bench.dataset(G0).id], due=bench.now + MINUTE, reason="lost", counts=True
    )
    proved, again = note(bench, G0), note(bench, G1)
    assert (proved.state, proved.known, proved.batch) == (RecordState.PROVED, True, None)
    assert (again.state, again.attempts, again.reason) == (RecordState.OWED, 1, "lost")
    assert again.due == bench.now + MINUTE
    assert not again.known
    assert bench.store.records_of_batch(batch) == []


def test_only_written_records_can_be_loaded(bench: Bench) -> None:
    two_archived(bench)
    written(bench, G0)
    ids = [bench.dataset(path).id for path in (G0, G1)]
    assert bench.store.load_records("no such batch", ids) == 1


def test_a_dataset_that_grows_while_its_record_travels_is_owed_another(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    before = note(bench)
    written(bench, G0)
    batch = loaded(bench, G0)
    bench.later(hours=1)
    bench.write("b.bin")
    bench.sight()
    assert not note(bench).archived
    bench.settle()
    bench.archive()
    assert (note(bench).state, note(bench).batch) == (RecordState.OWED, batch)
    assert bench.store.record_batch_is_live(note(bench))
    assert not bench.store.set_record(before, RecordState.WRITTEN), "that one is out of date"
    bench.store.unload_records(batch, [bench.dataset().id], due=bench.now, reason="", counts=False)
    assert (note(bench).state, note(bench).batch) == (RecordState.OWED, None)
    assert not bench.store.record_batch_is_live(note(bench))


def test_a_record_that_must_not_travel_leaves_its_batch_and_stays_in_the_store(
    bench: Bench,
) -> None:
    two_archived(bench)
    written(bench, G0, G1)
    batch = loaded(bench, G0, G1)
    bench.store.keep_records(batch, {bench.dataset(G0).id: "it is another rig's"})
    assert (note(bench).state, note(bench).batch) == (RecordState.KEPT, None)
    assert bench.store.kept_records() == [(LOCATION, "it is another rig's", 1)]
    assert [each.path for each in bench.store.records_of_batch(batch)] == [G1]
    assert bench.store.reopen_records(["raw-video"]) == 0
    assert bench.store.reopen_records([]) == 0
    assert bench.store.reopen_records([LOCATION]) == 1
    assert owed(bench) == [G0]


def test_what_discover_found_in_the_archive_is_not_owed(bench: Bench) -> None:
    two_archived(bench)
    forget(bench, G0)
    bench.store.record_known(bench.dataset(G0).id)
    assert owed(bench) == [G1]
    assert (note(bench).state, note(bench).known) == (RecordState.PROVED, True)
    bench.later(minutes=1)
    bench.store.record_owed(bench.dataset(G0).id, bench.now)
    assert owed(bench) == [G1, G0]
    assert note(bench).known, "it may be replaced"


def test_what_was_owed_already_replaces_what_discover_found(bench: Bench) -> None:
    two_archived(bench)
    bench.store.set_record(note(bench, G1), RecordState.KEPT, reason="it is not ours")
    for path in (G0, G1):
        bench.store.record_known(bench.dataset(path).id)
    assert owed(bench) == [G0, G1]
    assert note(bench, G0).known
    assert note(bench, G1).known


def test_it_is_counted_what_the_archive_was_not_told(bench: Bench) -> None:
    two_archived(bench)
    bench.store.set_record(note(bench), RecordState.PROVED)
    assert bench.store.count_records() == {
        RecordState.OWED: 1,
        RecordState.WRITTEN: 0,
        RecordState.TRAVELLING: 0,
        RecordState.KEPT: 0,
    }


def test_a_digest_is_kept_once_and_for_all(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    bench.archive()
    files = bench.files()
    known = {
        files["a.bin"].id: Digest(10, 1, "0" * 64),
        files["b.bin"].id: Digest(10, 2, None, "it had left the rig \udce9"),
    }
    bench.store.note_digests(known)
    bench.store.note_digests({files["a.bin"].id: Digest(10, 3, "1" * 64)})
    assert bench.store.digests(bench.dataset().id) == known | {
        files["a.bin"].id: Digest(10, 3, "1" * 64)
    }


def test_telling_the_archive_never_moves_a_dataset(bench: Bench) -> None:
    two_archived(bench)
    events = bench.store.last_event()
    written(bench, G0, G1)
    batch = loaded(bench, G0, G1)
    bench.store.reserve_batch(batch, "submission", bench.now)
    bench.store.start_batch(batch, "task", bench.now)
    bench.store.unload_records(batch, [], due=bench.now, reason="lost", counts=True)
    bench.store.end_batch(
        batch, BatchState.FAILED, bench.now, reason="lost", retry_at=None, needs_person="nobody"
    )
    assert bench.store.last_event() == events
    assert {bench.state(G0), bench.state(G1)} == {State.ARCHIVED}


def test_what_was_archived_before_records_were_thought_of_is_owed_its_own(
    empty_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / "migrations"
    before.mkdir()
    (before / "0001_first.py").write_text((MIGRATIONS / "0001_first.py").read_text())
    with monkeypatch.context() as patched:
        patched.setattr("archived.store.opening.MIGRATIONS", before)
        Store.open(empty_address, rig="rig-1", create=True, now=NOON).close()
    door = Door(parse(empty_address))
    door.connect()
    with door.write():
        root = door.insert("INSERT INTO root (rig_id, name) VALUES (1, '/root')")
        for number, state in enumerate((State.ARCHIVED, State.READY, State.ARCHIVED)):
            moment = 1_000_000 * number
            door.insert(
                "INSERT INTO dataset (rig_id, root_id, location, path, convention, state, reason, fields, "
                "revision, attempts, first_seen, changed_at, state_since, archived_at, accepted, files, bytes) "
                "VALUES (1, ?, ?, ?, 'catgt', ?, '', '{}', 2, 0, ?, ?, ?, ?, 0, 0, 0)",
                root,
                LOCATION,
                f"SC011/r{number}",
                state,
                *[moment] * 4,
            )
    door.close()
    with Store.open(empty_address, rig="rig-1", create=True, now=NOON) as store:
        due = store.records_due(RecordState.OWED, NOON, 10)
        assert [(each.path, each.revision) for each in due] == [("SC011/r0", 2), ("SC011/r2", 2)]
