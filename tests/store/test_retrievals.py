"""What is to be brought back is noted file by file, on every kind of store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archived.core.model import BatchState, Direction
from archived.core.retrieving import BringOutcome, BringState, Copy
from archived.errors import AnotherRetrievalError
from archived.store import Digest, Store
from tests.builders import NOON
from tests.store.bench import G0, LOCATION, Bench
from tests.store.servers import SHARED, Server

HERE = "/data/back"


@pytest.fixture
def files(bench: Bench) -> dict[str, int]:
    """Two archived files, by their names."""
    bench.ready("a.bin", "b.bin")
    bench.archive()
    return {name: each.id for name, each in bench.files().items()}


def begin(store: Store, files: dict[str, int], name: str = "one", to: str = HERE) -> str:
    """A retrieval of all of them."""
    return store.begin_retrieval(
        name,
        LOCATION,
        to,
        dict.fromkeys(files.values()),
        asked_by="ada",
        asked_for=f"words of {name}",
        now=NOON,
    ).id


def test_files_are_wanted_until_they_travel(store: Store, files: dict[str, int]) -> None:
    begin(store, files)
    wanted = store.retrieval_files("one")
    assert [(each.path, each.size, each.state) for each in wanted] == [
        (f"{G0}/a.bin", 10, BringState.WANTED),
        (f"{G0}/b.bin", 10, BringState.WANTED),
    ]
    assert [str(each.algorithm) for each in wanted[0].checksums] == ["MD5"]
    assert store.retrieval_totals("one")[BringState.WANTED] == (2, 20)

    batch = store.plan_retrieval("batch", "one", list(files.values()), NOON, NOON)

    assert batch is not None
    assert (batch.direction, batch.files, batch.bytes) == (Direction.RETRIEVE, 2, 20)
    assert batch.retrieval == "one"
    assert [each.path for each in store.files_on_the_way("batch")] == [f"{G0}/a.bin", f"{G0}/b.bin"]
    assert store.live_retrievals() == [batch]


def test_no_file_travels_to_the_same_place_twice(store: Store, files: dict[str, int]) -> None:
    begin(store, files)
    begin(store, files, "two")
    begin(store, files, "elsewhere", to="/other")
    ids = list(files.values())
    assert store.plan_retrieval("batch", "one", ids[:1], NOON, NOON)

    assert store.plan_retrieval("again", "one", ids[:1], NOON, NOON) is None
    second = store.plan_retrieval("second", "two", ids, NOON, NOON)
    third = store.plan_retrieval("third", "elsewhere", ids, NOON, NOON)

    assert second is not None
    assert third is not None
    assert (second.files, third.files) == (1, 2)


def test_outcomes_are_noted_and_what_must_not_travel_leaves_its_batch(
    store: Store, files: dict[str, int]
) -> None:
    begin(store, files)
    store.plan_retrieval("batch", "one", list(files.values()), NOON, NOON)

    store.note_brought(
        "one",
        [BringOutcome(file_id=files["a.bin"], state=BringState.DIFFERS, reason="other", size=10)],
        batch_id="batch",
    )
    due = NOON + timedelta(hours=1)
    again = BringOutcome(
        file_id=files["b.bin"],
        state=BringState.WANTED,
        reason="broke off",
        copy=Copy(4, 2**63 + 5),
        due=due,
        counts=True,
    )
    store.note_brought("one", [again])

    batch = store.batch("batch")
    assert batch is not None
    assert (batch.files, batch.bytes) == (1, 10)
    differing, wanted = store.retrieval_files("one")
    assert (differing.state, differing.reason) == (BringState.DIFFERS, "other")
    assert (wanted.attempts, wanted.due, wanted.leftover) == (1, due, Copy(4, 2**63 - 1))
    assert store.files_on_the_way("batch") == []
    assert store.copies(LOCATION, HERE, files.values()) == {
        files["a.bin"]: (BringState.DIFFERS, None),
        files["b.bin"]: (BringState.WANTED, Copy(4, 2**63 - 1)),
    }


def test_the_same_words_go_on_with_what_was_begun(store: Store, files: dict[str, int]) -> None:
    begin(store, files)
    store.plan_retrieval("batch", "one", [files["a.bin"]], NOON, NOON)
    failed = BringOutcome(file_id=files["b.bin"], state=BringState.FAILED, reason="gone")
    store.note_brought("one", [failed])

    same = store.begin_retrieval(
        "new",
        LOCATION,
        HERE,
        dict.fromkeys(files.values(), Copy(1, 2)),
        asked_by="bob",
        asked_for="words of one",
        now=NOON,
    )

    assert (same.id, same.asked_by) == ("one", "ada")
    travelling, wanted = store.retrieval_files("one")
    assert (travelling.state, travelling.leftover) == (BringState.TRAVELLING, None)
    assert (wanted.state, wanted.reason, wanted.leftover) == (BringState.WANTED, "", Copy(1, 2))


def test_what_has_ended_is_not_gone_on_with(store: Store, files: dict[str, int]) -> None:
    begin(store, files)
    store.end_retrieval("one", NOON)

    assert store.retrievals() == []
    ended = store.retrieval("one")
    assert ended is not None
    assert ended.ended_at == NOON
    assert store.plan_retrieval("batch", "one", list(files.values()), NOON, NOON) is None
    assert store.retrieval("nobody's") is None


def test_digests_count_while_they_are_of_what_was_archived(
    store: Store, bench: Bench, files: dict[str, int]
) -> None:
    file = bench.files()["a.bin"]
    assert file.archived_mtime_ns is not None
    store.note_digests({file.id: Digest(10, file.archived_mtime_ns, "ab" * 32)})
    assert {each.algorithm for each in store.known_checksums([file.id])[file.id]} == {
        "MD5",
        "SHA256",
    }
    store.note_digests({file.id: Digest(10, file.archived_mtime_ns + 1, "ab" * 32)})
    assert [each.algorithm for each in store.known_checksums([file.id])[file.id]] == ["MD5"]


def test_what_is_retrieved_stays_archived(
    store: Store, bench: Bench, files: dict[str, int]
) -> None:
    before = (bench.dataset(), store.files(bench.dataset().id), store.archived_totals())
    begin(store, files)
    store.plan_retrieval("batch", "one", list(files.values()), NOON, NOON)
    store.reserve_batch("batch", "submission", NOON, deadline=NOON + timedelta(days=1))
    store.start_batch("batch", "task", NOON)
    assert store.sent_batch("batch", NOON) == []
    with store.together():
        store.note_brought(
            "one", [BringOutcome(file_id=each, state=BringState.ARRIVED) for each in files.values()]
        )
        assert store.end_batch("batch", BatchState.PROVED, NOON, reason="") == []

    after = (bench.dataset(), store.files(bench.dataset().id), store.archived_totals())
    assert after == before
    assert store.live_retrievals() == []


def test_a_batch_to_the_archive_is_not_begun_like_this(store: Store) -> None:
    with pytest.raises(ValueError, match="plan_batch"):
        store.begin_batch(
            "batch", LOCATION, Direction.ARCHIVE, files=1, size=1, now=NOON, deadline=NOON
        )


def test_one_process_retrieves_at_a_time(store: Store, address: str) -> None:
    with Store.open(address, rig="rig-1", now=NOON) as other:
        with (
            other.claim_retrieval(4711, "bob", NOON),
            pytest.raises(AnotherRetrievalError, match=r"bob \(pid 4711"),
            store.claim_retrieval(1, "ada", NOON),
        ):
            pass
        with store.claim_retrieval(1, "ada", NOON), store.claim_daemon(1, NOON):
            assert store.daemon().running


def test_a_claim_outlives_a_connection_that_was_cut(server: Server, server_address: str) -> None:
    with (
        Store.open(server_address, rig="rig-1", create=True) as store,
        Store.open(server_address, rig="rig-1") as other,
        store.claim_retrieval(1, "ada", NOON),
    ):
        server.cut(SHARED)
        store.put_setting("said", "something")
        with (
            pytest.raises(AnotherRetrievalError, match="ada"),
            other.claim_retrieval(2, "bob", NOON),
        ):
            pass


def test_whoever_lost_the_claim_writes_nothing_more(server: Server, server_address: str) -> None:
    with (
        Store.open(server_address, rig="rig-1", create=True) as store,
        Store.open(server_address, rig="rig-1") as other,
        store.claim_retrieval(1, "ada", NOON),
    ):
        server.cut(SHARED)
        with other.claim_retrieval(2, "bob", NOON):
            for _ in range(2):
                with pytest.raises(AnotherRetrievalError, match=r"bob \(pid 2"):
                    store.put_setting("said", "something")
            assert other.get_setting("said") is None
