"""What is done in every turn costs as much as there is to do, however large the catalogue of archived files is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState
from archived.core.records import RecordState
from archived.store import LookSummary, Store
from tests.builders import NOON
from tests.store.bench import FILE_TYPE, G0, LOCATION, ROOT, Bench

GROWING = re.compile(r"^SCAN (\w+)")
SMALL = {"rig", "tally", "total", "alarm", "setting", "counter", "subject", "animal"}
"""Tables that do not grow with what is archived, and constructs that are no tables."""


class Watched:
    """A bench on a store whose statements are noted."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.statements: list[str] = []
        database = bench.store._door.database
        execute = database.execute_sql

        def noting(sql: str, params: Any = None) -> Any:
            self.statements.append(sql)
            return execute(sql, params)

        database.execute_sql = noting

    def scans(self, verb: Callable[[], object]) -> list[str]:
        """The plans of what a verb runs that read a whole table of those that grow."""
        self.statements.clear()
        verb()
        statements = [
            sql for sql in self.statements if sql.startswith(("SELECT", "WITH", "UPDATE", "DELETE"))
        ]
        assert statements
        found = []
        for sql in statements:
            numbers = (None,) * sql.count("?")
            connection = self.bench.store._door.database.connection()
            for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", numbers):
                scan = GROWING.match(row[3])
                if scan and scan[1] not in SMALL:
                    found.append(f"{row[3]}: {sql}")
        return found


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with Store.open(str(tmp_path / "archived.db"), rig="rig-1", create=True, now=NOON) as store:
        bench = Bench(store)
        bench.ready("a.bin", "b.bin")
        bench.archive()
        bench.ready("a.bin", "b.bin", dataset="SC011/r1")
        bench.ready("a.bin", "b.bin", dataset="SC011/r2")
        yield Watched(bench)


READING: dict[str, Callable[[Store], object]] = {
    "settling": lambda store: store.settling(NOON, timedelta(minutes=10), 20),
    "settling of known animals": lambda store: store.settling(
        NOON, timedelta(minutes=10), 20, only_known=True
    ),
    "strangers": lambda store: store.strangers((NOON, 1), NOON, 20),
    "unknown animals": lambda store: store.unknown_h2os(20),
    "subject": lambda store: store.subject_of("SC011"),
    "ready": lambda store: store.ready(100),
    "waiting": lambda store: store.waiting_due(NOON, 100),
    "attention": lambda store: store.attention(20),
    "counts": lambda store: store.counts(LOCATION),
    "totals": lambda store: store.archived_totals(),
    "batches": lambda store: store.batches(BatchState.ACTIVE, due_by=NOON),
    "batch": lambda store: store.batch("batch-1"),
    "batch files": lambda store: store.batch_files("batch-1"),
    "known folders": lambda store: store.known_folders(ROOT),
    "paused": lambda store: store.paused(NOON),
    "alarms": lambda store: store.alarms(),
    "daemon": lambda store: store.daemon(),
    "dataset": lambda store: store.dataset(f"{LOCATION}/{G0}"),
    "events of one": lambda store: store.events(name=f"{LOCATION}/{G0}", limit=50),
    "last events": lambda store: store.events(limit=20),
    "new events": lambda store: store.events_after(5, limit=20),
    "unrecognised": lambda store: store.unrecognised(20),
    "heartbeat": lambda store: store.heartbeat(NOON),
    "records due": lambda store: store.records_due(RecordState.OWED, NOON, 1),
    "newest records due": lambda store: store.records_due(RecordState.OWED, NOON, 1, newest=True),
    "records of a batch": lambda store: store.records_of_batch("batch-1"),
    "record of one": lambda store: store.record_note(1),
    "records outstanding": lambda store: store.count_records(),
    "digests of one": lambda store: store.digests(1),
}


@pytest.mark.parametrize("what", READING)
def test_no_question_asked_in_every_turn_reads_everything(watched: Watched, what: str) -> None:
    assert watched.scans(lambda: READING[what](watched.bench.store)) == []


def test_a_question_that_reads_everything_would_be_noticed(watched: Watched) -> None:
    door = watched.bench.store._door
    assert watched.scans(lambda: door.rows("SELECT count(*) FROM file f WHERE f.size > 1"))
    assert watched.scans(lambda: door.rows("SELECT id FROM dataset WHERE reason = 'odd'"))


def test_no_step_of_the_main_job_reads_everything(watched: Watched) -> None:
    bench = watched.bench

    def all_steps() -> None:
        dataset = bench.dataset("SC011/r1")
        path = bench.write("c.bin", dataset="SC011/r1")
        bench.sight()
        known = bench.store.known_before(dataset)
        bench.store.refresh(
            bench.dataset("SC011/r1"), {path: bench.disk[path]}, str, known.newest, bench.now
        )
        bench.store.move(
            dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", bench.now
        )
        batch = bench.plan("SC011/r1", "SC011/r2")
        bench.submit(batch)
        file = bench.files("SC011/r1")["c.bin"]
        bench.store.release_files(batch.id, [file.id], bench.now)
        bench.store.sent_batch(batch.id, bench.now)
        bench.prove(batch)
        bench.end(batch)
        bench.store.finish_look(ROOT, LookSummary({path}, True), bench.now)

    assert watched.scans(all_steps) == []


def test_a_dataset_of_five_thousand_files_is_a_matter_of_few_statements(watched: Watched) -> None:
    bench = watched.bench
    for number in range(5_000):
        bench.write(f"{number:05}.avi", dataset="SC011/large")
    watched.statements.clear()
    bench.sight("SC011/large")
    bench.settle("SC011/large")
    batch = bench.plan("SC011/large")
    bench.send(batch)
    bench.prove(batch)
    bench.end(batch)
    assert bench.state("SC011/large") is State.ARCHIVED
    assert bench.files("SC011/large")["04999.avi"].file_type == FILE_TYPE
    assert len(watched.statements) < 300


@pytest.mark.parametrize("files", [1, 1_000])
def test_a_new_dataset_takes_as_many_statements_with_a_file_as_with_a_thousand(
    watched: Watched, files: int
) -> None:
    for number in range(files):
        watched.bench.write(f"{number:05}.avi", dataset="SC011/new")
    watched.statements.clear()
    watched.bench.sight("SC011/new")
    assert watched.bench.dataset("SC011/new").files == files
    written = [each for each in watched.statements if not each.startswith(("SELECT", "BEGIN"))]
    assert len(written) == 4, "the dataset, its event, its count, its folder; its files go at once"


def test_a_dataset_that_grows_is_not_counted_anew(watched: Watched) -> None:
    bench = watched.bench
    bench.write("a.avi", 7, dataset="SC011/grows")
    bench.sight("SC011/grows")
    bench.write("b.avi", 5, dataset="SC011/grows")
    watched.statements.clear()
    bench.sight("SC011/grows")
    assert not [each for each in watched.statements if "sum(" in each]
    dataset = bench.dataset("SC011/grows")
    assert (dataset.files, dataset.bytes) == (2, 12)


@pytest.mark.parametrize("files", [1, 1_000])
def test_a_judgement_asks_as_much_of_a_dataset_with_a_file_as_with_a_thousand(
    watched: Watched, files: int
) -> None:
    bench = watched.bench
    for number in range(files):
        bench.write(f"{number:05}.avi", dataset="SC011/judged")
    bench.sight("SC011/judged")
    dataset, seen = bench.dataset("SC011/judged"), dict(bench.disk)
    watched.statements.clear()
    known = bench.store.known_before(dataset)
    seen = {path: stat for path, stat in seen.items() if path.startswith("SC011/judged/")}
    assert bench.store.refresh(dataset, seen, str, known.newest, bench.now) == (False, "")
    asked = [each for each in watched.statements if each.startswith("SELECT")]
    assert len(asked) == 7
