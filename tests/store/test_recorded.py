"""What the archive's own records tell, beyond a listing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from archived.core.discovery import Kind
from archived.core.lifecycle import State
from archived.core.model import Checksum, FileState
from archived.core.records import Record, RecordedFile, RecordedReceipt, RecordState
from archived.store import Store
from tests.builders import NOON
from tests.store.bench import FILE_TYPE, G0, LOCATION
from tests.store.test_discoveries import Walker

LONG_AGO = NOON - timedelta(days=100)
SHA = "a" * 64


def recorded_file(name: str = "a.bin", size: int = 10, **changes: Any) -> RecordedFile:
    values: dict[str, Any] = {
        "path": f"{G0}/{name}",
        "size": size,
        "mtime_ns": 123_456_789,
        "file_type": FILE_TYPE,
        "sha256": SHA,
        "receipt": RecordedReceipt("re-read", LONG_AGO, Checksum("MD5", "0f")),
    }
    return RecordedFile(**{**values, **changes})


def record(*files: RecordedFile, **changes: Any) -> Record:
    values: dict[str, Any] = {
        "location": "an-older-name",
        "path": G0,
        "convention": "catgt",
        "revision": 3,
        "rig": "rig-1",
        "first_seen": LONG_AGO - timedelta(hours=1),
        "archived_at": LONG_AGO,
        "files": files,
    }
    return Record(**{**values, **changes})


@pytest.fixture
def walker(store: Store) -> Walker:
    """A walk that found one file of ten bytes."""
    walker = Walker(store)
    walker.meet("", subfolders=["SC011"])
    walker.meet("SC011", subfolders=[G0])
    walker.list({"a.bin": 10})
    return walker


def take(walker: Walker, told: Record, *, recognised: bool = True) -> bool:
    return walker.store.take_record(walker.walk, told, walker.now, recognised=recognised)


def test_checksum_time_and_proof_are_taken_exactly(walker: Walker) -> None:
    assert walker.store.wants_records(LOCATION)
    assert take(walker, record(recorded_file()))
    file = walker.files()["a.bin"]
    assert (file.mtime_ns, file.archived_mtime_ns) == (123_456_789, 123_456_789)
    assert (file.checksum, file.proof, file.archived_at) == (
        Checksum("MD5", "0f"),
        "record",
        LONG_AGO,
    )
    [digest] = walker.store.digests(walker.dataset().id).values()
    assert digest.sha256 == SHA
    assert not walker.store.wants_records(LOCATION)


def test_the_dataset_is_as_old_as_its_record_says(walker: Walker) -> None:
    take(walker, record(recorded_file()))
    dataset = walker.dataset()
    assert (dataset.revision, dataset.archived_at, dataset.first_seen) == (
        3,
        LONG_AGO,
        LONG_AGO - timedelta(hours=1),
    )


def test_without_a_receipt_the_sha256_is_the_checksum(walker: Walker) -> None:
    take(walker, record(recorded_file(receipt=None)))
    file = walker.files()["a.bin"]
    assert (file.checksum, file.archived_at) == (Checksum("SHA256", SHA), LONG_AGO)


def test_what_the_recording_program_said_is_known_again(walker: Walker) -> None:
    take(walker, record(recorded_file(program_checksum=Checksum("SHA1", "1" * 40))))
    assert walker.files()["a.bin"].external_checksum == Checksum("SHA1", "1" * 40)


def test_a_record_is_taken_once(walker: Walker) -> None:
    for _ in range(2):
        take(walker, record(recorded_file()))
    row = walker.store._door.row("SELECT count(*) FROM receipt")
    assert row == (2,)


def test_no_record_is_written_over_one_that_is_there(walker: Walker) -> None:
    take(walker, record(recorded_file()))
    note = walker.store.record_note(walker.dataset().id)
    assert note is not None
    assert (note.state, note.known) == (RecordState.PROVED, True)
    assert walker.store.owe_records(walker.walk, walker.now) == 0


def test_one_is_written_where_there_is_none(walker: Walker) -> None:
    assert walker.store.owe_records(walker.walk, walker.now) == 1
    note = walker.store.record_note(walker.dataset().id)
    assert note is not None
    assert note.state is RecordState.OWED
    assert not walker.store.wants_records(LOCATION)


def test_a_file_that_only_the_record_has_is_missing(walker: Walker) -> None:
    take(walker, record(recorded_file(), recorded_file("b.bin", 20)))
    file = walker.files()["b.bin"]
    assert (file.state, file.archived_size, file.file_type) == (FileState.MISSING, 20, FILE_TYPE)
    assert walker.state() is State.FAILED
    assert "though the record of its dataset has it" in walker.dataset().reason
    assert walker.told(Kind.CATALOGUE) == ["b.bin"]
    assert walker.store.archived_totals() == {LOCATION: (1, 10)}
    assert walker.store.tell_of_missing(LOCATION, walker.now) == 1
    walker.again()
    walker.list({"a.bin": 10, "b.bin": 20})
    assert walker.state() is State.ARCHIVED
    assert walker.store.archived_totals() == {LOCATION: (2, 30)}


def test_a_file_of_another_size_than_recorded_is_different(walker: Walker) -> None:
    take(walker, record(recorded_file(size=12)))
    file = walker.files()["a.bin"]
    assert (file.state, file.archived_size) == (FileState.DIFFERENT, 12)
    assert walker.state() is State.FAILED
    [found] = walker.store.findings(walker.walk.id, Kind.DIFFERENT, 9)
    assert (found.size, found.known_size) == (10, 12)
    assert walker.store.archived_totals() == {LOCATION: (0, 0)}
    walker.store.accept([walker.dataset().name], walker.now, user="anna")
    assert walker.state() is State.ARCHIVED
    assert walker.store.archived_totals() == {LOCATION: (1, 10)}


def test_what_was_archived_since_the_walk_began_is_not_missing(walker: Walker) -> None:
    just_now = RecordedReceipt("re-read", walker.walk.started_at, None)
    other = "SC011/catgt_SC011_022319_g7"
    b = recorded_file("b.bin", 20, receipt=just_now)
    take(walker, record(recorded_file(size=12, receipt=just_now), b))
    take(walker, record(replace(b, path=f"{other}/a.bin"), path=other))
    assert walker.file_states() == {"a.bin": FileState.ARCHIVED}
    assert (walker.told(Kind.CATALOGUE), walker.told(Kind.DIFFERENT)) == ([], [])


def test_nothing_is_missing_where_nobody_could_look(walker: Walker) -> None:
    walker.meet("SC011")
    with walker.store._door.write():
        walker.store._add_folders(walker.walk.id, [f"{G0}/imec0"], "to do")
    walker.store.refuse_folder(walker.walk.id, f"{G0}/imec0", "no")
    take(walker, record(recorded_file(), recorded_file("imec0/b.bin")))
    assert set(walker.files()) == {"a.bin"}


def test_a_dataset_of_which_only_the_record_is_left_is_told_of(walker: Walker) -> None:
    other = "SC011/catgt_SC011_022319_g7"
    lost = record(replace(recorded_file(), path=f"{other}/a.bin"), path=other)
    assert not take(walker, lost)
    assert walker.told(Kind.CATALOGUE) == [f"{other}/a.bin"]
    assert walker.store.names() == [f"{LOCATION}/{G0}"]


def test_but_not_where_no_convention_knows_it(walker: Walker) -> None:
    other = "SC011/something"
    assert not take(
        walker, record(replace(recorded_file(), path=f"{other}/a"), path=other), recognised=False
    )
    assert walker.told(Kind.CATALOGUE) == []


def test_what_we_sent_ourselves_is_known_better(walker: Walker) -> None:
    walker.write("a.bin")
    walker.write("own.bin")
    walker.look()
    walker.settle()
    walker.archive()
    before = walker.files()["own.bin"]
    take(walker, record(recorded_file("own.bin", sha256="b" * 64)))
    assert walker.files()["own.bin"] == before
