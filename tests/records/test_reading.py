"""Records are read from any archive; what is wrong with one is told, and hides no other."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from archived.core.model import Direction
from archived.core.record_json import to_json
from archived.core.records import Record, record_path
from archived.errors import NotPermittedError, TransferUnavailableError
from archived.records import bringing, reading
from archived.records.reading import RecordProblem
from tests.records.bench import Shelf, read_directory, record


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    base = tmp_path / "data"
    (base / "rig").mkdir(parents=True)
    return Shelf(base)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def put(archive: Path, *records: Record) -> None:
    for each in records:
        path = os.path.join(os.fsencode(archive), os.fsencode(record_path(each.path)))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(to_json(each))


def test_an_archive_without_records_has_neither_records_nor_problems(
    shelf: Shelf, archive: Path
) -> None:
    assert read_directory(archive) == []
    assert shelf.read() == []
    assert not Path(shelf.spool).exists()


def test_records_of_a_directory_are_read_where_they_are(archive: Path) -> None:
    put(archive, record("SC011/r0"), record("SC011/r1"), record("SC012/caf\udce9"))
    found = {each.path for each in read_directory(archive) if isinstance(each, Record)}
    assert found == {"SC011/r0", "SC011/r1", "SC012/caf\udce9"}
    assert [each.path for each in read_directory(archive, below="SC011/r1")] == ["SC011/r1"]


def test_records_of_a_collection_are_brought_to_the_spool_and_removed_from_it(shelf: Shelf) -> None:
    whole = [record("SC011/r0"), record("SC011/r1"), record("SC012/r0")]
    shelf.put(*whole)
    assert sorted(shelf.read(), key=lambda each: each.path) == whole
    mover = shelf.movers[str(Path(shelf.spool) / "discovered" / "raw-ephys")]
    (task,) = mover.tasks.values()
    assert task.order.direction is Direction.RETRIEVE
    assert [path for path in Path(shelf.spool).rglob("*") if path.is_file()] == []
    assert [each.path for each in shelf.read(below="SC012")] == ["SC012/r0"]


def test_many_records_travel_in_several_transfers(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "FILES_AT_ONCE", 2)
    shelf.put(*(record(f"SC011/r{number}") for number in range(5)))
    assert len({each.path for each in shelf.read()}) == 5
    mover = shelf.movers[str(Path(shelf.spool) / "discovered" / "raw-ephys")]
    assert len(mover.tasks) == 3


def test_without_a_spool_that_is_exported_one_problem_says_why(shelf: Shelf) -> None:
    shelf.put(record())
    (problem,) = shelf.read(spool="/var/lib/archived/spool")
    assert isinstance(problem, RecordProblem)
    assert "does not export" in problem.why
    assert problem.what_to_do


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no JSON"),
        (b'{"version": 2}', "newer release"),
        (to_json(record())[:-30], "no JSON"),
        (to_json(record("SC011/another")), "another dataset"),
    ],
)
def test_a_bad_record_is_a_problem_and_hides_no_other(
    shelf: Shelf, archive: Path, data: bytes, why: str
) -> None:
    put(archive, record("SC011/r0"), record("SC011/r1"))
    (archive / record_path("SC011/r0")).write_bytes(data)
    shelf.put(record("SC011/r1"))
    shelf.archive[record_path("SC011/r0")] = data
    for found in (read_directory(archive), shelf.read()):
        good = [each for each in found if isinstance(each, Record)]
        (bad,) = [each for each in found if isinstance(each, RecordProblem)]
        assert good == [record("SC011/r1")]
        assert bad.path == record_path("SC011/r0")
        assert why in bad.why


def test_a_record_that_is_too_large_is_not_even_brought(
    shelf: Shelf, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST_RECORD", 10)
    put(archive, record())
    shelf.put(record())
    for found in (read_directory(archive), shelf.read()):
        assert [each.why for each in found if isinstance(each, RecordProblem)] == [
            f"it has {len(to_json(record()))} bytes, more than any record"
        ]
    assert list(shelf.movers) == [shelf.location.root]


def test_a_link_in_an_archive_is_not_followed(archive: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", record("SC011/r0"))
    (archive / ".archived" / "v1").mkdir(parents=True)
    (archive / ".archived" / "v1" / "SC011").symlink_to(
        tmp_path / "elsewhere" / ".archived" / "v1" / "SC011"
    )
    assert read_directory(archive) == []


def test_a_pipe_in_the_place_of_a_record_holds_nobody_up(archive: Path) -> None:
    put(archive, record("SC011/r0"))
    (archive / record_path("SC011/r1")).parent.mkdir()
    os.mkfifo(archive / record_path("SC011/r1"))
    assert read_directory(archive) == [record("SC011/r0")]


def test_a_folder_that_may_not_be_read_hides_no_other(shelf: Shelf) -> None:
    shelf.put(record("SC011/r0"))
    mover = shelf.mover_of(shelf.location)
    refused = NotPermittedError("may not be read", what_to_do="ask")
    mover.list(".archived/v1")
    listed = mover.list

    def refusing(path: str) -> object:
        if path == ".archived/v1/SC012":
            raise refused
        return listed(path)

    mover.list = refusing  # type: ignore[method-assign, assignment]
    shelf.put(record("SC012/r0"))
    found = shelf.read()
    assert record("SC011/r0") in found
    assert RecordProblem(".archived/v1/SC012", "may not be read", "ask") in found


def test_an_archive_that_is_away_is_one_problem(shelf: Shelf) -> None:
    shelf.put(record("SC011/r0"), record("SC012/r0"))
    away = TransferUnavailableError("the collection is not connected")
    shelf.mover_of(shelf.location).refuse("list", away)
    assert shelf.read() == [RecordProblem(".archived/v1", str(away))]


def test_a_record_that_cannot_be_brought_is_a_problem_and_the_others_come(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "FIRST_POLL", bringing.FIRST_POLL / 1000)
    shelf.put(record("SC011/r0"), record("SC011/r1"))
    folder = str(Path(shelf.spool) / "discovered" / "raw-ephys")
    place = replace(shelf.location, root=folder)
    shelf.mover_of(place).break_file(record_path("SC011/r0"), "PERMISSION_DENIED")
    found = shelf.read()
    assert record("SC011/r1") in found
    (problem,) = [each for each in found if isinstance(each, RecordProblem)]
    assert problem.path == record_path("SC011/r0")
    assert "permission denied" in problem.why


def test_who_stops_it_gets_no_more(shelf: Shelf, archive: Path) -> None:
    put(archive, record("SC011/r0"))
    shelf.put(record("SC011/r0"))
    shelf.stop.set()
    assert shelf.read() == []
    assert read_directory(archive, stop=shelf.stop) == []


def test_a_transfer_of_a_killed_process_is_found_again(shelf: Shelf) -> None:
    shelf.put(record("SC011/r0"))
    folder = str(Path(shelf.spool) / "discovered" / "raw-ephys")
    mover = shelf.mover_of(replace(shelf.location, root=folder))
    mover.lose_reply("submit")
    (problem,) = shelf.read()
    assert isinstance(problem, RecordProblem)
    assert shelf.read() == [record("SC011/r0")]
    assert len(mover.tasks) == 1
