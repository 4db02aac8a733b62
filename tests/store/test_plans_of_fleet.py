"""What a rig's turn reads on a server is its own rows: it costs the same, however many rigs have rows beside them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from archived.core.lifecycle import Reason, State
from archived.store import LookSummary, Store
from archived.store.schema import TABLES
from tests.builders import NOON
from tests.store.bench import FILE_TYPE, ROOT, Bench
from tests.store.copies import copies
from tests.store.servers import Server
from tests.store.test_plans import READING

RIGS = 150
SHARED = {"subject"}
"""What all rigs read of all, and that nobody has much of."""


class Counting:
    """A rig among many on PostgreSQL, and what each of its statements reads."""

    def __init__(self, bench: Bench, most: Mapping[str, int]) -> None:
        self.bench = bench
        self.most = most
        """How many rows may be read, by table."""
        self.read: list[str] = []
        """The statements that read more rows of a table than the rig has."""
        self.counted = 0
        self._database: Any = bench.store._door.database
        self._execute = self._database.execute_sql
        self._database.execute_sql = self._noting

    def _noting(self, sql: str, params: Any = None) -> Any:
        if sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            self.counted += 1
            for table, number in self._rows_read(sql, params).items():
                if table not in SHARED and number > self.most.get(table, number):
                    self.read.append(f"{number} rows of {table}, not {self.most[table]}: {sql}")
        return self._execute(sql, params)

    def _rows_read(self, sql: str, params: Any) -> Counter[str]:
        """What running it reads, of each table; it is undone again."""
        connection = self._database.connection()
        with connection.transaction(force_rollback=True), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            (found,) = cursor.fetchone()
        plan = found if isinstance(found, list) else json.loads(found)
        read: Counter[str] = Counter()
        for node in nodes(plan[0]["Plan"]):
            if "Relation Name" in node and node["Node Type"] != "ModifyTable":
                each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
                read[node["Relation Name"]] += round(each * node["Actual Loops"])
        return read


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all that it is made of."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


@pytest.fixture
def among_many(
    server_of: Callable[[str], Server], emptied: Callable[[str], str]
) -> Iterator[Counting]:
    address = emptied("postgresql")
    server = server_of("postgresql")
    with Store.open(address, rig="rig-1", create=True, now=NOON) as store:
        bench = Bench(store)
        bench.ready("a.bin", "b.bin")
        bench.archive()
        bench.ready("a.bin", "b.bin", dataset="SC011/r1")
        bench.ready("a.bin", "b.bin", dataset="SC011/r2")
        store.raise_alarm("root", "gone", "", NOON)
        database = address.rpartition("/")[2]
        connection = server.connect(database)
        tables = [each._meta.table_name for each in TABLES]
        # That some of its own rows are read several times over, or few of others that lie beside them, is no matter.
        most = {
            each: 4 * connection.execute(f"SELECT count(*) FROM {each}").fetchone()[0] + 10
            for each in tables
        }
        for statement in copies(connection, RIGS):
            connection.execute(statement)
        connection.execute("ANALYZE")
        connection.close()
        yield Counting(bench, most)


QUESTIONS = {
    **READING,
    "no new events": lambda store: store.events_after(store.last_event(), limit=20),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_no_question_of_a_turn_reads_what_other_rigs_have(among_many: Counting, what: str) -> None:
    QUESTIONS[what](among_many.bench.store)
    assert among_many.counted
    assert among_many.read == []


def test_a_question_that_reads_what_other_rigs_have_would_be_noticed(among_many: Counting) -> None:
    door = among_many.bench.store._door
    door.rows("SELECT count(*) FROM file f WHERE f.size > 1")
    door.rows("SELECT id FROM event WHERE id > 0 AND move = 'odd'")
    assert len(among_many.read) == 2


def test_no_step_of_the_main_job_reads_what_other_rigs_have(among_many: Counting) -> None:
    bench = among_many.bench
    dataset = bench.dataset("SC011/r1")
    path = bench.write("c.bin", dataset="SC011/r1")
    bench.sight()
    known = bench.store.known_before(dataset)
    bench.store.refresh(
        bench.dataset("SC011/r1"), {path: bench.disk[path]}, str, known.newest, bench.now
    )
    bench.store.move(dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", bench.now)
    batch = bench.plan("SC011/r1", "SC011/r2")
    bench.submit(batch)
    file = bench.files("SC011/r1")["c.bin"]
    bench.store.release_files(batch.id, [file.id], bench.now)
    bench.store.sent_batch(batch.id, bench.now)
    bench.prove(batch)
    bench.end(batch)
    bench.store.finish_look(ROOT, LookSummary({path}, True), bench.now)
    assert bench.files("SC011/r2")["a.bin"].file_type == FILE_TYPE
    assert among_many.read == []
